/**
 * The numbers of TFLite's reference kernels for a node on codes: multipliers and shifts from the scales of its tensors, each
 * in the precision in which the kernel computes it.
 */
import type { GivenArithmetic } from '../compile/model-formats.js';
import { allocateCodes, fixed } from '../formats/format.js';
import type { Scaling } from '../program/instructions.js';
import { type Multiplier, quantizeMultiplier } from './fixed-point.js';
import { reciprocalTable } from './lookup-tables.js';
import { softmaxMultiplier, softmaxTables } from './softmax-codes.js';
import { type CodeFunction, type CodeType, codeLimits } from './unary-codes.js';

const { fround } = Math;

/** MultiplyByQuantizedMultiplier of 32-bit sums. */
export function doubling(multipliers: Multiplier | readonly Multiplier[]): Scaling {
  const [multiplier, shift] = perChannel(multipliers, ({ value, shift }) => [value, -shift]);
  return { style: 'doubling', multiplier, shift };
}

/** MultiplyByQuantizedMultiplier of 64-bit sums, whose multiplier is reduced to 15 bits. */
export function reduced(multipliers: Multiplier | readonly Multiplier[]): Scaling {
  const [multiplier, shift] = perChannel(multipliers, ({ value, shift }) => [
    value < 0x7fff0000 ? (value + 2 ** 15) >> 16 : 0x7fff,
    15 - shift,
  ]);
  return { style: 'multiplier', multiplier, shift, rounding: 'halfTowardPositive' };
}

function perChannel(
  multipliers: Multiplier | readonly Multiplier[],
  numbers: (multiplier: Multiplier) => [number, number],
): [number | number[], number | number[]] {
  if (!Array.isArray(multipliers)) return numbers(multipliers as Multiplier);
  const pairs = multipliers.map(numbers);
  return [pairs.map(([first]) => first), pairs.map(([, second]) => second)];
}

/** How a product of x and weights is scaled; `scales` of the weights: one, or one per output channel. */
export function productMultipliers(
  x: CodeType,
  scales: readonly number[],
  y: CodeType,
  /** True for the older kernels, which multiply the scales of x and weights in float32. */
  legacy: boolean,
): Multiplier | Multiplier[] {
  const one = (scale: number) =>
    quantizeMultiplier((legacy ? fround(x.scale * scale) : x.scale * scale) / y.scale);
  return scales.length === 1 ? one(scales[0]) : scales.map(one);
}

/** ADD and SUB with operands shifted to the left by 20 bits, or 15 where codes have 16. */
export function sumOf(a: CodeType, b: CodeType, y: CodeType, powerOfTwo: boolean): GivenArithmetic {
  const shift = y.bits === 16 ? 15 : 20;
  const scales = [a.scale, b.scale, y.scale];
  if (powerOfTwo && y.bits === 16 && scales.every(isPowerOfTwo)) return alignedSum(a, b, y);
  const twice = 2 * Math.max(a.scale, b.scale);
  const operands = [a, b].map(({ scale }) => doubling(quantizeMultiplier(scale / twice)));
  return {
    kind: 'sum',
    shifts: [shift, shift],
    scalings: [operands[0], operands[1]],
    output: doubling(quantizeMultiplier(twice / (2 ** shift * y.scale))),
  };
}

/** TFLite's CheckedLog2. */
const isPowerOfTwo = (scale: number) => Math.abs(Math.log2(scale) - Math.round(Math.log2(scale))) < 1e-3;

/** 16-bit sums of powers of two: one operand is shifted to the right, ties away from zero. */
function alignedSum(a: CodeType, b: CodeType, y: CodeType): GivenArithmetic {
  const [first, second] = [a, b].map(({ scale }): Scaling => {
    const shift = Math.round(Math.log2(y.scale)) - Math.round(Math.log2(scale));
    return { style: 'shift', shift, rounding: 'halfAwayFromZero' };
  });
  const output: Scaling = { style: 'shift', shift: 0, rounding: 'halfAwayFromZero' };
  return { kind: 'sum', shifts: [0, 0], scalings: [first, second], output };
}

/** MEAN over `count` elements: the multiplier divided by their number, without rounding. */
export function meanOf(x: CodeType, y: CodeType, count: number): GivenArithmetic {
  const { value, shift } = quantizeMultiplier(x.scale / y.scale);
  const bits = Math.min(Math.floor(Math.log2(count)), 32, 31 + shift);
  const divided = Number((BigInt(value) << BigInt(bits)) / BigInt(count));
  return { kind: 'scaling', scaling: doubling({ value: divided, shift: shift - bits }) };
}

/** A function of one variable for every code of x, lowest first. */
export function tableOf(x: CodeType, y: CodeType, fn: CodeFunction): GivenArithmetic {
  const { low, high } = codeLimits(x);
  const table = allocateCodes(y, high - low + 1) as Int16Array;
  for (let code = low; code <= high; code++) table[code - low] = fn(code);
  return { kind: 'table', table };
}

export function softmaxOf({ bits, scale }: CodeType): GivenArithmetic {
  const entries = softmaxTables(bits, softmaxMultiplier(bits, scale));
  if (bits !== 16) return { kind: 'softmax', tables: [{ format: fixed(32, 31), codes: entries }] };
  const exponentials = { format: fixed(16, 15), codes: Int16Array.from(entries) };
  const reciprocals = { format: fixed(16, 15), codes: reciprocalTable() };
  return { kind: 'softmax', tables: [exponentials, reciprocals] };
}
