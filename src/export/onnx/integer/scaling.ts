/** From exact integers to codes: docs/arithmetic.md sections 3 and 4.2. */
import { ProgramError } from '../../../errors.js';
import { at, codeRange, type Format } from '../../../formats/format.js';
import type { Width } from '../../../formats/overflow.js';
import type { Overflow, Rounding } from '../../../formats/rounding.js';
import type { Clamp, PerChannel, Scaling } from '../../../program/instructions.js';
import {
  type Integer,
  type Integers,
  type IntegerType,
  mapNumbers,
  type Numbers,
  scalar,
} from './integers.js';
import { divideRounded } from './rounding.js';

/** One number for all elements, or a number for each index on the axis of the channels. */
export type Spread = (field: PerChannel | readonly bigint[]) => Numbers;

/** An exact rational scaling: a * multiplier / divisor, rounded once. */
export interface RationalScaling {
  readonly multiplier: Numbers;
  readonly divisor: Numbers;
  readonly rounding: Rounding;
}

const power = (exponent: number) => 1n << BigInt(Math.max(0, exponent));

/** Shifts, multipliers and divisions as a rational scaling; undefined for those that round otherwise. */
export function rationalScaling(scaling: Scaling, spread: Spread): RationalScaling | undefined {
  switch (scaling.style) {
    case 'shift':
    case 'multiplier': {
      const { rounding } = scaling;
      const factor = scaling.style === 'shift' ? 1 : scaling.multiplier;
      const channels = Math.max(...[factor, scaling.shift].map((field) => [field].flat().length));
      const each = (entry: (channel: number) => number): PerChannel =>
        channels === 1 ? entry(0) : Array.from({ length: channels }, (_, channel) => entry(channel));
      const field = (value: PerChannel, channel: number) =>
        at(value, typeof value === 'number' ? 0 : channel);
      const shifts = spread(each((channel) => field(scaling.shift, channel)));
      const factors = spread(each((channel) => field(factor, channel)));
      const multiplier = {
        shape: shifts.shape,
        values: shifts.values.map((shift, index) => factors.values[index] * power(-Number(shift))),
      };
      return { multiplier, divisor: mapNumbers(shifts, (shift) => power(Number(shift))), rounding };
    }
    case 'division':
      return { multiplier: scalar(1), divisor: spread(scaling.divisor), rounding: scaling.rounding };
    default:
      return undefined;
  }
}

/** The scaling of integers. Throws a ProgramError for what has no integer operators. */
export function scaleInteger(
  integers: Integers,
  a: Integer,
  scaling: Scaling,
  spread: Spread,
  where: string,
): Integer {
  const rational = rationalScaling(scaling, spread);
  if (rational !== undefined) return scaleRational(integers, a, rational, where);
  if (scaling.style === 'doubling') return scaleDoubling(integers, a, scaling, spread, where);
  throw new ProgramError({ where, what: 'scales by a float32 number' });
}

export function scaleRational(
  integers: Integers,
  a: Integer,
  { multiplier, divisor, rounding }: RationalScaling,
  where: string,
): Integer {
  const product = integers.multiply(a, multiplier);
  const magnitude = product.high > -product.low ? product.high : -product.low;
  // A larger power of two gives the same quotients, and needs wider integers.
  const limit = 1n << BigInt(magnitude.toString(2).length + 2);
  const bounded = mapNumbers(divisor, (value) => (value > limit && isPower(value) ? limit : value));
  return divideRounded(integers, product, bounded, rounding, where);
}

const isPower = (value: bigint) => (value & (value - 1n)) === 0n;

function scaleDoubling(
  integers: Integers,
  a: Integer,
  { multiplier, shift }: Extract<Scaling, { style: 'doubling' }>,
  spread: Spread,
  where: string,
): Integer {
  const shifts = spread(shift);
  const shifted = integers.multiply(
    a,
    mapNumbers(shifts, (value) => power(-Number(value))),
  );
  if (shifted.low < -(2n ** 31n) || shifted.high >= 2n ** 31n)
    throw new ProgramError({ where, what: 'scales integers that are not proved to have 32 bits' });
  const product = integers.multiply(shifted, spread(multiplier));
  const high = divideRounded(integers, product, scalar(2n ** 31n), 'halfTowardPositive', where);
  const divisor = mapNumbers(shifts, (value) => power(Number(value)));
  return divideRounded(integers, high, divisor, 'halfAwayFromZero', where);
}

/** Brings integers into a width. Throws a ProgramError where a trap is not proved to stay silent. */
export function limitInteger(
  integers: Integers,
  value: Integer,
  width: Width,
  overflow: Overflow,
  where: string,
): Integer {
  const range = codeRange(width);
  const [low, high] = [BigInt(range.low), BigInt(range.high)];
  if (overflow === 'saturateSymmetric') return integers.clip(value, width.signed ? -high : low, high);
  if (overflow === 'saturate' || (low <= value.low && value.high <= high))
    return integers.clip(value, low, high);
  if (overflow === 'trap')
    throw new ProgramError({ where, what: 'fails on overflow, which integer ONNX cannot' });
  const modulus = high - low + 1n;
  const rest = integers.modulo(integers.add(value, scalar(-low)), modulus);
  return integers.add(rest, scalar(low));
}

/** The type that holds the codes of a format between operators: few of them know 16 bits. */
export function storageType({ bits, signed }: Format): IntegerType {
  if (bits <= 8) return signed ? 'int8' : 'uint8';
  return bits < 32 || signed ? 'int32' : 'int64';
}

/** Codes of the output: the scaled integer above its zero point, in the range of its format and within the clamp. */
export function toCodes(
  integers: Integers,
  scaled: Integer,
  format: Format,
  overflow: Overflow,
  clamp: Clamp | null,
  spread: Spread,
  where: string,
): Integer {
  const placed = integers.add(scaled, spread(format.zeroPoint));
  const codes = limitInteger(integers, placed, format, overflow, where);
  const clamped = clamp === null ? codes : integers.clip(codes, BigInt(clamp.low), BigInt(clamp.high));
  return integers.cast(clamped, storageType(format));
}
