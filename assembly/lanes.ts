/** Loads and stores that every kernel shares. */

/** Stores the first `count` (1 to 8) i16 lanes, and nothing behind them. */
// @ts-ignore: decorator
@inline
export function storeShorts(address: usize, value: v128, count: i32): void {
  if (count >= 8) v128.store(address, value);
  else storeShortTail(address, value, count);
}

function storeShortTail(address: usize, value: v128, count: i32): void {
  if (count & 4) {
    v128.store64_lane(address, value, 0);
    value = v128.shuffle<i64>(value, value, 1, 1);
    address += 8;
  }
  if (count & 2) {
    v128.store32_lane(address, value, 0);
    value = v128.shuffle<i32>(value, value, 1, 1, 1, 1);
    address += 4;
  }
  if (count & 1) v128.store16_lane(address, value, 0);
}

/** Stores the first `count` of the lower four i16 lanes (or all of them), and nothing behind them. */
// @ts-ignore: decorator
@inline
export function storeFourShorts(address: usize, value: v128, count: i32): void {
  if (count >= 4) v128.store64_lane(address, value, 0);
  else storeShortTail(address, value, count);
}

/** Stores the first `count` (1 to 4) 32-bit lanes, and nothing behind them. */
// @ts-ignore: decorator
@inline
export function storeFloats(address: usize, value: v128, count: i32): void {
  if (count >= 4) v128.store(address, value);
  else storeFloatTail(address, value, count);
}

function storeFloatTail(address: usize, value: v128, count: i32): void {
  if (count & 2) {
    v128.store64_lane(address, value, 0);
    value = v128.shuffle<i64>(value, value, 1, 1);
    address += 8;
  }
  if (count & 1) v128.store32_lane(address, value, 0);
}

/** Stores the first `count` (or all) of eight 32-bit lanes. */
// @ts-ignore: decorator
@inline
export function storeEightWords(address: usize, a: v128, b: v128, count: i32): void {
  storeFloats(address, a, count);
  if (count > 4) storeFloats(address + 16, b, count - 4);
}

/** Stores the first `count` (or all) of eight 64-bit lanes. */
export function storeEightLongs(address: usize, a: v128, b: v128, c: v128, d: v128, count: i32): void {
  storeFourLongs(address, a, b, count);
  if (count > 4) storeFourLongs(address + 32, c, d, count - 4);
}

/** Stores the first `count` (1 to 4, or more for all) of four 64-bit lanes. */
function storeFourLongs(address: usize, a: v128, b: v128, count: i32): void {
  if (count > 1) v128.store(address, a);
  else v128.store64_lane(address, a, 0);
  if (count > 3) v128.store(address, b, 16);
  else if (count > 2) v128.store64_lane(address, b, 0, 16);
}

/** Interleaves the low four i16 lanes of two vectors: pairs for `dot_i16x8_s`. */
// @ts-ignore: decorator
@inline
export function interleaveLow(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

// @ts-ignore: decorator
@inline
export function interleaveHigh(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

/**
 * Four absolute addresses out of four table entries: byte offsets from `x`, or negative for padding, which reads `padding`.
 */
// @ts-ignore: decorator
@inline
export function addresses(table: usize, x: usize, padding: usize): v128 {
  const offsets = v128.load(table);
  return v128.bitselect(
    i32x4.splat(<i32>padding),
    i32x4.add(offsets, i32x4.splat(<i32>x)),
    i32x4.shr_s(offsets, 31),
  );
}

/** The same, 4 bytes before: for loops that move an address before they load from it. */
// @ts-ignore: decorator
@inline
export function addressesBefore(table: usize, x: usize, padding: usize): v128 {
  return i32x4.sub(addresses(table, x, padding), i32x4.splat(4));
}

// @ts-ignore: decorator
@inline
export function address(table: usize, x: usize, padding: usize): usize {
  const offset = load<i32>(table);
  return offset < 0 ? padding : x + <usize>offset;
}

/** min(max(x, low), high) that keeps NaN and the sign of zero. */
// @ts-ignore: decorator
@inline
export function clampFloats(x: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, low), high);
}

/** Four codes as i32. */
// @ts-ignore: decorator
@inline
export function loadWords(address: usize, step: usize): v128 {
  return step ? v128.load_ext<i16>(address) : i32x4.splat(<i32>load<i16>(address));
}

/** The upper two lanes of four (i32) as float64. */
// @ts-ignore: decorator
@inline
export function convertHigh(x: v128): v128 {
  return f64x2.convert_low_i32x4_s(v128.shuffle<i64>(x, x, 1, 1));
}
