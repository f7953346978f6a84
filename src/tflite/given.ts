/**
 * The numbers of TFLite's reference kernels for a node on codes: multipliers and shifts from the scales of its tensors, each
 * in the precision in which the kernel computes it.
 */
import type { GivenArithmetic } from '../compile/model-formats.js';
import { doublingScaling } from '../compile/scaling.js';
import type { FixedMultiplier } from '../formats/fixed-multiplier.js';
import { allocateCodes, fixed } from '../formats/format.js';
import { roundReal } from '../formats/rounding.js';
import type { Scaling } from '../program/instructions.js';
import { checkedLog2, multiplierOf, multiply } from './fixed-point.js';
import { reciprocalTable } from './lookup-tables.js';
import { softmaxMultiplier, softmaxTables } from './softmax-codes.js';
import { type CodeFunction, type CodeType, codeLimits } from './unary-codes.js';

const { fround } = Math;

/** How a product of x and weights is scaled; `scales` of the weights: one, or one per output channel. */
export function productMultipliers(
  x: CodeType,
  scales: readonly number[],
  y: CodeType,
  /** True for the older kernels, which multiply the scales of x and weights in float32. */
  legacy: boolean,
): FixedMultiplier | FixedMultiplier[] {
  const one = (scale: number) => multiplierOf((legacy ? fround(x.scale * scale) : x.scale * scale) / y.scale);
  return scales.length === 1 ? one(scales[0]) : scales.map(one);
}

/** ADD and SUB with operands shifted to the left by 20 bits, or 15 where codes have 16. */
export function sumOf(a: CodeType, b: CodeType, y: CodeType): GivenArithmetic {
  const shift = y.bits === 16 ? 15 : 20;
  const twice = 2 * Math.max(a.scale, b.scale);
  const operands = [a, b].map(({ scale }) => doublingScaling(multiplierOf(scale / twice)));
  return {
    kind: 'sum',
    shifts: [shift, shift],
    scalings: [operands[0], operands[1]],
    output: doublingScaling(multiplierOf(twice / (2 ** shift * y.scale))),
  };
}

/** 16-bit sums of powers of two: one operand is shifted to the right, ties away from zero. Undefined for other scales. */
export function alignedSum(a: CodeType, b: CodeType, y: CodeType): GivenArithmetic | 'unaligned' | undefined {
  const [first, second, to] = [a, b, y].map(({ scale }) => checkedLog2(scale));
  if (first === undefined || second === undefined || to === undefined) return undefined;
  const shifts = [to - first, to - second];
  if (Math.min(...shifts) !== 0) return 'unaligned';
  const by = (shift: number): Scaling => ({ style: 'shift', shift, rounding: 'halfAwayFromZero' });
  return { kind: 'sum', shifts: [0, 0], scalings: [by(shifts[0]), by(shifts[1])], output: by(0) };
}

/** MEAN over `count` elements: the multiplier divided by their number, without rounding. */
export function meanOf(x: CodeType, y: CodeType, count: number): GivenArithmetic {
  const { value, shift } = multiplierOf(x.scale / y.scale);
  const bits = Math.min(Math.floor(Math.log2(count)), 32, 31 + shift);
  const divided = Number((BigInt(value) << BigInt(bits)) / BigInt(count));
  return { kind: 'scaling', scaling: doublingScaling({ value: divided, shift: shift - bits }) };
}

/** A function of one variable for every code of x, lowest first. */
export function tableOf(x: CodeType, y: CodeType, fn: CodeFunction): GivenArithmetic {
  const { low, high } = codeLimits(x);
  const table = allocateCodes(y, high - low + 1) as Int16Array;
  for (let code = low; code <= high; code++) table[code - low] = fn(code);
  return { kind: 'table', table };
}

/** Unsigned codes of one operand of CONCATENATION as codes of its output, in float32. */
export function concatenated(x: CodeType, y: CodeType): GivenArithmetic {
  const scale = fround(x.scale * fround(1 / y.scale));
  const bias = fround(-x.zeroPoint * scale);
  const { low, high } = codeLimits(y);
  return tableOf(x, y, (code) => {
    const value = roundReal(fround(fround(code * scale) + bias), 'halfAwayFromZero');
    return Math.min(Math.max(value + y.zeroPoint, low), high);
  });
}

/** PRELU on 8 bits: what an element is where it is not negative, and what is multiplied by the slope where it is. */
export function slopesOf(x: CodeType, alpha: CodeType, y: CodeType): GivenArithmetic {
  const identity = multiplierOf(fround(x.scale / y.scale));
  const scaling = doublingScaling(multiplierOf(fround(fround(x.scale * alpha.scale) / y.scale)));
  const { low, high } = codeLimits(x);
  const codes = Array.from({ length: high - low + 1 }, (_, index) => low + index - x.zeroPoint);
  const clamp16 = (value: number) => Math.min(value, 32767);
  return {
    kind: 'slopes',
    positive: Int16Array.from(codes, (code) => (code >= 0 ? clamp16(multiply(code, identity)) : 0)),
    negative: Int16Array.from(codes, (code) => Math.min(code, 0)),
    scaling,
  };
}

/** `beta` multiplies differences before they are exponents. */
export function softmaxOf({ bits, scale }: CodeType, beta: number): GivenArithmetic {
  const entries = softmaxTables(bits, softmaxMultiplier(bits, scale, beta));
  if (bits !== 16) return { kind: 'softmax', tables: [{ format: fixed(32, 31), codes: entries }] };
  const exponentials = { format: fixed(16, 15), codes: Int16Array.from(entries) };
  const reciprocals = { format: fixed(16, 15), codes: reciprocalTable() };
  return { kind: 'softmax', tables: [exponentials, reciprocals] };
}
