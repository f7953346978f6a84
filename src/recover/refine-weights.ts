/**
 * Rounds weights and corrects biases, one product after the other, on calibration samples: each product reads what the
 * fixed-point network before it, already refined, computes, and is made to give what the float network gives.
 */
import { compileProgram } from '../compile/compile.js';
import { quantizeBias } from '../compile/lower-convolution.js';
import type { ModelFormats } from '../compile/model-formats.js';
import type { Engine } from '../execute/wasm/engine.js';
import { allocateCodes, type Codes, codeRange, stepSize } from '../formats/format.js';
import type { Graph, Node } from '../graph/graph.js';
import type { Tensor } from '../graph/tensor.js';
import type { DatasetSpec } from '../inputs/dataset.js';
import type { RunOptions } from '../platform/pool.js';
import type { Program } from '../program/program.js';
import { advance, startTracks } from './advance.js';
import { missingBias } from './correct-bias.js';
import {
  channelsFirst,
  channelsLast,
  findProduct,
  isIntegerProduct,
  realWeights,
  replaceConstants,
} from './product-constants.js';
import { biasOf, isProduct, usesOfConstants, weightsOf } from './products.js';
import { type ProductData, type RefineSteps, roundProduct } from './refine-product.js';

export interface RefineOptions extends RunOptions, RefineSteps {
  /** Samples of the data set to refine on. */
  readonly indices: readonly number[];
}

/**
 * The graph with other weights and biases, whose codes under `formats` are the refined ones. Products that stay float32, share
 * constants or read channels with scales of their own stay as they are. Deterministic for any number of threads. Throws an
 * AbortedError when `signal` is aborted, and the first worker's error.
 */
export async function refineWeights(
  engine: Engine,
  graph: Graph,
  formats: ModelFormats,
  spec: DatasetSpec,
  options: RefineOptions,
): Promise<Graph> {
  const [fixed, float] = startTracks(
    [compileProgram(graph, formats), compileProgram(graph, null)],
    spec,
    options.indices,
  );
  const constants = new Map(graph.constants);
  const replace = (name: string, data: Float32Array) => {
    const tensor: Tensor = { ...constants.get(name)!, data };
    constants.set(name, tensor);
  };
  const uses = usesOfConstants(graph);
  const products = graph.nodes.filter((node) => isProduct(graph, node, uses));
  for (const [index, node] of products.entries()) {
    options.onProgress?.(index, products.length);
    const end = findProduct(fixed.program, node);
    const instruction = fixed.program.instructions[end];
    if (!isIntegerProduct(fixed.program, instruction)) continue;
    const [disturbed, clean] = await advance(
      engine,
      [fixed, float],
      [end, findProduct(float.program, node)],
      options.signal,
    );
    const weights = weightsOf(graph, node);
    const stored = fixed.program.tensors[instruction.inputs[1]];
    const format = stored.format!;
    const product: ProductData = { ...weights, weights: channelsLast(weights), format, disturbed, clean };
    let codes = stored.data as Codes;
    if (options.round) {
      codes = allocateCodes(format, codes.length);
      codes.set((await roundProduct(engine, product, options, options.signal)) as never);
    }
    const refined = realWeights(codes, format, weights.outputs);
    replace(weights.name, channelsFirst(refined, weights));
    const bias = biasOf(graph, node);
    let biasCodes: Codes | undefined;
    if (bias !== undefined && options.correct) {
      const missing = await missingBias(engine, product, refined, bias, node.clamp ?? null);
      const corrected = bias.map((value, output) => value + missing[output]);
      const limited = limitBias(corrected, fixed.program, instruction.inputs[2]);
      replace(node.inputs[2], limited);
      biasCodes = quantizeCorrected(limited, fixed.program, instruction.inputs[2], formats, node);
    }
    fixed.program = replaceConstants(fixed.program, instruction, codes, biasCodes);
  }
  options.onProgress?.(products.length, products.length);
  return { ...graph, constants };
}

/** Keeps a bias in the range of its register. */
export function limitBias(values: Float32Array, { tensors }: Program, bias: number): Float32Array {
  const format = tensors[bias].format!;
  // What float32 makes of the limit must not exceed it.
  const most = codeRange(format).high * (1 - 2 ** -20);
  return values.map((value, output) => {
    const limit = most * stepSize(format, output);
    return Math.min(Math.max(value, -limit), limit);
  });
}

function quantizeCorrected(
  values: Float32Array,
  { tensors }: Program,
  bias: number,
  formats: ModelFormats,
  node: Node,
): Codes {
  return quantizeBias(values, tensors[bias].format!, formats.nodes[node.name], node);
}
