/** Scalings of exact integers, docs/arithmetic.md section 4.2. */
import { doublingHighProduct } from '../../formats/fixed-multiplier.js';
import { roundQuotient, roundReal, roundShift, roundShiftBig } from '../../formats/rounding.js';
import type { PerChannel, Scaling } from '../../program/instructions.js';
import { check } from './operands.js';

/** Magnitude up to which float64 arithmetic on integers is exact, sums of two such included. */
export const EXACT = 2 ** 52;

/**
 * Scales an integer, exact as given, for the element of an output whose index on the last axis is `channel`. `trap` is
 * called with what does not fit the register of the style `doubling`.
 */
export type Scale = (
  value: number | bigint,
  channel: number,
  element: number,
  trap: (value: number | bigint) => never,
) => number | bigint;

/** Prepares a scaling for `channels` channels. Throws a ProgramError naming `where` for numbers out of range. */
export function createScale(scaling: Scaling, channels: number, where: string): Scale {
  const spread = (values: PerChannel, what: string, low: number, high: number): readonly number[] => {
    const all = typeof values === 'number' ? new Array<number>(channels).fill(values) : values;
    const integers = all.every((value) => Number.isInteger(value) && value >= low && value <= high);
    check(all.length === channels, where, `has a wrong number of ${what}`, `${channels}`, `${all.length}`);
    check(integers, where, `has a wrong ${what}`, `integers from ${low} to ${high}`, all.join(', '));
    return all;
  };
  const multipliersOf = (values: PerChannel) => spread(values, 'multiplier', 0, 2 ** 31 - 1);
  switch (scaling.style) {
    case 'shift': {
      const shifts = spread(scaling.shift, 'shift', -512, 512);
      const { rounding } = scaling;
      return (value, channel, element) => shifted(value, shifts[channel], rounding, element);
    }
    case 'multiplier': {
      const shifts = spread(scaling.shift, 'shift', -512, 512);
      const multipliers = multipliersOf(scaling.multiplier);
      const { rounding } = scaling;
      return (value, channel, element) =>
        shifted(times(value, multipliers[channel]), shifts[channel], rounding, element);
    }
    case 'doubling': {
      const shifts = spread(scaling.shift, 'shift', -31, 31);
      const multipliers = multipliersOf(scaling.multiplier);
      return (value, channel, _, trap) =>
        doubled(BigInt(value), BigInt(multipliers[channel]), shifts[channel], trap);
    }
    case 'scale': {
      const { rounding, scale } = scaling;
      const scales = typeof scale === 'number' ? new Array<number>(channels).fill(scale) : scale;
      check(
        scales.length === channels,
        where,
        'has a wrong number of scales',
        `${channels}`,
        `${scales.length}`,
      );
      const legal = scales.every((by) => by > 0 && by <= 2 ** 60 && Math.fround(by) === by);
      check(legal, where, 'has a wrong scale', 'float32 numbers above 0, at most 2^60', scales.join(', '));
      return (value, channel, element) => {
        const product = Math.fround(toFloat32(value) * scales[channel]);
        const rounded = roundReal(product, rounding, element);
        return Math.abs(rounded) < EXACT ? rounded : BigInt(rounded);
      };
    }
    case 'division': {
      const divisors = spread(scaling.divisor, 'divisor', 1, 2 ** 31 - 1);
      const { rounding } = scaling;
      return (value, channel, element) =>
        roundQuotient(BigInt(value), BigInt(divisors[channel]), rounding, element);
    }
  }
}

function shifted(
  value: number | bigint,
  shift: number,
  rounding: Parameters<typeof roundShift>[2],
  element: number,
) {
  const small = typeof value === 'number' && Math.abs(value) * 2 ** -Math.min(shift, 0) < EXACT;
  return small
    ? roundShift(value, shift, rounding, element)
    : roundShiftBig(BigInt(value), shift, rounding, element);
}

function times(value: number | bigint, factor: number): number | bigint {
  const small = typeof value === 'number' && Math.abs(value * factor) < EXACT;
  return small ? value * factor : BigInt(value) * BigInt(factor);
}

/** The float32 nearest to an integer, ties to even: two roundings of one integer would not be the same. */
function toFloat32(value: number | bigint): number {
  if (typeof value === 'number') return Math.fround(value);
  const magnitude = value < 0n ? -value : value;
  const excess = Math.max(0, magnitude.toString(2).length - 24);
  return Number(roundShiftBig(value, excess, 'halfEven')) * 2 ** excess;
}

const INT32 = { low: -(2n ** 31n), high: 2n ** 31n - 1n };

/** gemmlowp's SaturatingRoundingDoublingHighMul and RoundingDivideByPOT, as TFLite combines them. */
function doubled(value: bigint, multiplier: bigint, shift: number, trap: (value: bigint) => never): bigint {
  const left = value << BigInt(Math.max(-shift, 0));
  if (left < INT32.low || left > INT32.high) return trap(left);
  return roundShiftBig(doublingHighProduct(left, multiplier), Math.max(shift, 0), 'halfAwayFromZero');
}
