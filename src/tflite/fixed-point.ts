/**
 * The 32-bit fixed-point arithmetic of TFLite's reference kernels: gemmlowp's fixedpoint.h and TFLite's
 * quantization_util.cc, bit for bit. Used to compute tables: every function here runs once per code.
 */
import { ModelError } from '../errors.js';

const smallest = -(2 ** 31);
const largest = 2 ** 31 - 1;

/** A real multiplier as value * 2^(shift - 31), value from 2^30 to 2^31 - 1, or 0. */
export interface Multiplier {
  readonly value: number;
  /** To the left where positive. */
  readonly shift: number;
}

/**
 * TFLite's QuantizeMultiplier: the mantissa of a real rounded to 31 bits, ties up; 0 below 2^-32. Throws a ModelError for a real
 * that the kernels cannot multiply by.
 */
export function quantizeMultiplier(real: number): Multiplier {
  if (real === 0) return { value: 0, shift: 0 };
  if (!(Math.abs(real) < 2 ** 31))
    throw new ModelError({
      where: 'model',
      what: 'has scales too far apart',
      expected: 'below 2^31',
      got: `${real}`,
    });
  let [mantissa, shift] = [Math.abs(real), 0];
  for (; mantissa >= 1; mantissa /= 2) shift++;
  for (; mantissa < 0.5; mantissa *= 2) shift--;
  let value = Math.round(mantissa * 2 ** 31);
  if (value === 2 ** 31) {
    value /= 2;
    shift++;
  }
  if (shift < -31) return { value: 0, shift: 0 };
  return { value: real < 0 ? -value : value, shift };
}

/** SaturatingRoundingDoublingHighMul: a * b / 2^31 of 32-bit integers, rounded, ties up. */
export function doublingHighProduct(a: number, b: number): number {
  if (a === smallest && b === smallest) return largest;
  const product = BigInt(a) * BigInt(b);
  return Number((product + (product >= 0n ? 1n << 30n : 1n - (1n << 30n))) / (1n << 31n));
}

/** RoundingDivideByPOT: a / 2^exponent, rounded, ties away from zero. */
export function dividePowerOfTwo(a: number, exponent: number): number {
  const quotient = Math.abs(a) / 2 ** exponent;
  return a < 0 ? -Math.floor(quotient + 0.5) : Math.floor(quotient + 0.5);
}

/** MultiplyByQuantizedMultiplier of 32-bit integers, with its two roundings. */
export function multiply(a: number, { value, shift }: Multiplier): number {
  const product = doublingHighProduct((a * 2 ** Math.max(shift, 0)) | 0, value);
  return dividePowerOfTwo(product, Math.max(-shift, 0));
}

const saturate = (value: number) => Math.min(Math.max(value, smallest), largest);

/** (a + b) / 2, rounded away from zero. */
function halfSum(a: number, b: number): number {
  const sum = a + b;
  return Math.trunc((sum + (sum >= 0 ? 1 : -1)) / 2);
}

/** exp(a) for -1/4 <= a < 0; a and the result are mantissas over 2^31. */
function expOnQuarter(a: number): number {
  const x = a + 2 ** 28;
  const x2 = doublingHighProduct(x, x);
  const x3 = doublingHighProduct(x2, x);
  const x4 = doublingHighProduct(x2, x2);
  const cubic = doublingHighProduct((dividePowerOfTwo(x4, 2) + x3) | 0, 715827883);
  const tail = dividePowerOfTwo((cubic + x2) | 0, 1);
  return (1895147668 + doublingHighProduct(1895147668, (x + tail) | 0)) | 0;
}

/** exp(-2^exponent) as mantissas over 2^31, from exponent -2 on. */
const expOfPowers = [1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242];

/** exp(a) as a mantissa over 2^31, for a <= 0 as a mantissa over 2^(31 - integerBits); integerBits at most 5. */
export function expOfNegative(a: number, integerBits: number): number {
  if (a === 0) return largest;
  const fractionBits = 31 - integerBits;
  const quarter = 2 ** (fractionBits - 2);
  const rest = (a & (quarter - 1)) - quarter;
  const remainder = rest - a;
  let result = expOnQuarter(saturate(rest * 2 ** integerBits));
  expOfPowers.forEach((factor, index) => {
    const exponent = index - 2;
    if (integerBits <= exponent) return;
    const bit = Math.floor(remainder / 2 ** (fractionBits + exponent)) % 2;
    if (bit !== 0) result = doublingHighProduct(result, factor);
  });
  return result;
}

/** The Newton iteration for 1 / ((1 + a) / 2), a from 0 to 1 as a mantissa over 2^31; the result over 2^29. */
function reciprocalOfHalf(a: number): number {
  const half = halfSum(a, largest);
  let x = (1515870810 + doublingHighProduct(half, -1010580540)) | 0;
  for (let i = 0; i < 3; i++) {
    const error = (2 ** 29 - doublingHighProduct(half, x)) | 0;
    x = (x + saturate(doublingHighProduct(x, error) * 4)) | 0;
  }
  return x;
}

/** 1 / (1 + a), a from 0 to 1; mantissas over 2^31. */
export function reciprocalOfOnePlus(a: number): number {
  return saturate(reciprocalOfHalf(a) * 2);
}

/** 1 / (1 + exp(-a)) as a mantissa over 2^31, a over 2^(31 - integerBits). */
export function logistic(a: number, integerBits: number): number {
  if (a === 0) return 2 ** 30;
  const positive = reciprocalOfOnePlus(expOfNegative(-Math.abs(a), integerBits));
  return a > 0 ? positive : (largest - positive) | 0;
}

/** tanh(a) as a mantissa over 2^31, a over 2^(31 - integerBits). */
export function tanh(a: number, integerBits: number): number {
  if (a === 0) return 0;
  const exponential = expOfNegative(-Math.abs(a), integerBits + 1);
  const negated = saturate((reciprocalOfHalf(exponential) - 2 ** 29) * 4);
  return a < 0 ? -negated : negated;
}

/** CalculateInputRadius: the first integer whose multiple by 2^leftShift is beyond integerBits. */
export function inputRadius(integerBits: number, leftShift: number): number {
  return Math.floor(((2 ** integerBits - 1) * 2 ** (31 - integerBits)) / 2 ** leftShift);
}
