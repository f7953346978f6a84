/** One ONNX model with its data on both executors. */
import { compileProgram } from '#src/compile/compile.js';
import { ModelError } from '#src/errors.js';
import type { Elements } from '#src/execute/executor.js';
import { differenceText, lockstep } from '#src/execute/lockstep.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { bindInputs, runPorts } from '#src/execute/ports.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import type { Graph } from '#src/graph/graph.js';
import { nodesBehind } from '#src/graph/order.js';
import type { Tensor } from '#src/graph/tensor.js';
import { type PreparedModel, prepareModel } from '#src/lift/prepare.js';
import { readModel } from '#src/onnx/read.js';
import type { Program } from '#src/program/program.js';
import { elementCount } from '#src/shape.js';
import type { Case } from '../operators/vectors.js';
import { largestError, networkTolerance, publishedTolerance, type Tolerance } from './compare.js';
import type { Outcome } from './kind.js';
import { judge } from './scope.js';

export interface OnnxOptions {
  readonly tolerance?: Tolerance;
  /** Also runs the oracle and demands its bytes; default true. */
  readonly oracle?: boolean;
}

interface Compiled {
  readonly graph: Graph;
  /** Undefined where nothing is left to compute. */
  readonly program: Program | undefined;
}

interface Result {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number | bigint>;
}

/** For whole networks, which the oracle takes too long for. */
export const network: OnnxOptions = { tolerance: networkTolerance, oracle: false };

/** The operators of a case, as the scope spells them. */
export function operatorsOf({ nodes }: Case): string[] {
  const names = nodes.map(({ domain, operator }) =>
    ['', 'ai.onnx'].includes(domain) ? operator : `${domain}::${operator}`,
  );
  return [...new Set(names)].sort();
}

/** Runs a case, unless the scope says otherwise. Throws where the model or its data cannot be read. */
export function runOnnxCase(modelPath: string, example: Case, options: OnnxOptions = {}): Outcome {
  const types = [...example.inputs.values(), ...example.outputs.values()].map(({ type }) => type);
  const verdict = judge(operatorsOf(example), types);
  if (verdict !== undefined) return verdict;
  const prepared = prepare(modelPath, example);
  if ('reason' in prepared) return { status: 'refused', reason: prepared.reason };
  return compare(prepared, example, options);
}

/**
 * The graph with as many of its inputs left open as dynafix can compute: all; the first; those of float32; then the first
 * few of them. The others become constants, because the cases feed weights, slopes, shapes and limits as inputs.
 */
function prepare(modelPath: string, example: Case): Compiled | { reason: string } {
  const graph = readGraph(modelPath);
  if ('reason' in graph) return graph;
  const given = graph.inputs.map(({ name }) => name).filter((name) => example.inputs.has(name));
  const floats = given.filter((name) => example.inputs.get(name)!.type === 'float32');
  const attempts = [
    given,
    given.slice(0, 1),
    floats,
    ...floats.map((_, i) => floats.slice(0, floats.length - 1 - i)),
  ];
  let reason = '';
  for (const open of attempts) {
    try {
      return compile(prepareModel(bindConstants(graph, example.inputs, open)));
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      if (open !== given || reason === '') reason = reasonOf(error);
    }
  }
  return { reason };
}

/** Reads a model that another reader has read: what dynafix says against it is a refusal. */
function readGraph(modelPath: string): Graph | { reason: string } {
  try {
    return readModel(modelPath).graph;
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return { reason: error.message.replace(`${modelPath}: `, 'the model ') };
  }
}

/** `Operator: reason` of everything that stands in the way. */
function reasonOf({ issues, message }: ModelError): string {
  const all = issues.length > 0 ? issues : [message];
  const reasons = all.map((issue) => issue.replace(/^node ".*?" \((.*?)\)/, '$1'));
  return [...new Set(reasons)].join('; ');
}

/** Outputs that are constant or empty need no program. */
function compile({ graph, formats }: PreparedModel): Compiled {
  const isComputed = (name: string) =>
    !graph.constants.has(name) && elementCount(graph.types.get(name)!.shape) > 0;
  const outputs = graph.outputs.filter(isComputed);
  const nodes = nodesBehind(graph.nodes, outputs);
  const left = new Set([...graph.inputs.map(({ name }) => name), ...nodes.flatMap((node) => node.outputs)]);
  const tensors = Object.entries(formats?.tensors ?? {}).filter(([name]) => left.has(name));
  const own = formats && { ...formats, tensors: Object.fromEntries(tensors) };
  const program = outputs.length > 0 ? compileProgram({ ...graph, nodes, outputs }, own) : undefined;
  return { graph, program };
}

/** The graph with the inputs that are not `open` as constants. */
function bindConstants(graph: Graph, values: ReadonlyMap<string, Tensor>, open: readonly string[]): Graph {
  const bound = graph.inputs.filter(({ name }) => !open.includes(name) && values.has(name));
  const constants = [...graph.constants, ...bound.map(({ name }) => [name, values.get(name)!] as const)];
  return {
    ...graph,
    inputs: graph.inputs.filter((input) => !bound.includes(input)),
    constants: new Map(constants),
  };
}

function compare(
  { graph, program }: Compiled,
  { inputs, outputs }: Case,
  { tolerance = publishedTolerance, oracle = true }: OnnxOptions,
): Outcome {
  const results = new Map<string, Result>();
  if (program !== undefined) {
    const feeds = bindInputs(program, feedsOf(program, inputs));
    const wasm = createWasmExecutor(program);
    const difference = oracle && lockstep(createOracle(program), wasm, feeds);
    if (difference) return { status: 'mismatch', reason: differenceText(difference) };
    for (const { name, shape, values, codes } of runPorts(wasm, feeds).outputs) {
      const isFloat = outputs.get(name)?.type === 'float32';
      results.set(name, { shape, values: isFloat ? values : (codes ?? values) });
    }
  }
  let largest = 0;
  for (const [name, expected] of outputs) {
    const error = largestError(results.get(name) ?? constantResult(graph, name), expected, tolerance);
    if (!(error <= 1)) {
      const text = Number.isFinite(error) ? `${error.toPrecision(3)} times the tolerance` : 'other values';
      return { status: 'mismatch', reason: `output "${name}": ${text}` };
    }
    largest = Math.max(largest, error);
  }
  return { status: 'passed', error: largest };
}

/** Elements of the open inputs by name. */
function feedsOf(program: Program, inputs: ReadonlyMap<string, Tensor>): Record<string, Elements> {
  return Object.fromEntries(program.inputs.map(({ name }) => [name, inputs.get(name)!.data as Elements]));
}

/** An output that the passes have computed, or one without elements. */
function constantResult({ constants, types }: Graph, name: string): Result {
  const { shape } = types.get(name)!;
  return { shape, values: (constants.get(name)?.data ?? []) as Result['values'] };
}
