/**
 * The 32-bit fixed-point arithmetic of TFLite's reference kernels: gemmlowp's fixedpoint.h and TFLite's
 * quantization_util.cc, bit for bit. Used to compute tables: every function here runs once per code.
 */
import { ModelError } from '../errors.js';
import {
  doublingHighProduct,
  type FixedMultiplier,
  quantizeMultiplier,
} from '../formats/fixed-multiplier.js';
import { roundReal, roundShift } from '../formats/rounding.js';

const smallest = -(2 ** 31);
const largest = 2 ** 31 - 1;

/** QuantizeMultiplier. Throws a ModelError for a real that the kernels cannot multiply by. */
export function multiplierOf(real: number): FixedMultiplier {
  if (!(Math.abs(real) < 2 ** 31))
    throw new ModelError({
      where: 'model',
      what: 'has scales too far apart',
      expected: 'below 2^31',
      got: `${real}`,
    });
  return quantizeMultiplier(real);
}

const saturate = (value: number) => Math.min(Math.max(value, smallest), largest);

/** SaturatingRoundingDoublingHighMul: a * b / 2^31 of 32-bit integers, rounded, ties up. */
export function saturatingHighProduct(a: number, b: number): number {
  return saturate(Number(doublingHighProduct(BigInt(a), BigInt(b))));
}

/** RoundingDivideByPOT: a / 2^exponent, rounded, ties away from zero. */
export function dividePowerOfTwo(a: number, exponent: number): number {
  return roundShift(a, exponent, 'halfAwayFromZero');
}

/** MultiplyByQuantizedMultiplier of 32-bit integers, with its two roundings. */
export function multiply(a: number, { value, shift }: FixedMultiplier): number {
  const product = saturatingHighProduct((a * 2 ** Math.max(shift, 0)) | 0, value);
  return dividePowerOfTwo(product, Math.max(-shift, 0));
}

/** exp(a) for -1/4 <= a < 0; a and the result are mantissas over 2^31. */
function expOnQuarter(a: number): number {
  const x = a + 2 ** 28;
  const x2 = saturatingHighProduct(x, x);
  const x3 = saturatingHighProduct(x2, x);
  const x4 = saturatingHighProduct(x2, x2);
  const cubic = saturatingHighProduct((dividePowerOfTwo(x4, 2) + x3) | 0, 715827883);
  const tail = dividePowerOfTwo((cubic + x2) | 0, 1);
  return (1895147668 + saturatingHighProduct(1895147668, (x + tail) | 0)) | 0;
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
    if (bit !== 0) result = saturatingHighProduct(result, factor);
  });
  return result;
}

/** The Newton iteration for 1 / ((1 + a) / 2), a from 0 to 1 as a mantissa over 2^31; the result over 2^29. */
function reciprocalOfHalf(a: number): number {
  const half = roundShift(a + largest, 1, 'halfAwayFromZero');
  let x = (1515870810 + saturatingHighProduct(half, -1010580540)) | 0;
  for (let i = 0; i < 3; i++) {
    const error = (2 ** 29 - saturatingHighProduct(half, x)) | 0;
    x = (x + saturate(saturatingHighProduct(x, error) * 4)) | 0;
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

/** CheckedLog2: the exponent of a scale that is a power of two, or nearly; undefined for others. */
export function checkedLog2(scale: number): number | undefined {
  const logarithm = Math.log2(scale);
  const exponent = roundReal(logarithm, 'halfAwayFromZero');
  return Math.abs(logarithm - exponent) < 1e-3 ? exponent : undefined;
}
