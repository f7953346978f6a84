/**
 * Float programs against the ONNX project's published cases: reading, passes, compilation and both executors at once.
 *
 * In scope: every case of float32 outputs of at least one element that still depend on a float32 input once the graph is
 * prepared without an unsupported node. Inputs of other types are made constants; where a graph is refused, so are all
 * inputs but the first, because the cases feed weights, slopes and limits as inputs.
 */
import { expect } from 'vitest';
import { compileProgram } from '#src/compile/compile.js';
import { ModelError } from '#src/errors.js';
import { differenceText, lockstep } from '#src/execute/lockstep.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { runPorts } from '#src/execute/ports.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import type { Graph } from '#src/graph/graph.js';
import { readModel } from '#src/onnx/read.js';
import { prepareGraph } from '#src/passes/index.js';
import { verifyProgram } from '#src/program/verify.js';
import { type Case, listCases, readCase } from '../operators/vectors.js';
import { shared, sharedTest } from '../shared.js';
import { supportedOperators } from './examples.js';

/** Largest difference, relative to the expected element and, for those near 0, to the largest one of the output. */
const tolerance = { relative: 1e-5, nearZero: 1e-6 };

/** Published with four decimals. */
const rounded = ['node/test_averagepool_2d_ceil_last_window_starts_on_pad'];
const roundedTolerance = { relative: 4e-4, nearZero: 0 };

/** Operators that no case in scope has; test/compile/float-operators.test.ts has them. */
const withoutCase = ['ReduceMean'];

/** The graph with every input but those named as a constant. */
function freeze(graph: Graph, { inputs }: Case, keep: (name: string, index: number) => boolean): Graph {
  const kept = graph.inputs.filter(({ name }, index) => keep(name, index));
  const frozen = graph.inputs.filter((input) => !kept.includes(input) && inputs.has(input.name));
  const constants = [...graph.constants, ...frozen.map(({ name }) => [name, inputs.get(name)!] as const)];
  return { ...graph, inputs: kept, constants: new Map(constants) };
}

/** The prepared graph, or why the case is out of scope. */
function prepare(name: string, example: Case | undefined): Graph | string {
  if (example === undefined) return 'inputs or outputs that are not tensors';
  const outputs = [...example.outputs.values()];
  if (outputs.some(({ type, data }) => type !== 'float32' || data.length === 0))
    return 'outputs that are empty or not float32';
  const isFloat = (input: string) => example.inputs.get(input)?.type === 'float32';
  let read: Graph;
  try {
    read = readModel(shared(`vectors/onnx/${name}/model.onnx`)).graph;
  } catch (error) {
    if (error instanceof ModelError) return 'a model that is not read';
    throw error;
  }
  const attempts = [isFloat, (input: string, index: number) => index === 0 && isFloat(input)];
  for (const keep of attempts) {
    try {
      const { graph } = prepareGraph(freeze(read, example, keep));
      return graph.nodes.length > 0 ? graph : 'nothing to compute';
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
    }
  }
  const supported = supportedOperators();
  const isKnown = read.nodes.every(({ operator }) => supported.includes(operator));
  return isKnown ? 'a form that is not supported' : 'an operator that is not supported';
}

/** In units of the tolerance. */
function largestError(
  actual: Float32Array,
  expected: Float32Array,
  { relative, nearZero } = tolerance,
): number {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return expected.reduce((most, value, i) => {
    if (Object.is(actual[i], value) || actual[i] === value) return most;
    return Math.max(most, Math.abs(actual[i] - value) / (relative * Math.abs(value) + nearZero * largest));
  }, 0);
}

function check(graph: Graph, { name: example, inputs, outputs }: Case): void {
  const program = compileProgram(graph, null);
  verifyProgram(program);
  const feeds = program.inputs.map(({ name }) => inputs.get(name)!.data as Float32Array);
  const wasm = createWasmExecutor(program);
  const difference = lockstep(createOracle(program), wasm, feeds);
  expect(difference && differenceText(difference)).toBeUndefined();
  for (const { name, shape, values } of runPorts(wasm, feeds).outputs) {
    const expected = outputs.get(name)!;
    expect(shape).toEqual(expected.shape);
    const allowed = rounded.includes(example) ? roundedTolerance : tolerance;
    const error = largestError(values, expected.data as Float32Array, allowed);
    expect(error, 'error in units of the tolerance').toBeLessThan(1);
  }
}

sharedTest('the published cases: both executors agree in every bit and with what is expected', () => {
  const others: Record<string, number> = {};
  const covered = new Set<string>();
  const failures: string[] = [];
  let passed = 0;
  const kinds = ['node', 'simple', 'pytorch-operator', 'pytorch-converted'];
  for (const name of kinds.flatMap(listCases)) {
    const example = readCase(name);
    const graph = prepare(name, example);
    if (typeof graph === 'string') {
      others[graph] = (others[graph] ?? 0) + 1;
      continue;
    }
    try {
      check(graph, example!);
      passed++;
      for (const { operator } of example!.nodes) covered.add(operator);
    } catch (error) {
      failures.push(`${name}: ${(error as Error).message}`);
    }
  }
  console.log(
    `published cases: ${passed} passed, ${failures.length} failed, others ${JSON.stringify(others)}`,
  );
  expect(failures).toEqual([]);
  expect(supportedOperators().filter((operator) => !covered.has(operator))).toEqual(withoutCase);
});
