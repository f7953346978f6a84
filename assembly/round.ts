/**
 * From accumulators to codes: code = clamp(scaling(accumulator) + zero point, low, high).
 *
 * - By vectors. The layer's record ends with low, high (8 x i16, at 48), shift (i32), the form below (i32), bits to drop (i32). Per 8
 *   channels: bias (8 x i32) and 24 more words.
 *   Shifts in 32 bits, for every rounding by the branch-free formula of docs/arithmetic.md section 2. SIMD has no shift per lane, so a
 *   lane is brought to the layer's largest shift by a multiplication; a clamp before it, to values that saturate anyway, keeps that from
 *   overflowing. Layer: offset (which holds the zero point), evenMask << shift, negativeMask (each 4 x i32). Channels: minimum, maximum,
 *   multiplier (8 x i32).
 *   As float32, halfEven. Layer: bits of 1.5 * 2^23 less the zero point (4 x i32). Channels: minimum, maximum (8 x i32), scale (8 x f32).
 *   As float64: doubles.ts. With a guard, as float32 first, where that leaves no doubt; layer: bits of 1.5 * 2^23 less the zero point (4 x
 *   i32), from 20 on how far from an integer float32 can tell, 1.5 * 2^23, -0 (f32 each); channels: at 96, scale (8 x f32); at twice the way to the offsets what is
 *   added to the magnitude of a result (8 x f32).
 * - 64 bits, scalar. Per channel: bias, minimum, maximum, offset, negativeMask, evenMask, shift right, shift left, low, high (i64).
 */
import { eightAsDoubles, joinedAsDoubles, longsAsDoubles } from './doubles';
import { storeShorts } from './lanes';

/**
 * Forms of 32 bits: shifts without a clamp and negativeMask, and all others; float32, where sums and codes are proved small enough, or with a
 * clamp; float64.
 */
const PLAIN = 0;
const GENERAL = 1;
export const AS_FLOATS = 2;
const CLAMPED_FLOATS = 3;
const AS_DOUBLES = 4;
/** As floats with a guard, and the same with something to add. */
export const GUARDED = 5;
export const LEANING = 6;

/** Bytes of the per-channel data of 8 channels, 32-bit form. */
export const BLOCK: usize = 128;
/** Bytes of one channel's record, 64-bit form. */
export const WIDE: usize = 80;

// @ts-ignore: decorator
@inline
function roundPlain(x: v128, block: usize, layer: usize): v128 {
  const scaled = i32x4.mul(x, v128.load(block, 96));
  const tie = i32x4.min_u(v128.and(scaled, v128.load(layer, 16)), i32x4.splat(1));
  return i32x4.shr_s(i32x4.add(i32x4.add(scaled, v128.load(layer)), tie), load<i32>(layer, 80));
}

/** As roundPlain, with the clamp that keeps the product in 32 bits, and the roundings that look at the sign. */
// @ts-ignore: decorator
@inline
function roundGeneral(x: v128, block: usize, layer: usize): v128 {
  const scaled = i32x4.mul(clampLanes(x, block), v128.load(block, 96));
  const tie = i32x4.min_u(v128.and(scaled, v128.load(layer, 16)), i32x4.splat(1));
  const sign = v128.and(i32x4.shr_s(scaled, 31), v128.load(layer, 32));
  const sum = i32x4.add(i32x4.add(scaled, v128.load(layer)), v128.or(tie, sign));
  return i32x4.shr_s(sum, load<i32>(layer, 80));
}

// @ts-ignore: decorator
@inline
function clampLanes(x: v128, block: usize): v128 {
  return i32x4.min_s(i32x4.max_s(x, v128.load(block, 32)), v128.load(block, 64));
}

/** 1.5 * 2^23: what float32 rounds to whole numbers, ties to even, when it is added; and its bits. */
const WHOLE: f32 = 12582912;
const WHOLE_BITS: i32 = 0x4b400000;

