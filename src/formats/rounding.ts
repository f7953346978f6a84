/**
 * NamedRounding roundings and overflows. Each rounding is defined by its formula over a real x; the table of ties
 * in docs/arithmetic.md identifies any of them. No function in dynafix rounds without being told how.
 */

export const ROUNDINGS = [
  'floor', // greatest integer <= x: a plain arithmetic shift
  'ceiling', // least integer >= x
  'towardZero', // sign(x) * floor(|x|)
  'awayFromZero', // sign(x) * ceiling(|x|)
  'halfEven', // nearest, ties to the even neighbour
  'halfTowardPositive', // floor(x + 1/2)
  'halfTowardNegative', // ceiling(x - 1/2)
  'halfAwayFromZero', // sign(x) * floor(|x| + 1/2)
  'halfTowardZero', // sign(x) * ceiling(|x| - 1/2)
  'halfEvenPositiveHalfUpNegative', // positive ties to even, negative ties up: the DPU of Brevitas
] as const;
export type NamedRounding = (typeof ROUNDINGS)[number];
/** `stochastic(SEED)`: floor(x + u), u from 0 up to 1 by a hash of the seed (32 bits) and the element's index. */
export type Rounding = NamedRounding | `stochastic(${number})`;

/** True for a rounding by name, and for stochastic ones with a seed from 0 to 2^32 - 1. */
export function isRounding(text: string): text is Rounding {
  const seed = /^stochastic\((0|[1-9]\d*)\)$/.exec(text)?.[1];
  return (ROUNDINGS as readonly string[]).includes(text) || (seed !== undefined && Number(seed) < 2 ** 32);
}

/** The seed of a stochastic rounding; undefined for all others. */
export function seedOf(rounding: Rounding): number | undefined {
  return rounding.startsWith('stochastic') ? Number(rounding.slice('stochastic('.length, -1)) : undefined;
}

/**
 * The 32 bits that decide how element `element` of a tensor is rounded: the finaliser of MurmurHash3 over
 * seed + (element + 1) * 0x9E3779B9.
 */
