/** exp64, log64 and tanh64 of docs/arithmetic.md section 6, operation for operation. */

export const LN2_HIGH = reinterpret<f64>(0x3fe62e42fee00000);
export const LN2_LOW = reinterpret<f64>(0x3dea39ef35793c76);
export const INVERSE_LN2 = reinterpret<f64>(0x3ff71547652b82fe);

export function exp64(x: f64): f64 {
  if (x != x) return NaN;
  if (x > 709) return Infinity;
  if (x < -708) return 0;
  const k = floor(x * INVERSE_LN2 + 0.5);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let p: f64 = 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  return p * reinterpret<f64>((<i64>k + 1023) << 52);
}

// @ts-ignore: decorator
@inline
function logSeries(z: f64): f64 {
  let p: f64 = 1.0 / 19.0;
  p = p * z + 1.0 / 17.0;
  p = p * z + 1.0 / 15.0;
  p = p * z + 1.0 / 13.0;
  p = p * z + 1.0 / 11.0;
  p = p * z + 1.0 / 9.0;
  p = p * z + 1.0 / 7.0;
  p = p * z + 1.0 / 5.0;
  p = p * z + 1.0 / 3.0;
  p = p * z + 1.0;
  return p;
}

export function log64(x: f64): f64 {
  if (x != x || x < 0) return NaN;
  if (x == 0) return -Infinity;
  if (x == Infinity) return x;
  let exponent: i64 = 0;
  if (x < reinterpret<f64>(0x0010000000000000)) {
    x *= 18014398509481984.0;
    exponent = -54;
  }
  const bits = reinterpret<u64>(x);
  exponent += <i64>(bits >> 52) - 1023;
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    exponent++;
  }
  const e = <f64>exponent;
  const s = (m - 1) / (m + 1);
  return e * LN2_HIGH + ((s + s) * logSeries(s * s) + e * LN2_LOW);
}

/** e^x - 1. */
export function expm1(x: f64): f64 {
  if (abs(x) >= 0.03125) return exp64(x) - 1.0;
  let p: f64 = 1.0;
  for (let n = 8; n >= 2; n--) p = 1.0 + (x / <f64>n) * p;
  return x * p;
}

/** log(1 + t), 0 <= t <= 1. */
export function log1p(t: f64): f64 {
  if (t >= 0.4 || t != t) return log64(1.0 + t);
  const s = t / (2.0 + t);
  return (s + s) * logSeries(s * s);
}

export function erf64(x: f64): f64 {
  if (x != x) return x;
  const a = abs(x);
  if (a >= 6.0) return x < 0 ? -1.0 : 1.0;
  const z = x * x;
  let p: f64 = 1.0;
  for (let n = 20 + 16 * <i32>a; n >= 1; n--) p = 1.0 + ((z + z) / <f64>(2 * n + 1)) * p;
  return 1.1283791670955126 * x * (exp64(-z) * p);
}

export function tanh64(x: f64): f64 {
  const a = abs(x);
  if (a < 0.015625) {
    const z = x * x;
    return x * (1.0 + z * (-1.0 / 3.0 + z * (2.0 / 15.0 + z * (-17.0 / 315.0))));
  }
  const t = 1.0 - 2.0 / (exp64(a + a) + 1.0);
  return x < 0 ? -t : t;
}