/** Integers (i32) nearest to four float32 numbers of magnitudes up to 2^22, ties to even. */
// @ts-ignore: decorator
@inline
export function roundToWhole(x: v128): v128 {
  return i32x4.sub(f32x4.add(x, f32x4.splat(WHOLE)), i32x4.splat(WHOLE_BITS));
}

// @ts-ignore: decorator
@inline
function roundAsFloats(x: v128, scale: v128, whole: v128): v128 {
  return i32x4.sub(f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(x), scale), f32x4.splat(WHOLE)), whole);
}

// @ts-ignore: decorator
@inline
function roundClamped(x: v128, block: usize, layer: usize): v128 {
  return roundAsFloats(clampLanes(x, block), v128.load(block, 96), v128.load(layer));
}

/** Four codes (i32, within 16 bits after saturation) out of four accumulators (i32). */
// @ts-ignore: decorator
@inline
export function roundLanes(x: v128, block: usize, layer: usize): v128 {
  const form = formOf(layer);
  if (form == AS_FLOATS) return roundAsFloats(x, v128.load(block, 96), v128.load(layer));
  if (form == PLAIN) return roundPlain(x, block, layer);
  if (form == GENERAL) return roundGeneral(x, block, layer);
  return roundClamped(x, block, layer);
}

/** What float32 makes of four results before they are rounded. */
// @ts-ignore: decorator
@inline
function scaledFloats(x: v128, block: usize, layer: usize, leaning: bool): v128 {
  const product = f32x4.mul(f32x4.convert_i32x4_s(x), v128.load(block, 96));
  if (!leaning) return product;
  const lean = v128.load(block + 2 * load<usize>(layer, 16));
  return f32x4.add(product, v128.or(v128.and(product, v128.load32_splat(layer, 28)), lean));
}

/** Distances from the nearest integers; `whole` is 1.5 * 2^23. */
// @ts-ignore: decorator
@inline
function fraction(x: v128, whole: v128): v128 {
  return f32x4.abs(f32x4.sub(x, f32x4.sub(f32x4.add(x, whole), whole)));
}

// @ts-ignore: decorator
@inline
function leavesDoubt(fractions: v128, layer: usize): bool {
  return v128.any_true(f32x4.ge(fractions, v128.load32_splat(layer, 20)));
}

/** Eight codes, not yet clamped; `bits` are those of 1.5 * 2^23 less the zero point. */
// @ts-ignore: decorator
@inline
function roundedFloats(a: v128, b: v128, whole: v128, bits: v128): v128 {
  return i16x8.narrow_i32x4_s(i32x4.sub(f32x4.add(a, whole), bits), i32x4.sub(f32x4.add(b, whole), bits));
}

// @ts-ignore: decorator
@inline
function roundGuarded(a: v128, b: v128, block: usize, layer: usize, leaning: bool): v128 {
  const whole = v128.load32_splat(layer, 24);
  const p = scaledFloats(a, block, layer, leaning);
  const q = scaledFloats(b, block + 16, layer, leaning);
  if (leavesDoubt(f32x4.pmax(fraction(p, whole), fraction(q, whole)), layer))
    return eightAsDoubles(a, b, block, layer);
  return roundedFloats(p, q, whole, v128.load(layer));
}

/** Stores the codes of 16 channels of a pixel in a form with a guard: one look at it serves all. */
// @ts-ignore: decorator
@inline
export function storeSixteenGuarded(
  out: usize, a: v128, b: v128, c: v128, d: v128, block: usize, layer: usize, leaning: bool,
): void {
  const whole = v128.load32_splat(layer, 24);
  const p = scaledFloats(a, block, layer, leaning);
  const q = scaledFloats(b, block + 16, layer, leaning);
  const r = scaledFloats(c, block + BLOCK, layer, leaning);
  const s = scaledFloats(d, block + BLOCK + 16, layer, leaning);
  const near = f32x4.pmax(fraction(p, whole), fraction(q, whole));
  const far = f32x4.pmax(fraction(r, whole), fraction(s, whole));
  let first: v128, second: v128;
  if (leavesDoubt(f32x4.pmax(near, far), layer)) {
    first = eightAsDoubles(a, b, block, layer);
    second = eightAsDoubles(c, d, block + BLOCK, layer);
  } else {
    const bits = v128.load(layer);
    first = roundedFloats(p, q, whole, bits);
    second = roundedFloats(r, s, whole, bits);
  }
  const low = v128.load(layer, 48);
  const high = v128.load(layer, 64);
  v128.store(out, i16x8.min_s(i16x8.max_s(first, low), high));
  v128.store(out, i16x8.min_s(i16x8.max_s(second, low), high), 16);
}

