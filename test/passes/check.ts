/** Runs passes on a graph and has onnxruntime compute both graphs: they must agree. */
import { expect } from 'vitest';
import type { Graph } from '#src/graph/graph.js';
import type { Rule } from '#src/graph/rewrite.js';
import { runPasses } from '#src/passes/index.js';
import { type Pass, rulePass } from '#src/passes/pass.js';
import { elementCount } from '#src/shape.js';
import { noise } from '../graph/build.js';
import { runWithOnnxruntime } from '../graph/onnxruntime.js';

export interface Check {
  /** Largest difference allowed, relative to the largest output; default 1e-6 (some float32 roundings). 0: equal. */
  readonly tolerance?: number;
  /** Values of inputs; others are noise in [-1, 1). */
  readonly inputs?: Record<string, Float32Array>;
}

/** The graph after the rules, one pass each, verified and with outputs as before. */
export async function applyRules(before: Graph, rules: readonly Rule[], options: Check = {}): Promise<Graph> {
  const list: Pass[] = rules.map((rule, index) => rulePass(`rule ${index}`, rule));
  const { graph } = runPasses(before, list, { verifyEach: true });
  await expectSameOutputs(before, graph, options);
  return graph;
}

/** Compares two graphs with the same inputs and outputs. */
export async function expectSameOutputs(
  before: Graph,
  after: Graph,
  { tolerance = 1e-6, inputs = {} }: Check = {},
) {
  const feeds = Object.fromEntries(
    before.inputs.map(({ name, shape }, index) => [
      name,
      inputs[name] ?? noise(elementCount(shape), index + 7),
    ]),
  );
  const expected = await runWithOnnxruntime(before, feeds);
  const actual = await runWithOnnxruntime(after, feeds);
  for (const [name, { shape, data }] of Object.entries(expected)) {
    expect(actual[name].shape, name).toEqual(shape);
    const difference = (value: number, i: number) =>
      value === actual[name].data[i] ? 0 : Math.abs(value - actual[name].data[i]);
    const largest = data.reduce(
      (most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most),
      0,
    );
    const error = data.reduce((most, value, i) => Math.max(most, difference(value, i)), 0);
    expect(error, `error of ${name}`).toBeLessThanOrEqual(tolerance * largest);
  }
}

/** Nodes as `y = Conv(x,w,b) [0,6]`, without attributes. */
export function summary(graph: Graph): string[] {
  return graph.nodes.map(({ operator, inputs, outputs, clamp }) => {
    const text = `${outputs} = ${operator}(${inputs})`;
    return clamp === undefined ? text : `${text} [${clamp.low},${clamp.high}]`;
  });
}
