/** The elementary functions of docs/arithmetic.md section 6 in C: float64 from + - * / and bits only. */
import type { Library } from './library.js';
import { defineFloor } from './rounding.js';

const POWER_OF_TWO = `
/* 2^k for -1022 <= k <= 1023 */
static double power_of_two(int k)
{
  const uint64_t bits = (uint64_t)(k + 1023) << 52;
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}`;

const EXP = `
/* e^x */
static double exp64(double x)
{
  static const double factorials[13] = {
    479001600.0, 39916800.0, 3628800.0, 362880.0, 40320.0, 5040.0, 720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0
  };
  if (x > 709.0) return (double)INFINITY;
  if (x < -708.0) return 0.0;
  if (x != x) return x;
  const double k = floor64(x * 0x1.71547652b82fep+0 + 0.5);
  const double r = (x - k * 0x1.62e42feep-1) - k * 0x1.a39ef35793c76p-33;
  double p = 1.0 / factorials[0];
  for (int i = 1; i < 13; i++) p = p * r + 1.0 / factorials[i];
  return p * power_of_two((int)k);
}`;

const LOG = `
/* natural logarithm of x */
static double log64(double x)
{
  if (x != x || x < 0.0) return (double)NAN;
  if (x == 0.0) return -(double)INFINITY;
  if (x == (double)INFINITY) return x;
  const int subnormal = x < 0x1p-1022;
  if (subnormal) x = x * 0x1p54;
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  int e = (int)(bits >> 52) - 1023 - (subnormal ? 54 : 0);
  bits = (bits & ((UINT64_C(1) << 52) - 1)) | (UINT64_C(1023) << 52);
  double m;
  memcpy(&m, &bits, sizeof m);
  if (m > 1.4142135623730951) {
    m = m * 0.5;
    e = e + 1;
  }
  const double s = (m - 1.0) / (m + 1.0);
  const double z = s * s;
  double p = 1.0 / 19.0;
  for (int n = 17; n >= 1; n -= 2) p = p * z + 1.0 / n;
  return e * 0x1.62e42feep-1 + ((s + s) * p + e * 0x1.a39ef35793c76p-33);
}`;

const TANH = `
/* hyperbolic tangent of x */
static double tanh64(double x)
{
  const double a = x < 0.0 ? -x : x;
  if (a < 0x1p-6) {
    const double z = x * x;
    return x * (1.0 + z * (-1.0 / 3.0 + z * (2.0 / 15.0 + z * (-17.0 / 315.0))));
  }
  const double t = 1.0 - 2.0 / (exp64(a + a) + 1.0);
  return x < 0.0 ? -t : t;
}`;

const EXPM1 = `
/* e^x - 1, also near 0 */
static double expm1_64(double x)
{
  if (x >= 0x1p-5 || x <= -0x1p-5) return exp64(x) - 1.0;
  double p = 1.0;
  for (int n = 8; n >= 2; n--) p = 1.0 + (x / n) * p;
  return x * p;
}`;

const LOG1P = `
/* natural logarithm of 1 + t for 0 <= t <= 1 */
static double log1p_64(double t)
{
  if (t >= 0.4 || t != t) return log64(1.0 + t);
  const double s = t / (2.0 + t);
  const double z = s * s;
  double p = 1.0 / 19.0;
  for (int n = 17; n >= 1; n -= 2) p = p * z + 1.0 / n;
  return (s + s) * p;
}`;

const ERF = `
/* the error function */
static double erf64(double x)
{
  if (x != x) return x;
  const double a = x < 0.0 ? -x : x;
  if (a >= 6.0) return x < 0.0 ? -1.0 : 1.0;
  const double z = x * x;
  double p = 1.0;
  for (int n = 20 + 16 * (int)a; n >= 1; n--) p = 1.0 + ((z + z) / (2 * n + 1)) * p;
  return (1.1283791670955126 * x) * (exp64(-z) * p);
}`;

const POWER = `
/* x to the power y */
static double power64(double x, double y)
{
  if (y == 0.0 || x == 1.0) return 1.0;
  if (x != x || y != y) return (double)NAN;
  const int negative = x < 0.0 || (x == 0.0 && 1.0 / x < 0.0);
  const double a = x < 0.0 ? -x : x;
  const double magnitude = a == 1.0 ? 1.0 : exp64(y * log64(a));
  if (!negative) return magnitude;
  if (floor64(y) != y) return a > 0.0 && a < (double)INFINITY ? (double)NAN : magnitude;
  return 2.0 * floor64(y / 2.0) == y ? magnitude : -magnitude;
}`;

const SQRT = `
/* the square root of x, rounded to nearest; one bit after the other */
static double sqrt64(double x)
{
  if (!(x > 0.0) || x == (double)INFINITY) return x == 0.0 || x > 0.0 ? x : (double)NAN;
  const int subnormal = x < 0x1p-1022;
  if (subnormal) x = x * 0x1p54;
  uint64_t rest;
  memcpy(&rest, &x, sizeof rest);
  int e = (int)(rest >> 52) - 1023;
  rest = (rest & ((UINT64_C(1) << 52) - 1)) | (UINT64_C(1) << 52);
  if (e & 1) rest += rest;
  rest += rest;
  uint64_t root = 0, doubled = 0;
  for (uint64_t bit = UINT64_C(1) << 53; bit != 0; bit >>= 1) {
    if (doubled + bit <= rest) {
      rest -= doubled + bit;
      doubled += bit + bit;
      root += bit;
    }
    rest += rest;
  }
  if (rest != 0) root += root & 1;
  e = (e - (e & 1)) / 2 - (subnormal ? 27 : 0);
  const uint64_t bits = (root >> 1) + ((uint64_t)(e + 1022) << 52);
  memcpy(&x, &bits, sizeof x);
  return x;
}`;

/** Each function: its text, and the functions that it calls. */
const functions = {
  exp64: { text: EXP, uses: [] },
  log64: { text: LOG, uses: [] },
  tanh64: { text: TANH, uses: ['exp64'] },
  expm1_64: { text: EXPM1, uses: ['exp64'] },
  log1p_64: { text: LOG1P, uses: ['log64'] },
  erf64: { text: ERF, uses: ['exp64'] },
  power64: { text: POWER, uses: ['exp64', 'log64'] },
  sqrt64: { text: SQRT, uses: [] },
} as const;

export type Elementary = keyof typeof functions;

/** Defines `double NAME(double x)` and what it uses. */
export function defineElementary(library: Library, name: Elementary): string {
  return library.define(name, () => {
    const { text, uses } = functions[name];
    for (const used of uses) defineElementary(library, used);
    if (name === 'exp64') {
      defineFloor(library);
      library.define('power_of_two', () => POWER_OF_TWO);
    }
    return text;
  });
}
