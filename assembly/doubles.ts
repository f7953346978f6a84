/**
 * From accumulators to integers by float64: a product with the channel's scale, to which an offset is added that depends on the sign, is
 * rounded to the nearest integer, ties to even. src/execute/wasm/doubles.ts says for which scalings that is exact.
 *
 * Layer: bytes from a block to its offsets (i32, at 16), zero point (4 x i32, at 32). Block: 32 bytes, scales of channels 0, 1, 4, 5, then of 2, 3, 6, 7
 * (f64). Offsets: those of sums that are not negative, and what is to add to them for those that are, each in the same order (f64).
 */

/** 1.5 * 2^52: what float64 rounds to whole numbers, ties to even, when it is added. Their low bits are the integer's. */
export const WHOLE: f64 = 6755399441055744;

/** Two integers, to which WHOLE is added. */
// @ts-ignore: decorator
@inline
export function roundTwo(x: v128, scale: v128, offset: v128, difference: v128): v128 {
  const product = f64x2.mul(x, scale);
  const negative = f64x2.lt(product, f64x2.splat(0));
  const shifted = f64x2.add(product, f64x2.add(offset, v128.and(negative, difference)));
  return f64x2.add(shifted, f64x2.splat(WHOLE));
}

// @ts-ignore: decorator
@inline
function roundFour(a: v128, b: v128, block: usize, layer: usize): v128 {
  const offsets = block + load<usize>(layer, 16);
  const low = roundTwo(a, v128.load(block, 32), v128.load(offsets), v128.load(offsets, 64));
  const high = roundTwo(b, v128.load(block, 64), v128.load(offsets, 32), v128.load(offsets, 96));
  return i32x4.add(v128.shuffle<i32>(low, high, 0, 2, 4, 6), v128.load(layer, 32));
}

/** Four codes (i32) out of four accumulators (i32). */
// @ts-ignore: decorator
@inline
function lanesAsDoubles(x: v128, block: usize, layer: usize): v128 {
  const high = v128.shuffle<i64>(x, x, 1, 1);
  return roundFour(f64x2.convert_low_i32x4_s(x), f64x2.convert_low_i32x4_s(high), block, layer);
}

/** Eight codes (i16, not yet clamped) out of eight accumulators (i32). */
export function eightAsDoubles(a: v128, b: v128, block: usize, layer: usize): v128 {
  return i16x8.narrow_i32x4_s(lanesAsDoubles(a, block, layer), lanesAsDoubles(b, block + 16, layer));
}

/** An integer (i64) of less than 2^51 as float64. */
// @ts-ignore: decorator
@inline
function convertLong(x: v128): v128 {
  const whole = f64x2.splat(WHOLE);
  return f64x2.sub(i64x2.add(x, whole), whole);
}

/** Four codes (i32) out of four accumulators (i64). */
export function longsAsDoubles(a: v128, b: v128, block: usize, layer: usize): v128 {
  return roundFour(convertLong(a), convertLong(b), block, layer);
}

/** Four codes (i32) out of four accumulators 256 * high + low. */
export function joinedAsDoubles(high: v128, low: v128, block: usize, layer: usize): v128 {
  const byte = f64x2.splat(256);
  const highest = v128.shuffle<i64>(high, high, 1, 1);
  const lowest = v128.shuffle<i64>(low, low, 1, 1);
  const a = f64x2.add(f64x2.mul(f64x2.convert_low_i32x4_s(high), byte), f64x2.convert_low_i32x4_s(low));
  const b = f64x2.add(f64x2.mul(f64x2.convert_low_i32x4_s(highest), byte), f64x2.convert_low_i32x4_s(lowest));
  return roundFour(a, b, block, layer);
}
