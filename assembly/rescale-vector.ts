/**
 * From exact sums to saturated codes, the common scalings by vectors. Sums and codes are dense: `pixels` of `channels` each;
 * `blocks` holds what 8 channels need, zeros where there are fewer.
 */
import { storeShorts } from './lanes';
import { BLOCK, roundLanes, storeEightSums } from './round';

// @ts-ignore: decorator
@inline
function storeCodes(y: usize, a: v128, b: v128, layer: usize, count: i32): void {
  const low = v128.load32_splat(layer);
  const high = v128.load32_splat(layer + 4);
  const zeroPoint = v128.load32_splat(layer + 8);
  const first = i32x4.add(i32x4.min_s(i32x4.max_s(a, low), high), zeroPoint);
  const second = i32x4.add(i32x4.min_s(i32x4.max_s(b, low), high), zeroPoint);
  storeShorts(y, i16x8.narrow_i32x4_s(first, second), count);
}

/** x * scale, rounded half away from zero: exact in float64. */
// @ts-ignore: decorator
@inline
function divideTwo(x: v128, scale: v128): v128 {
  const product = f64x2.mul(f64x2.convert_low_i32x4_s(x), scale);
  const half = v128.or(v128.and(product, i64x2.splat(i64.MIN_VALUE)), f64x2.splat(0.5));
  return i32x4.trunc_sat_f64x2_s_zero(f64x2.add(product, half));
}

/** Style `doubling`. The sum of the shifted number and 2^30 has no sign to look at: see docs/kernels.md. */
// @ts-ignore: decorator
@inline
function doubledFour(x: v128, block: usize, scales: usize): v128 {
  const shifted = i32x4.mul(x, v128.load(block, 32));
  const multiplier = v128.load(block);
  const nudge = i64x2.splat(1 << 30);
  const a = i64x2.shl(i64x2.add(i64x2.extmul_low_i32x4_s(shifted, multiplier), nudge), 1);
  const b = i64x2.shl(i64x2.add(i64x2.extmul_high_i32x4_s(shifted, multiplier), nudge), 1);
  const high = v128.shuffle<i32>(a, b, 1, 3, 5, 7);
  const low = divideTwo(high, v128.load(scales));
  return v128.shuffle<i64>(low, divideTwo(v128.shuffle<i64>(high, high, 1, 1), v128.load(scales, 16)), 0, 2);
}

/**
 * Style `doubling`, for sums whose left shift fits 32 bits. Layer (i32): low, high, both less the zero point, and the zero point. Block:
 * multipliers, 2^left (8 x i32 each), 2^-right (8 x f64).
 */
export function rescaleDoubling_i32_i16(
  x: usize, y: usize, layer: usize, blocks: usize, pixels: i32, channels: i32,
): void {
  for (let pixel = 0; pixel < pixels; pixel++) {
    let block = blocks;
    for (let channel = 0; channel < channels; channel += 8) {
      const count = min(channels - channel, 8);
      const a = doubledFour(v128.load(x), block, block + 64);
      const b = doubledFour(v128.load(x, 16), block + 16, block + 96);
      storeCodes(y, a, b, layer, count);
      x += <usize>count * 4;
      y += <usize>count * 2;
      block += 128;
    }
  }
}

