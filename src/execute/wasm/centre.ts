/**
 * Products of codes less their zero points. Weights are packed without theirs; that of the input goes into the bias and into what
 * padding reads, so that kernels multiply codes as they are.
 */
import { at, type CodeRange } from '../../formats/format.js';
import type { Instruction } from '../../program/instructions.js';
import type { ProgramTensor } from '../../program/program.js';
import { type Context, unsupported } from './context.js';

export type Product = Instruction<'convolution' | 'gemm'>;

export interface CentredProduct {
  /** Weights less their zero points, stored (output, row, column, channel), and the width that holds them. */
  readonly weights: ArrayLike<number>;
  readonly bits: 8 | 16 | 32;
  readonly outputs: number;
  /** As the program gives it; undefined: zeros. */
  readonly bias: ArrayLike<number | bigint> | undefined;
  /** What sums of codes start with: the bias less the zero point of x times the sum of an output's weights. */
  readonly start: ArrayLike<number | bigint> | undefined;
  /** Zero point of x. */
  readonly zero: number;
}

/** Zero point of a tensor that has one scale; 0 for float32. */
export function zeroPointOf({ format }: ProgramTensor): number {
  return format === null ? 0 : at(format.zeroPoint, 0);
}

/** True where no channel has a zero point. */
export function isCentred({ format }: ProgramTensor): boolean {
  return format === null || [format.zeroPoint].flat().every((zeroPoint) => zeroPoint === 0);
}

export function centreProduct(context: Context, instruction: Product): CentredProduct {
  const [x, weights, bias] = instruction.inputs.map((index) => context.tensor(index));
  if (weights.data === undefined || (bias !== undefined && bias.data === undefined))
    unsupported(instruction, 'weights or bias', 'constants', 'computed values');
  const zero = zeroPointOf(x);
  const [outputs] = weights.shape;
  const given = bias?.data as ArrayLike<number | bigint> | undefined;
  const { codes, bits } = centreWeights(weights);
  const start = zero === 0 ? given : foldZeroPoint(codes, outputs, given, zero);
  return { weights: codes, bits, outputs, bias: given, start, zero };
}

function centreWeights(tensor: ProgramTensor): { codes: ArrayLike<number>; bits: 8 | 16 | 32 } {
  const { format, shape } = tensor;
  const data = tensor.data as ArrayLike<number>;
  if (format === null || isCentred(tensor)) {
    const short = format !== null && (format.bits < 8 || (format.bits === 8 && format.signed));
    return { codes: data, bits: short ? 8 : 16 };
  }
  const perOutput = data.length / shape[0];
  const codes = Int32Array.from(data, (code, index) => {
    return code - at(format.zeroPoint, Math.floor(index / perOutput));
  });
  const largest = codes.reduce((most, code) => Math.max(most, code < 0 ? -code - 1 : code), 0);
  return { codes, bits: largest < 128 ? 8 : largest < 32768 ? 16 : 32 };
}

/** What the codes can be that a product reads, padding included. */
export function rangeRead(context: Context, { inputs }: Product, { zero }: CentredProduct): CodeRange {
  const { low, high } = context.range(inputs[0]);
  return { low: Math.min(low, zero), high: Math.max(high, zero) };
}

/**
 * Bits that hold every sum of a product: those that are proved of the accumulator, or one less where codes without a sign
 * bring it to 32.
 */
export function sumBits(context: Context, instruction: Product, product: CentredProduct): number {
  const { provedBits } = instruction.arithmetic!.accumulator;
  const { low, high } = rangeRead(context, instruction, product);
  if (provedBits !== 33 || low < 0) return provedBits;
  const { weights, outputs, start } = product;
  const length = weights.length / outputs;
  for (let output = 0; output < outputs; output++) {
    let positive = 0;
    let negative = 0;
    for (let i = output * length; i < (output + 1) * length; i++) {
      if (weights[i] > 0) positive += weights[i];
      else negative += weights[i];
    }
    const bias = Number(start?.[output] ?? 0);
    if (bias + high * positive >= 2 ** 31 || bias + high * negative < -(2 ** 31)) return provedBits;
  }
  return 32;
}

function foldZeroPoint(
  weights: ArrayLike<number>,
  outputs: number,
  bias: ArrayLike<number | bigint> | undefined,
  zero: number,
): BigInt64Array {
  const perOutput = weights.length / outputs;
  return BigInt64Array.from({ length: outputs }, (_, output) => {
    let sum = 0;
    for (let i = output * perOutput; i < (output + 1) * perOutput; i++) sum += weights[i];
    return BigInt(bias?.[output] ?? 0) - BigInt(zero * sum);
  });
}
