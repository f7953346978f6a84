/** Multiplication by reals in 32-bit fixed point, as gemmlowp, TFLite and CMSIS-NN define it. */
import { roundReal, roundShift, roundShiftBig } from './rounding.js';

/** A real as value * 2^(shift - 31); the magnitude of value is from 2^30 to 2^31 - 1, or 0. */
export interface FixedMultiplier {
  readonly value: number;
  /** To the left where positive. */
  readonly shift: number;
}

/** TFLite's QuantizeMultiplier of a finite real: its mantissa rounded half away from zero to 31 bits; 0 below 2^-32. */
export function quantizeMultiplier(real: number): FixedMultiplier {
  const zero = { value: 0, shift: 0 };
  if (real === 0) return zero;
  let [mantissa, shift] = [Math.abs(real), 0];
  for (; mantissa >= 1; mantissa /= 2) shift++;
  for (; mantissa < 0.5; mantissa *= 2) shift--;
  let value = roundReal(mantissa * 2 ** 31, 'halfAwayFromZero');
  if (value === 2 ** 31) {
    value /= 2;
    shift++;
  }
  return shift < -31 ? zero : { value: real < 0 ? -value : value, shift };
}

/** The value of a multiplier with `bits` bits instead of 31, ties up: with 15, that of CMSIS-NN and TFLite for 64-bit sums. */
export function cutMultiplier(value: number, bits: number): number {
  return Math.min(roundShift(value, 31 - bits, 'halfTowardPositive'), 2 ** bits - 1);
}

/** a * b / 2^31, rounded, ties up: gemmlowp's SaturatingRoundingDoublingHighMul, which saturates where both are -2^31. */
export function doublingHighProduct(a: bigint, b: bigint): bigint {
  return roundShiftBig(a * b, 31, 'halfTowardPositive');
}