/** Eight codes (i16) out of eight accumulators (i32, bias included). */
// @ts-ignore: decorator
@inline
export function roundEight(a: v128, b: v128, block: usize, layer: usize): v128 {
  let codes: v128;
  const form = formOf(layer);
  if (form == AS_FLOATS) {
    const whole = v128.load(layer);
    const low = roundAsFloats(a, v128.load(block, 96), whole);
    codes = i16x8.narrow_i32x4_s(low, roundAsFloats(b, v128.load(block, 112), whole));
  } else if (form == PLAIN)
    codes = i16x8.narrow_i32x4_s(roundPlain(a, block, layer), roundPlain(b, block + 16, layer));
  else if (form == GENERAL)
    codes = i16x8.narrow_i32x4_s(roundGeneral(a, block, layer), roundGeneral(b, block + 16, layer));
  else if (form == GUARDED) codes = roundGuarded(a, b, block, layer, false);
  else if (form == LEANING) codes = roundGuarded(a, b, block, layer, true);
  else if (form == AS_DOUBLES) codes = eightAsDoubles(a, b, block, layer);
  else codes = i16x8.narrow_i32x4_s(roundClamped(a, block, layer), roundClamped(b, block + 16, layer));
  return i16x8.min_s(i16x8.max_s(codes, v128.load(layer, 48)), v128.load(layer, 64));
}

// @ts-ignore: decorator
@inline
export function formOf(layer: usize): i32 {
  return load<i32>(layer, 84);
}

