/** The constants of an integer product between the order of the program and that of the graph. */
import { accumulatorRange, bitsFor } from '../compile/ranges.js';
import { at, type Codes, codeRange, type Format, stepSize } from '../formats/format.js';
import type { Node } from '../graph/graph.js';
import type { Instruction } from '../program/instructions.js';
import type { Program } from '../program/program.js';
import type { ProductWeights } from './products.js';

export type Product = Instruction<'convolution'> | Instruction<'gemm'>;

/** The index of the instruction that computes a node's products; -1 where there is none. */
export function findProduct({ instructions }: Program, { name }: Node): number {
  return instructions.findIndex(({ node, op }) => node === name && (op === 'convolution' || op === 'gemm'));
}

/** True for a product of integers whose input has one scale. */
export function isIntegerProduct(
  { tensors }: Program,
  instruction: Instruction | undefined,
): instruction is Product {
  if (instruction?.op !== 'convolution' && instruction?.op !== 'gemm') return false;
  return instruction.arithmetic !== null && tensors[instruction.inputs[0]].format?.axis === null;
}

/** Elements [O, C, inner] as [O, inner, C]. */
export function channelsLast({ data, outputs, depth, inner }: ProductWeights): Float32Array {
  const result = new Float32Array(data.length);
  for (let output = 0, from = 0; output < outputs; output++) {
    for (let channel = 0; channel < depth; channel++) {
      for (let position = 0; position < inner; position++) {
        result[(output * inner + position) * depth + channel] = data[from++];
      }
    }
  }
  return result;
}

/** Elements [O, inner, C] as [O, C, inner]. */
export function channelsFirst(data: Float32Array, { outputs, depth, inner }: ProductWeights): Float32Array {
  return channelsLast({ data, outputs, depth: inner, inner: depth, groups: 1, name: '' });
}

/** Real values of weights whose codes run along axis 0. */
export function realWeights(codes: Codes, format: Format, outputs: number): Float32Array {
  const length = codes.length / outputs;
  const values = new Float32Array(codes.length);
  for (let output = 0, index = 0; output < outputs; output++) {
    const zero = at(format.zeroPoint, output);
    const step = stepSize(format, output);
    for (let end = index + length; index < end; index++) values[index] = (Number(codes[index]) - zero) * step;
  }
  return values;
}

/** The program with other constants of one product, and what its accumulator is then proved to need. */
export function replaceConstants(
  program: Program,
  product: Product,
  codes: Codes,
  bias: Codes | undefined,
): Program {
  const tensors = program.tensors.slice();
  const [input, weights, biasTensor] = product.inputs;
  tensors[weights] = { ...tensors[weights], data: codes };
  if (bias !== undefined) tensors[biasTensor] = { ...tensors[biasTensor], data: bias };
  const format = tensors[weights].format!;
  const [outputs] = tensors[weights].shape;
  const length = codes.length / outputs;
  const centred = new Float64Array(codes.length);
  for (let index = 0; index < centred.length; index++) {
    centred[index] = Number(codes[index]) - at(format.zeroPoint, Math.floor(index / length));
  }
  const { low, high } = codeRange(tensors[input].format!);
  const zero = at(tensors[input].format!.zeroPoint, 0);
  const range = accumulatorRange(centred, outputs, tensors[biasTensor]?.data as Codes | undefined, {
    low: low - zero,
    high: high - zero,
  });
  const accumulator = { ...product.arithmetic!.accumulator, provedBits: bitsFor(range) };
  const changed: Product = { ...product, arithmetic: { ...product.arithmetic!, accumulator } };
  const instructions = program.instructions.map((entry) => (entry.name === product.name ? changed : entry));
  return { ...program, tensors, instructions };
}
