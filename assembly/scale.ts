/**
 * Scalings of exact 64-bit integers, every style and rounding of docs/arithmetic.md: scalar, with products of 128 bits.
 *
 * A record (i64 each): style, rounding, seed, factor, shift, zero point. The factor is the multiplier, the divisor, or the scale as
 * float64; styles and roundings are numbered in src/execute/wasm/rescale.ts.
 */

const SHIFT = 0;
const DOUBLING = 2;
const SCALE = 3;
const DIVISION = 4;

/** Results beyond it are brought to it: no code, zero point or sum of two comes near. */
const LIMIT: i64 = 1 << 62;

/** What `scaled` returns for a number that its register does not hold. */
export const FAILED: i64 = i64.MIN_VALUE;

const STOCHASTIC = 10;

/** The 32 bits that round one element: formats/rounding.ts. */
export function stochasticBits(seed: i32, element: i32): u32 {
  let bits = seed + (element + 1) * <i32>0x9e3779b9;
  bits = (bits ^ (bits >>> 16)) * <i32>0x85ebca6b;
  bits = (bits ^ (bits >>> 13)) * <i32>0xc2b2ae35;
  return <u32>(bits ^ (bits >>> 16));
}

/**
 * Whether a number is rounded up from the integer below: `fraction` holds the 64 bits behind the point, `sticky` whether
 * one behind them is set; `odd` belongs to the integer below.
 */
function roundsUp(record: usize, element: i32, fraction: u64, sticky: bool, negative: bool, odd: bool): bool {
  if (fraction == 0 && !sticky) return false;
  const rounding = load<i32>(record, 8);
  if (rounding == 0) return false;
  if (rounding == 1) return true;
  if (rounding == 2) return negative;
  if (rounding == 3) return !negative;
  if (rounding == STOCHASTIC)
    return (fraction >> 32) + <u64>stochasticBits(load<i32>(record, 16), element) >= 0x100000000;
  const half: u64 = 1 << 63;
  if (fraction != half || sticky) return fraction >= half;
  if (rounding == 4) return odd;
  if (rounding == 5) return true;
  if (rounding == 6) return false;
  if (rounding == 7) return !negative;
  if (rounding == 8) return negative;
  return negative || odd;
}

// @ts-ignore: decorator
@inline
function limited(x: i64): i64 {
  return x > LIMIT ? LIMIT : x < -LIMIT ? -LIMIT : x;
}

// @ts-ignore: decorator
@inline
function beyond(negative: bool): i64 {
  return negative ? -LIMIT : LIMIT;
}

/** (high, low) * 2^-shift, rounded: limited, or the 64 lowest bits where `whole` is false. */
function shifted(high: i64, low: i64, record: usize, element: i32, whole: bool): i64 {
  const shift = load<i32>(record, 32);
  if (shift <= 0) {
    const left = -shift;
    const result = left > 63 ? 0 : low << left;
    if (!whole) return result;
    if (high != low >> 63) return beyond(high < 0);
    if (left > 63) return low == 0 ? 0 : beyond(low < 0);
    return result >> left == low ? limited(result) : beyond(low < 0);
  }
  // Below half of the least that remains, every shift rounds alike.
  const right = min(shift, 120);
  let below: i64;
  let above: i64;
  let fraction: u64;
  let sticky = false;
  if (right < 64) {
    below = <i64>(<u64>low >> right) | (high << (64 - right));
    above = high >> right;
    fraction = <u64>low << (64 - right);
  } else {
    const rest = right - 64;
    below = high >> rest;
    above = high >> 63;
    fraction = rest == 0 ? <u64>low : (<u64>high << (64 - rest)) | (<u64>low >> rest);
    sticky = rest > 0 && <u64>low << (64 - rest) != 0;
  }
  const up = roundsUp(record, element, fraction, sticky, high < 0, (below & 1) == 1);
  if (!whole) return below + <i64>up;
  if (above != below >> 63) return beyond(high < 0);
  return limited(limited(below) + <i64>up);
}

function doubled(value: i64, multiplier: i64, shift: i32): i64 {
  const left = max(-shift, 0);
  if (value > <i64>i32.MAX_VALUE >> left || value < <i64>i32.MIN_VALUE >> left) return FAILED;
  const high = ((value << left) * multiplier + (1 << 30)) >> 31;
  const right = max(shift, 0);
  if (right == 0) return high;
  return (high + (<i64>1 << (right - 1)) + (high >> 63)) >> right;
}

function times(value: i64, record: usize, element: i32, whole: bool): i64 {
  const product = <f64>(<f32>value * <f32>load<f64>(record, 24));
  // A float32 that large is a multiple of 2^39.
  if (abs(product) >= 4611686018427387904.0) return whole ? beyond(product < 0) : 0;
  const below = floor(product);
  const finer = product * 4294967296.0;
  const fraction = <u64>(floor(finer) - below * 4294967296.0) << 32;
  const integer = <i64>below;
  const sticky = floor(finer) != finer;
  return integer + <i64>roundsUp(record, element, fraction, sticky, product < 0, (integer & 1) == 1);
}

function divided(value: i64, record: usize, element: i32, whole: bool): i64 {
  const divisor = load<i64>(record, 24);
  let below = value / divisor;
  let rest = value % divisor;
  if (rest < 0) {
    below--;
    rest += divisor;
  }
  const fraction = (<u64>rest << 32) / <u64>divisor;
  const sticky = (<u64>rest << 32) % <u64>divisor != 0;
  below += <i64>roundsUp(record, element, fraction << 32, sticky, value < 0, (below & 1) == 1);
  return whole ? limited(below) : below;
}

/**
 * One integer scaled, without its zero point: brought to within 2^62 where it is larger (`whole`), or its 64 lowest bits. FAILED
 * for what does not fit the register of the style `doubling`. `element` is the index that decides stochastic rounding.
 */
export function scaled(value: i64, record: usize, element: i32, whole: bool): i64 {
  const style = load<i32>(record);
  if (style == SHIFT) return shifted(value >> 63, value, record, element, whole);
  if (style == DOUBLING) return doubled(value, load<i64>(record, 24), load<i32>(record, 32));
  if (style == SCALE) return times(value, record, element, whole);
  if (style == DIVISION) return divided(value, record, element, whole);
  // A multiplier has at most 31 bits, so that both parts of the product fit 64.
  const multiplier = load<i64>(record, 24);
  const low = (value & 0xffffffff) * multiplier;
  const high = (value >> 32) * multiplier + (low >> 32);
  return shifted(high >> 32, value * multiplier, record, element, whole);
}