/** Style `scale` rounded half to even. Layer: low, high, both less the zero point (f32), and the zero point (i32). Block: 8 x f32. */
export function rescaleScale_i32_i16(
  x: usize, y: usize, layer: usize, blocks: usize, pixels: i32, channels: i32,
): void {
  const low = v128.load32_splat(layer);
  const high = v128.load32_splat(layer + 4);
  const zeroPoint = v128.load32_splat(layer + 8);
  for (let pixel = 0; pixel < pixels; pixel++) {
    let block = blocks;
    for (let channel = 0; channel < channels; channel += 8) {
      const count = min(channels - channel, 8);
      const a = f32x4.nearest(f32x4.mul(f32x4.convert_i32x4_s(v128.load(x)), v128.load(block)));
      const b = f32x4.nearest(f32x4.mul(f32x4.convert_i32x4_s(v128.load(x, 16)), v128.load(block, 16)));
      const first = i32x4.trunc_sat_f32x4_s(f32x4.pmin(f32x4.pmax(a, low), high));
      const second = i32x4.trunc_sat_f32x4_s(f32x4.pmin(f32x4.pmax(b, low), high));
      const codes = i16x8.narrow_i32x4_s(i32x4.add(first, zeroPoint), i32x4.add(second, zeroPoint));
      storeShorts(y, codes, count);
      x += <usize>count * 4;
      y += <usize>count * 2;
      block += 32;
    }
  }
}

/** Products of 64 bits, less their lowest bits, of which the lowest that stays collects whether one was set. */
// @ts-ignore: decorator
@inline
function multipliedFour(x: v128, block: usize, factors: usize, layer: usize): v128 {
  const multiplier = v128.load(factors);
  const bounded = i32x4.min_s(i32x4.max_s(x, v128.load(factors, 32)), v128.load(factors, 64));
  const drop = load<i32>(layer, 88);
  const mask = i64x2.splat((<i64>1 << drop) - 1);
  const a = i64x2.extmul_low_i32x4_s(bounded, multiplier);
  const b = i64x2.extmul_high_i32x4_s(bounded, multiplier);
  const restA = i64x2.add(v128.and(a, mask), mask);
  const restB = i64x2.add(v128.and(b, mask), mask);
  const p = v128.or(i64x2.shr_u(a, drop), i64x2.shr_u(restA, drop));
  const q = v128.or(i64x2.shr_u(b, drop), i64x2.shr_u(restB, drop));
  return roundLanes(v128.shuffle<i32>(p, q, 0, 2, 4, 6), block, layer);
}

/**
 * Style `multiplier`. Layer and blocks as for 64-bit sums in round.ts, low and high less the zero point, which (i32) takes the place of
 * the last word; behind each block multipliers, and the ends beyond which sums saturate (8 x i32 each).
 */
export function rescaleMultiplier_i32_i16(
  x: usize, y: usize, layer: usize, blocks: usize, pixels: i32, channels: i32,
): void {
  const low = v128.load(layer, 48);
  const high = v128.load(layer, 64);
  const zeroPoint = i16x8.splat(<i16>load<i32>(layer, 92));
  for (let pixel = 0; pixel < pixels; pixel++) {
    let block = blocks;
    for (let channel = 0; channel < channels; channel += 8) {
      const count = min(channels - channel, 8);
      const a = multipliedFour(v128.load(x), block, block + BLOCK, layer);
      const b = multipliedFour(v128.load(x, 16), block + 16, block + BLOCK + 16, layer);
      const codes = i16x8.min_s(i16x8.max_s(i16x8.narrow_i32x4_s(a, b), low), high);
      storeShorts(y, i16x8.add(codes, zeroPoint), count);
      x += <usize>count * 4;
      y += <usize>count * 2;
      block += BLOCK + 96;
    }
  }
}

/** Style `shift` of 64-bit sums without a zero point. Layer and blocks as for 64-bit sums in round.ts. */
export function rescaleShift_i64_i16(
  x: usize, y: usize, layer: usize, blocks: usize, pixels: i32, channels: i32,
): void {
  for (let pixel = 0; pixel < pixels; pixel++) {
    let block = blocks;
    for (let channel = 0; channel < channels; channel += 8) {
      const count = min(channels - channel, 8);
      storeEightSums(
        y, v128.load(x), v128.load(x, 16), v128.load(x, 32), v128.load(x, 48), block, layer, count,
      );
      x += <usize>count * 8;
      y += <usize>count * 2;
      block += BLOCK + 64;
    }
  }
}
