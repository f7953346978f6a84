/**
 * From accumulators to codes: code = clamp(roundShift(accumulator, shift), low, high), for every rounding by the branch-free
 * formula of docs/arithmetic.md section 2. Two forms:
 *
 * - 32 bits, SIMD. SIMD has no shift per lane, so a lane is brought to the layer's largest shift by a multiplication; a clamp
 *   before it, to values that saturate anyway, keeps that from overflowing. The layer's record: offset, evenMask << shift,
 *   negativeMask (each 4 x i32), low, high (8 x i16), shift (i32), 1 where the clamp or negativeMask is needed (i32). Per 8
 *   channels: bias, minimum, maximum, multiplier (8 x i32).
 * - 64 bits, scalar. Per channel: bias, minimum, maximum, offset, negativeMask, evenMask, shift right, shift left, low, high (i64).
 */

/** Bytes of the per-channel data of 8 channels, 32-bit form. */
export const BLOCK: usize = 128;
/** Bytes of one channel's record, 64-bit form. */
export const WIDE: usize = 80;

// @ts-ignore: decorator
@inline
function roundFour(scaled: v128, layer: usize): v128 {
  const tie = i32x4.min_u(v128.and(scaled, v128.load(layer, 16)), i32x4.splat(1));
  return i32x4.shr_s(i32x4.add(i32x4.add(scaled, v128.load(layer)), tie), load<i32>(layer, 80));
}

/** As roundFour, with the clamp that keeps the product in 32 bits, and the roundings that look at the sign. */
// @ts-ignore: decorator
@inline
function clampAndRoundFour(x: v128, minimum: v128, maximum: v128, multiplier: v128, layer: usize): v128 {
  const scaled = i32x4.mul(i32x4.min_s(i32x4.max_s(x, minimum), maximum), multiplier);
  const tie = i32x4.min_u(v128.and(scaled, v128.load(layer, 16)), i32x4.splat(1));
  const sign = v128.and(i32x4.shr_s(scaled, 31), v128.load(layer, 32));
  const sum = i32x4.add(i32x4.add(scaled, v128.load(layer)), v128.or(tie, sign));
  return i32x4.shr_s(sum, load<i32>(layer, 80));
}

/** Eight codes (i16) out of eight accumulators (i32, bias included). */
// @ts-ignore: decorator
@inline
export function roundEight(a: v128, b: v128, block: usize, layer: usize): v128 {
  if (load<i32>(layer, 84)) {
    a = clampAndRoundFour(a, v128.load(block, 32), v128.load(block, 64), v128.load(block, 96), layer);
    b = clampAndRoundFour(b, v128.load(block, 48), v128.load(block, 80), v128.load(block, 112), layer);
  } else {
    a = roundFour(i32x4.mul(a, v128.load(block, 96)), layer);
    b = roundFour(i32x4.mul(b, v128.load(block, 112)), layer);
  }
  const codes = i16x8.narrow_i32x4_s(a, b);
  return i16x8.min_s(i16x8.max_s(codes, v128.load(layer, 48)), v128.load(layer, 64));
}

/** One code out of one exact sum (bias not yet added). */
export function roundWide(sum: i64, record: usize): i32 {
  const minimum = load<i64>(record, 8);
  const maximum = load<i64>(record, 16);
  const shift = load<i64>(record, 48);
  let x = sum + load<i64>(record);
  x = x < minimum ? minimum : x > maximum ? maximum : x;
  x <<= load<i64>(record, 56);
  const tie = (x >> shift) & load<i64>(record, 40);
  const sign = (x >> 63) & load<i64>(record, 32);
  x = (x + load<i64>(record, 24) + (tie | sign)) >> shift;
  const low = load<i64>(record, 64);
  const high = load<i64>(record, 72);
  return <i32>(x < low ? low : x > high ? high : x);
}