export function stochasticBits(seed: number, element: number): number {
  let bits = (seed + Math.imul(element + 1, 0x9e3779b9)) | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

export const OVERFLOWS = [
  'saturate', // clamp to the format's range
  'saturateSymmetric', // clamp to [-high, high]
  'wrap', // keep the low bits, two's complement
  'trap', // the run fails
] as const;
export type Overflow = (typeof OVERFLOWS)[number];

/**
 * Whether the greatest integer below a non-integer x is rounded up; `half` compares the fraction with 1/2. This is
 * the definition of every rounding, for reals and for integers.
 */
function roundsUp(
  rounding: NamedRounding,
  half: 'less' | 'equal' | 'more',
  negative: boolean,
  odd: boolean,
): boolean {
  switch (rounding) {
    case 'floor':
      return false;
    case 'ceiling':
      return true;
    case 'towardZero':
      return negative;
    case 'awayFromZero':
      return !negative;
  }
  if (half !== 'equal') return half === 'more';
  switch (rounding) {
    case 'halfEven':
      return odd;
    case 'halfTowardPositive':
      return true;
    case 'halfTowardNegative':
      return false;
    case 'halfAwayFromZero':
      return !negative;
    case 'halfTowardZero':
      return negative;
    case 'halfEvenPositiveHalfUpNegative':
      return negative || odd;
  }
}

/**
 * Rounds a real number to an integer; `element` is the index of the element that it belongs to, for stochastic rounding.
 * Exact for every float64; infinities stay, NaN stays NaN.
 */
export function roundReal(x: number, rounding: Rounding, element = 0): number {
  const seed = seedOf(rounding);
  return seed === undefined
    ? roundNamed(x, rounding as NamedRounding)
    : roundStochastically(x, seed, element);
}

/** `roundReal` with one rounding, for many numbers. */
export function createRounder(rounding: Rounding): (x: number, element: number) => number {
  const seed = seedOf(rounding);
  if (seed !== undefined) return (x, element) => roundStochastically(x, seed, element);
  if (rounding === 'halfEven') return roundHalfEven;
  return (x) => roundNamed(x, rounding as NamedRounding);
}

/** What most weights are rounded by. */
function roundHalfEven(x: number): number {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
}

function roundStochastically(x: number, seed: number, element: number): number {
  const below = Math.floor(x);
  if (below === x || Number.isNaN(x)) return x;
  const u = stochasticBits(seed, element) / 2 ** 32;
  // The difference from the nearer of both integers to zero is exact.
  const up = x < 0 ? x - (below + 1) >= -u : x - below >= 1 - u;
  return up ? below + 1 : below;
}

function roundNamed(x: number, rounding: NamedRounding): number {
  const below = Math.floor(x);
  if (below === x || Number.isNaN(x)) return x;
  const middle = below + 0.5;
  const half = x < middle ? 'less' : x > middle ? 'more' : 'equal';
  return roundsUp(rounding, half, x < 0, below % 2 !== 0) ? below + 1 : below;
}

/** value * 2^-shift, rounded; a shift below 0 is an exact left shift. Exact while |value| and the result are below 2^53. */
export function roundShift(value: number, shift: number, rounding: Rounding, element = 0): number {
  return roundReal(value * 2 ** -shift, rounding, element);
}

/** As roundShift, for integers of any size. */
export function roundShiftBig(value: bigint, shift: number, rounding: Rounding, element = 0): bigint {
  if (shift <= 0) return value << BigInt(-shift);
  return roundQuotient(value, 1n << BigInt(shift), rounding, element);
}

/** The exact quotient of two integers, rounded; the divisor is positive. */
export function roundQuotient(value: bigint, divisor: bigint, rounding: Rounding, element = 0): bigint {
  const remainder = ((value % divisor) + divisor) % divisor;
  const below = (value - remainder) / divisor;
  if (remainder === 0n) return below;
  const seed = seedOf(rounding);
  if (seed !== undefined) {
    const missing = 2n ** 32n - BigInt(stochasticBits(seed, element));
    return remainder << 32n >= missing * divisor ? below + 1n : below;
  }
  const twice = remainder << 1n;
  const half = twice < divisor ? 'less' : twice > divisor ? 'more' : 'equal';
  return roundsUp(rounding as NamedRounding, half, value < 0n, (below & 1n) === 1n) ? below + 1n : below;
}

/** Constants of the branch-free form of roundShift; see roundingConstants. */
export interface RoundingConstants {
  readonly offset: bigint;
  readonly evenMask: bigint;
  readonly negativeMask: bigint;
}

/**
 * Turns any rounding into one addition before an arithmetic shift, with bit = (x >> shift) & 1 and sign = x < 0 ? -1 : 0:
 *
 *     roundShift(x, shift) = (x + offset + ((bit & evenMask) | (sign & negativeMask))) >> shift
 *
 * A shift of 0 gives zeros; the masks are meant for integers as wide as x. Not for stochastic rounding, whose addend differs from element
 * to element.
 */
export function roundingConstants(rounding: NamedRounding, shift: number): RoundingConstants {
  const constants = (offset: bigint, evenMask = 0n, negativeMask = 0n) => ({
    offset,
    evenMask,
    negativeMask,
  });
  if (shift === 0) return constants(0n);
  const half = 1n << BigInt(shift - 1);
  const rest = 2n * half - 1n;
  switch (rounding) {
    case 'floor':
      return constants(0n);
    case 'ceiling':
      return constants(rest);
    case 'towardZero':
      return constants(0n, 0n, rest);
    case 'awayFromZero':
      return constants(rest, 0n, -rest);
    case 'halfEven':
      return constants(half - 1n, 1n);
    case 'halfTowardPositive':
      return constants(half);
    case 'halfTowardNegative':
      return constants(half - 1n);
    case 'halfAwayFromZero':
      return constants(half, 0n, -1n);
    case 'halfTowardZero':
      return constants(half - 1n, 0n, 1n);
    case 'halfEvenPositiveHalfUpNegative':
      return constants(half - 1n, 1n, 1n);
  }
}
