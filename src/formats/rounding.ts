/**
 * Named roundings and overflows. Each rounding is defined by its formula over a real x; the table of ties
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
export type Rounding = (typeof ROUNDINGS)[number];

export const OVERFLOWS = [
  'saturate', // clamp to the format's range
  'saturateSymmetric', // clamp to [-high, high]
  'wrap', // keep the low bits, two's complement
  'trap', // the run fails
] as const;
export type Overflow = (typeof OVERFLOWS)[number];

/** Rounds a real number to an integer. Exact for |x| < 2^52; infinities stay, NaN stays NaN. */
export function roundReal(x: number, rounding: Rounding): number {
  const below = Math.floor(x);
  const fraction = x - below;
  if (fraction === 0 || !Number.isFinite(x)) return x;
  switch (rounding) {
    case 'floor':
      return below;
    case 'ceiling':
      return below + 1;
    case 'towardZero':
      return x < 0 ? below + 1 : below;
    case 'awayFromZero':
      return x < 0 ? below : below + 1;
  }
  if (fraction !== 0.5) return fraction < 0.5 ? below : below + 1;
  switch (rounding) {
    case 'halfEven':
      return below % 2 === 0 ? below : below + 1;
    case 'halfTowardPositive':
      return below + 1;
    case 'halfTowardNegative':
      return below;
    case 'halfAwayFromZero':
      return x < 0 ? below : below + 1;
    case 'halfTowardZero':
      return x < 0 ? below + 1 : below;
    case 'halfEvenPositiveHalfUpNegative':
      return x < 0 || below % 2 !== 0 ? below + 1 : below;
  }
}