/** Stores the codes of 16 channels of two pixels in the form of float32: what both need is loaded once. */
// @ts-ignore: decorator
@inline
export function storeSixteenTwice(
  p: usize, q: usize, p0: v128, p1: v128, p2: v128, p3: v128, q0: v128, q1: v128, q2: v128, q3: v128,
  block: usize, layer: usize,
): void {
  const s0 = v128.load(block, 96);
  const s1 = v128.load(block, 112);
  const s2 = v128.load(block, BLOCK + 96);
  const s3 = v128.load(block, BLOCK + 112);
  const whole = v128.load(layer);
  const low = v128.load(layer, 48);
  const high = v128.load(layer, 64);
  const a = i16x8.narrow_i32x4_s(roundAsFloats(p0, s0, whole), roundAsFloats(p1, s1, whole));
  const b = i16x8.narrow_i32x4_s(roundAsFloats(p2, s2, whole), roundAsFloats(p3, s3, whole));
  const c = i16x8.narrow_i32x4_s(roundAsFloats(q0, s0, whole), roundAsFloats(q1, s1, whole));
  const d = i16x8.narrow_i32x4_s(roundAsFloats(q2, s2, whole), roundAsFloats(q3, s3, whole));
  v128.store(p, i16x8.min_s(i16x8.max_s(a, low), high));
  v128.store(p, i16x8.min_s(i16x8.max_s(b, low), high), 16);
  v128.store(q, i16x8.min_s(i16x8.max_s(c, low), high));
  v128.store(q, i16x8.min_s(i16x8.max_s(d, low), high), 16);
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

/**
 * Four 64-bit sums as 32-bit numbers that round to the same codes: `layer` says how many low bits are dropped, and the lowest
 * bit that stays is set where one of them was. Block: as in the 32-bit form, and 8 biases (i64) behind it.
 */
// @ts-ignore: decorator
@inline
function reduced(a: v128, b: v128, block: usize, biases: usize, layer: usize): v128 {
  const drop = load<i32>(layer, 88);
  const mask = i64x2.splat((<i64>1 << drop) - 1);
  a = i64x2.add(a, v128.load(biases));
  b = i64x2.add(b, v128.load(biases, 16));
  if (formOf(layer) == AS_DOUBLES) return longsAsDoubles(a, b, block, layer);
  const restA = i64x2.add(v128.and(a, mask), mask);
  const restB = i64x2.add(v128.and(b, mask), mask);
  const x = v128.or(i64x2.shr_u(a, drop), i64x2.shr_u(restA, drop));
  const y = v128.or(i64x2.shr_u(b, drop), i64x2.shr_u(restB, drop));
  return roundLanes(v128.shuffle<i32>(x, y, 0, 2, 4, 6), block, layer);
}

/**
 * Four codes (i32, within 16 bits after saturation) out of four sums 256 * high + low, less the bits to drop of high; the lowest bit that
 * stays is set where one below it was.
 */
// @ts-ignore: decorator
@inline
export function roundJoined(low: v128, high: v128, block: usize, layer: usize): v128 {
  const upper = i32x4.add(high, i32x4.shr_s(low, 8));
  const rest = v128.and(low, i32x4.splat(255));
  if (formOf(layer) == AS_DOUBLES) return joinedAsDoubles(upper, rest, block, layer);
  const drop = load<i32>(layer, 88);
  const mask = i32x4.splat((1 << drop) - 1);
  const sum = v128.or(upper, i32x4.min_u(rest, i32x4.splat(1)));
  const dropped = i32x4.shr_u(i32x4.add(v128.and(sum, mask), mask), drop);
  return roundLanes(v128.or(i32x4.shr_s(sum, drop), dropped), block, layer);
}

/** Rounds and stores the first `count` (or all) of eight 64-bit sums; layer 0: `blocks` holds 64-bit records. */
export function storeEightSums(
  out: usize, a: v128, b: v128, c: v128, d: v128, blocks: usize, layer: usize, count: i32,
): void {
  if (layer == 0) {
    storeSums(out, a, b, blocks, count);
    if (count > 4) storeSums(out + 8, c, d, blocks + 4 * WIDE, count - 4);
    return;
  }
  const low = reduced(a, b, blocks, blocks + BLOCK, layer);
  const high = reduced(c, d, blocks + 16, blocks + BLOCK + 32, layer);
  const codes = i16x8.narrow_i32x4_s(low, high);
  storeShorts(out, i16x8.min_s(i16x8.max_s(codes, v128.load(layer, 48)), v128.load(layer, 64)), count);
}

/** Bytes of a block of 8 channels whose sums are 256 * high + low: the 32-bit form, and 8 low parts of biases (i32) behind it. */
export const JOINED: usize = BLOCK + 32;

/** Bytes of a block of 8 channels whose sums have 64 bits. */
// @ts-ignore: decorator
@inline
export function wideBlock(layer: usize): usize {
  return layer == 0 ? 8 * WIDE : BLOCK + 64;
}

/** Rounds and stores the first `count` (1 to 4, or more for all) of four 64-bit sums. */
function storeSums(out: usize, a: v128, b: v128, records: usize, count: i32): void {
  store<i16>(out, <i16>roundWide(i64x2.extract_lane(a, 0), records));
  if (count > 1) store<i16>(out, <i16>roundWide(i64x2.extract_lane(a, 1), records + WIDE), 2);
  if (count > 2) store<i16>(out, <i16>roundWide(i64x2.extract_lane(b, 0), records + 2 * WIDE), 4);
  if (count > 3) store<i16>(out, <i16>roundWide(i64x2.extract_lane(b, 1), records + 3 * WIDE), 6);
}
