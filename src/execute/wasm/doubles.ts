/**
 * Scalings whose result is a product in float64, shifted a little and rounded to the nearest integer, ties to even: what vectors do
 * with sums of any width (assembly/doubles.ts). Exact, because everything that decides a rounding fits the 53 bits of a float64.
 */
import { at, type CodeRange } from '../../formats/format.js';
import { ROUNDINGS } from '../../formats/rounding.js';
import type { Scaling } from '../../program/instructions.js';
import { nearTies } from './near-ties.js';
import { ofChannel, scaleInteger } from './scale-integer.js';

/** The result for a sum is that of `sum * scale + offset`, rounded half to even; where the sum is negative, `difference` is added too. */
export interface DoubleStep {
  readonly scale: number;
  readonly offset: number;
  readonly difference: number;
  /** What is added to the magnitude of a result before it is rounded to the nearest, ties as they may; undefined: that is not the rounding. */
  readonly lean: number | undefined;
}

/** 1.5 * 2^52 */
const WHOLE = 6755399441055744;

/** `odd * 2^-shift` times a sum, for `bits` bits of it: a tie is where `tie` of its lowest bits are 0 and the next is not. */
interface Factor {
  readonly odd: number;
  readonly shift: number;
  readonly tie: number;
}

/**
 * The step of a channel for sums of `bits` bits, which are shifted left by `left` first, and results that saturate outside of `range`;
 * undefined for other styles, stochastic roundings, and where float64 does not hold the products that matter.
 */
export function doubleStep(
  scaling: Scaling,
  channel: number,
  bits: number,
  { low, high }: CodeRange,
  left = 0,
): DoubleStep | undefined {
  const factor = factorOf(scaling, channel, bits, left);
  if (factor === undefined) return undefined;
  const { odd, shift, tie } = factor;
  if (odd === 0) return { scale: 0, offset: 0, difference: 0, lean: 0 };
  const scale = odd * 2 ** -shift;
  const most = 2 ** (bits - 1) * scale;
  if (most >= 2 ** 50) return undefined;
  const rest = 2 ** -(Math.max(0, shift) + 1);
  const ends = offsets(scaling, channel, shift > 0, tie >= 0 && tie < bits, rest);
  if (ends === undefined) return undefined;
  // Beyond it every result saturates, or there is no such sum.
  const reach = Math.min(Math.max(-low, high), most + 1);
  const [above, below] = ends;
  const mirrored = Math.abs(above + below) <= 2 * rest && Math.abs(above) <= 0.25 + rest;
  const by = scaling.style === 'doubling' ? at(scaling.shift, channel) : 0;
  const lean = mirrored ? (by > 0 ? 2 ** -(by + 1) : 0) : undefined;
  const step = { scale, offset: above, difference: below - above, lean };
  const finest = above % (2 * rest) === 0 && below % (2 * rest) === 0 ? shift : shift + 1;
  if (reach * 2 ** finest <= 2 ** 53) return step;
  return mirrored && decidesAlike(ofChannel(scaling, channel), factor, step, reach, left) ? step : undefined;
}

/** True where the step gives what the scaling gives although products are rounded: for the few sums whose products are near ties. */
function decidesAlike(
  scaling: Scaling,
  { odd, shift }: Factor,
  step: DoubleStep,
  reach: number,
  left: number,
): boolean {
  // The product and its sum with the offset have an error of 2^-53 of themselves each, and an offset may hold half a unit for ties.
  const width = BigInt(Math.ceil(reach * 2 ** (shift - 51)) + 1);
  const centre = (1n << BigInt(shift - 1)) - BigInt(Math.floor(step.offset * 2 ** shift));
  const most = BigInt(Math.ceil(reach / step.scale));
  const sums = nearTies(BigInt(odd), BigInt(shift), centre, width, most);
  return (
    sums?.every((sum) =>
      [Number(sum), -Number(sum)].every((a) => scaleInteger(scaling, a * 2 ** left) === roundStep(a, step)),
    ) ?? false
  );
}

/** What the kernel computes of a sum. */
function roundStep(sum: number, { scale, offset, difference }: DoubleStep): number {
  const product = sum * scale;
  const shifted = product + (product < 0 ? offset + difference : offset);
  return shifted + WHOLE - WHOLE;
}

function factorOf(scaling: Scaling, channel: number, bits: number, before: number): Factor | undefined {
  switch (scaling.style) {
    case 'shift': {
      const shift = at(scaling.shift, channel) - before;
      return { odd: 1, shift, tie: shift - 1 };
    }
    case 'multiplier': {
      const { odd, zeros } = splitPower(at(scaling.multiplier, channel));
      const shift = at(scaling.shift, channel) - before - zeros;
      return { odd, shift, tie: shift - 1 };
    }
    case 'doubling': {
      const shift = at(scaling.shift, channel);
      const left = before + Math.max(0, -shift);
      if (bits + left > 32) return undefined;
      const { odd, zeros } = splitPower(at(scaling.multiplier, channel));
      return { odd, shift: 31 + shift - before - zeros, tie: 30 - left - zeros };
    }
    default:
      return undefined;
  }
}

function splitPower(value: number): { odd: number; zeros: number } {
  if (value === 0) return { odd: 0, zeros: 0 };
  const zeros = 31 - Math.clz32(value & -value);
  return { odd: value / 2 ** zeros, zeros };
}

/** What is added to a result that is not negative, and to one that is, before it is rounded. `rest` is less than any other distance from a tie. */
function offsets(
  scaling: Scaling,
  channel: number,
  fractional: boolean,
  ties: boolean,
  rest: number,
): readonly [number, number] | undefined {
  const nudge = ties ? rest : 0;
  if (scaling.style === 'doubling') {
    // The first rounding is to a multiple of 2^-shift, the second away from zero: together they add half of the former.
    const by = at(scaling.shift, channel);
    const half = by > 0 ? 2 ** -(by + 1) : 0;
    return [half + nudge, nudge - half];
  }
  const rounding = 'rounding' in scaling ? ROUNDINGS.find((name) => name === scaling.rounding) : undefined;
  if (rounding === undefined) return undefined;
  if (!fractional) return [0, 0];
  const down = rest - 0.5;
  switch (rounding) {
    case 'floor':
      return [down, down];
    case 'ceiling':
      return [-down, -down];
    case 'towardZero':
      return [down, -down];
    case 'awayFromZero':
      return [-down, down];
    case 'halfEven':
      return [0, 0];
    case 'halfTowardPositive':
      return [nudge, nudge];
    case 'halfTowardNegative':
      return [-nudge, -nudge];
    case 'halfAwayFromZero':
      return [nudge, -nudge];
    case 'halfTowardZero':
      return [-nudge, nudge];
    case 'halfEvenPositiveHalfUpNegative':
      return [0, nudge];
  }
}
