/** What a model needs: operators, shapes, multiply-accumulates, memory, and what stands in the way of compiling it. */
import { compileProgram } from '../compile/compile.js';
import type { ModelFormats } from '../compile/model-formats.js';
import { placeError } from '../errors.js';
import { arenaBytes, plainMemoryUse } from '../execute/wasm/prepare.js';
import { loadKernels } from '../execute/wasm/select-variant.js';
import { formatText } from '../formats/format.js';
import type { Graph } from '../graph/graph.js';
import { type PreparedModel, prepareAnyModel } from '../lift/prepare.js';
import { operators } from '../operators/index.js';
import type { Unsupported } from '../passes/infer-shapes.js';
import { readProgram } from '../program/file.js';
import { type FloatIsland, listFloatIslands } from '../program/float-islands.js';
import { constantBytes } from '../program/program.js';
import { elementCount } from '../shape.js';
import { countMacs } from './count-macs.js';
import { readGraph } from './read-graph.js';

export interface Inspection {
  /** Counts in the model as it is written, before any pass. */
  readonly operators: Readonly<Record<string, number>>;
  /** 0, as is all memory, where something is not supported. */
  readonly macs: number;
  readonly parameters: number;
  /** Of the program, which is float32 unless the model comes quantised: constants, and the arena that activations share. */
  readonly memory: {
    readonly weightBytes: number;
    readonly activationBytes: number;
    /** Of a program file: constants as the kernels that serve here take them, once for all workers, and what each worker adds. */
    readonly packedBytes?: number;
    readonly arenaBytes?: number;
  };
  readonly inputs: readonly { name: string; type: string; shape: readonly number[] }[];
  readonly outputs: readonly { name: string; type: string; shape: readonly number[] }[];
  /** Of a quantised model the nodes that it computes in float32, of a float one those that have no form on codes. */
  readonly floatIslands: readonly FloatIsland[];
  readonly unsupported: readonly Unsupported[];
}

/** Throws a ModelError naming the file where it is not a well-formed model; what is not supported is listed instead. */
export function inspectModel(
  path: string,
  shapes: Readonly<Record<string, readonly number[]>> = {},
): Inspection {
  const { graph, formats: stated, operators: counts } = readGraph(path, shapes);
  const { graph: prepared, formats, unsupported } = prepare(path, graph, stated);
  const program = unsupported.length === 0 ? compileProgram(prepared, formats) : undefined;
  const constants = [...prepared.constants.values()];
  return {
    operators: counts,
    macs: program === undefined ? 0 : countMacs(program),
    parameters: constants
      .filter(({ type }) => type.startsWith('float'))
      .reduce((sum, { shape }) => sum + elementCount(shape), 0),
    memory: {
      weightBytes: program === undefined ? 0 : constantBytes(program),
      activationBytes: program === undefined ? 0 : arenaBytes(program),
    },
    inputs: prepared.inputs.map(({ name, type, shape }) => ({ name, type, shape })),
    outputs: prepared.outputs.map((name) => ({
      name,
      ...(prepared.types.get(name) ?? { type: 'unknown', shape: [] }),
    })),
    floatIslands:
      program === undefined || formats === null ? listFloatNodes(prepared) : listFloatIslands(program),
    unsupported,
  };
}

/** The same of a program, whose operators are instructions. Throws what `readProgram` throws. */
export function inspectProgram(path: string): Inspection {
  const program = readProgram(path);
  const counts: Record<string, number> = {};
  for (const { op } of program.instructions) counts[op] = (counts[op] ?? 0) + 1;
  const { constantBytes: packedBytes, arenaBytes: perWorker } = plainMemoryUse(
    program,
    loadKernels().variant,
  );
  const port = (name: string, tensor: number) => {
    const { format, shape } = program.tensors[tensor];
    return { name, type: format === null ? 'float32' : formatText(format), shape };
  };
  return {
    operators: counts,
    macs: countMacs(program),
    parameters: program.tensors.reduce((sum, { data }) => sum + (data?.length ?? 0), 0),
    memory: {
      weightBytes: constantBytes(program),
      activationBytes: arenaBytes(program),
      packedBytes,
      arenaBytes: perWorker,
    },
    inputs: program.inputs.map(({ name, tensor }) => port(name, tensor)),
    outputs: program.outputs.map(({ name, tensor }) => port(name, tensor)),
    floatIslands: listFloatIslands(program),
    unsupported: [],
  };
}

/** Nodes whose operators are float32 whatever the formats say. */
function listFloatNodes({ nodes }: Graph): FloatIsland[] {
  return nodes
    .filter(({ operator }) => operators.get(operator)?.float === true)
    .map(({ name, operator }) => ({ node: name, operator }));
}

function prepare(path: string, graph: Graph, formats: ModelFormats | null): PreparedModel {
  try {
    return prepareAnyModel(graph, formats);
  } catch (error) {
    throw placeError(error, path);
  }
}
