/**
 * Elementary functions of docs/arithmetic.md section 6, in float64 from + - * / and comparisons only, so that every engine
 * gives the same bits. Argument reduction and constants ln2 follow fdlibm; the polynomials are plain Taylor series.
 */
import type { UnaryFunction } from '../../program/instructions.js';

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** 1/12!, 1/11!, ... 1/0! */
const EXP_COEFFICIENTS = Array.from({ length: 13 }, (_, i) => 1 / factorial(12 - i));
/** 1/19, 1/17, ... 1/1 */
const LOG_COEFFICIENTS = Array.from({ length: 10 }, (_, i) => 1 / (19 - 2 * i));

const TWO_OVER_ROOT_PI = 1.1283791670955126;
const ROOT_HALF = Math.SQRT1_2;
const ROOT_TWO_OVER_PI = 0.7978845608028654;

const view = new DataView(new ArrayBuffer(8));

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}

function horner(coefficients: readonly number[], x: number): number {
  let sum = coefficients[0];
  for (let i = 1; i < coefficients.length; i++) sum = sum * x + coefficients[i];
  return sum;
}

/** 2^k as a float64, for -1022 <= k <= 1023. */
function powerOfTwo(k: number): number {
  view.setUint32(0, (k + 1023) << 20);
  view.setUint32(4, 0);
  return view.getFloat64(0);
}

/** e^x in float64. */
export function exp64(x: number): number {
  if (x > 709) return Infinity;
  if (x < -708) return 0;
  if (Number.isNaN(x)) return x;
  const k = Math.floor(x * Math.LOG2E + 0.5);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  return horner(EXP_COEFFICIENTS, r) * powerOfTwo(k);
}

/** Natural logarithm in float64. */
export function log64(x: number): number {
  if (Number.isNaN(x) || x < 0) return NaN;
  if (x === 0) return -Infinity;
  if (x === Infinity) return x;
  const subnormal = x < powerOfTwo(-1022);
  view.setFloat64(0, subnormal ? x * powerOfTwo(54) : x);
  const high = view.getUint32(0);
  let e = (high >>> 20) - 1023 - (subnormal ? 54 : 0);
  view.setUint32(0, (high & 0xfffff) | (1023 << 20));
  let m = view.getFloat64(0);
  if (m > Math.SQRT2) {
    m *= 0.5;
    e += 1;
  }
  const s = (m - 1) / (m + 1);
  const p = horner(LOG_COEFFICIENTS, s * s);
  return e * LN2_HIGH + ((s + s) * p + e * LN2_LOW);
}

/** Hyperbolic tangent in float64; odd to the last bit. */
export function tanh64(x: number): number {
  const a = Math.abs(x);
  if (a < 0.015625) {
    const z = x * x;
    return x * (1 + z * (-1 / 3 + z * (2 / 15 + z * (-17 / 315))));
  }
  const t = 1 - 2 / (exp64(a + a) + 1);
  return x < 0 ? -t : t;
}

/** e^x - 1 in float64, also near 0. */
export function expm1(x: number): number {
  if (Math.abs(x) >= 0.03125) return exp64(x) - 1;
  let p = 1;
  for (let n = 8; n >= 2; n--) p = 1 + (x / n) * p;
  return x * p;
}

/** Natural logarithm of 1 + t in float64, 0 <= t <= 1. */
export function log1p(t: number): number {
  if (t >= 0.4 || Number.isNaN(t)) return log64(1 + t);
  const s = t / (2 + t);
  return (s + s) * horner(LOG_COEFFICIENTS, s * s);
}

/** x to the power y in float64. */
export function power64(x: number, y: number): number {
  if (y === 0 || x === 1) return 1;
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
  const a = Math.abs(x);
  const magnitude = a === 1 ? 1 : exp64(y * log64(a));
  if (x > 0 || Object.is(x, 0)) return magnitude;
  if (Math.floor(y) !== y) return a > 0 && a < Infinity ? NaN : magnitude;
  return 2 * Math.floor(y / 2) === y ? magnitude : -magnitude;
}

/** The error function in float64, by the series of Abramowitz and Stegun 7.1.6, whose terms have one sign. */
export function erf64(x: number): number {
  if (Number.isNaN(x)) return x;
  const a = Math.abs(x);
  if (a >= 6) return x < 0 ? -1 : 1;
  const z = x * x;
  let p = 1;
  for (let n = 20 + 16 * Math.floor(a); n >= 1; n--) p = 1 + ((z + z) / (2 * n + 1)) * p;
  return TWO_OVER_ROOT_PI * x * (exp64(-z) * p);
}

/** x < low ? low : x > high ? high : x, which keeps NaN and the sign of zero. */
export function clampNumber(x: number, low: number, high: number): number {
  // Math.min and Math.max order the zeros
  return x < low ? low : x > high ? high : x;
}

const { fround } = Math;

function hardSigmoid(x: number, alpha: number, beta: number): number {
  return clampNumber(fround(fround(fround(alpha) * x) + fround(beta)), 0, 1);
}

/** The `unary` instruction for one value: a float32 from a float32. */
export function evaluateUnary(fn: UnaryFunction, x: number): number {
  switch (fn.name) {
    case 'exp':
      return fround(exp64(x));
    case 'sigmoid':
      return fround(1 / (1 + exp64(-x)));
    case 'tanh':
      return fround(tanh64(x));
    case 'hardSigmoid':
      return hardSigmoid(x, fn.alpha, fn.beta);
    case 'hardSwish':
      return fround(x * hardSigmoid(x, 1 / 6, 0.5));
    case 'negate':
      return -x;
    case 'absolute':
      return Math.abs(x);
    case 'squareRoot':
      return fround(Math.sqrt(x));
    case 'reciprocal':
      return fround(1 / x);
    case 'log':
      return fround(log64(x));
    case 'erf':
      return fround(erf64(x));
    case 'softplus':
      return fround((x > 0 ? x : 0) + log1p(exp64(-Math.abs(x))));
    case 'gelu':
      return fround(0.5 * x * (1 + erf64(x * ROOT_HALF)));
    case 'geluTanh':
      return fround(0.5 * x * (1 + tanh64(ROOT_TWO_OVER_PI * (x + 0.044715 * x * x * x))));
    case 'elu':
      return fround(fn.scale * (x < 0 ? fn.alpha * expm1(x) : x));
    case 'floor':
      return Math.floor(x);
    case 'ceiling':
      return Math.ceil(x);
    case 'truncate':
      return Math.trunc(x);
    case 'isZero':
      return x === 0 ? 1 : 0;
    case 'isNotZero':
      return x === 0 ? 0 : 1;
  }
}
