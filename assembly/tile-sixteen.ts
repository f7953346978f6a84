/**
 * The tile of 2 pixels x 16 channels of a convolution, so that a turn has few addresses to move: weights [tap][turn][16] floats or [tap][turn][16][2] shorts
 * of a panel. Arguments as in convolution.ts; `count` is 9 or more, of which 16 are written at most.
 */
import { address, clampFloats, storeFloats, storeShorts } from './lanes';
import {
  AS_FLOATS, BLOCK, GUARDED, LEANING, formOf, roundEight, storeSixteenGuarded, storeSixteenTwice,
} from './round';

/** One input channel as float32, or a pair of them as integers; nothing is fused. */
// @ts-ignore: decorator
@inline
function add<T>(sum: v128, s: v128, b: v128): v128 {
  if (isFloat<T>()) return f32x4.add(sum, f32x4.mul(s, b));
  return i32x4.add(sum, i32x4.dot_i16x8_s(s, b));
}

/** Adds the bias, clamps and stores the first `count` of eight sums. */
// @ts-ignore: decorator
@inline
export function storeEightFloats(out: usize, a: v128, b: v128, blocks: usize, layer: usize, count: i32): void {
  const low = v128.load(layer);
  const high = v128.load(layer, 16);
  storeFloats(out, clampFloats(f32x4.add(a, v128.load(blocks)), low, high), count);
  if (count > 4) storeFloats(out + 16, clampFloats(f32x4.add(b, v128.load(blocks, 16)), low, high), count - 4);
}

/** The same for the first `count` (9 or more) of sixteen. */
// @ts-ignore: decorator
@inline
export function storeSixteenFloats(
  out: usize, a: v128, b: v128, c: v128, d: v128, blocks: usize, layer: usize, count: i32,
): void {
  storeEightFloats(out, a, b, blocks, layer, 8);
  storeEightFloats(out + 32, c, d, blocks + 32, layer, count - 8);
}

// @ts-ignore: decorator
@inline
function store<T>(out: usize, a: v128, b: v128, c: v128, d: v128, blocks: usize, layer: usize, count: i32): void {
  if (isFloat<T>()) {
    storeSixteenFloats(out, a, b, c, d, blocks, layer, count);
  } else if (count >= 16 && formOf(layer) == GUARDED) {
    storeSixteenGuarded(out, a, b, c, d, blocks, layer, false);
  } else if (count >= 16 && formOf(layer) == LEANING) {
    storeSixteenGuarded(out, a, b, c, d, blocks, layer, true);
  } else {
    v128.store(out, roundEight(a, b, blocks, layer));
    storeShorts(out + 16, roundEight(c, d, blocks + BLOCK, layer), count - 8);
  }
}

export function sixteen<T>(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, count: i32, yStride: usize, turns: i32, taps: i32,
): void {
  const length = <usize>turns * 64;
  const whole = !isFloat<T>() && count >= 16 && formOf(layer) == AS_FLOATS;
  for (let pixel = 0; pixel < pixels; pixel += 2) {
    let t = table + (<usize>((pixel >> 2) * taps) << 4) + (<usize>(pixel & 2) << 2);
    let b = weights - 64;
    let c00 = isFloat<T>() ? f32x4.splat(0) : v128.load(blocks);
    let c01 = isFloat<T>() ? c00 : v128.load(blocks, 16);
    let c02 = isFloat<T>() ? c00 : v128.load(blocks, BLOCK);
    let c03 = isFloat<T>() ? c00 : v128.load(blocks, BLOCK + 16);
    let c10 = c00;
    let c11 = c01;
    let c12 = c02;
    let c13 = c03;
    for (let tap = 0; tap < taps; tap++) {
      let a0 = address(t, x, padding) - 4;
      let a1 = address(t + 4, x, padding) - 4;
      t += 16;
      const end = b + length;
      while (b < end) {
        a0 += 4;
        a1 += 4;
        b += 64;
        const b0 = v128.load(b);
        const b1 = v128.load(b, 16);
        const b2 = v128.load(b, 32);
        const b3 = v128.load(b, 48);
        const s0 = v128.load32_splat(a0);
        c00 = add<T>(c00, s0, b0);
        c01 = add<T>(c01, s0, b1);
        c02 = add<T>(c02, s0, b2);
        c03 = add<T>(c03, s0, b3);
        const s1 = v128.load32_splat(a1);
        c10 = add<T>(c10, s1, b0);
        c11 = add<T>(c11, s1, b1);
        c12 = add<T>(c12, s1, b2);
        c13 = add<T>(c13, s1, b3);
      }
    }
    if (!isFloat<T>() && whole && pixels - pixel > 1) {
      storeSixteenTwice(y, y + yStride, c00, c01, c02, c03, c10, c11, c12, c13, blocks, layer);
    } else {
      store<T>(y, c00, c01, c02, c03, blocks, layer, count);
      if (pixels - pixel > 1) store<T>(y + yStride, c10, c11, c12, c13, blocks, layer, count);
    }
    y += 2 * yStride;
  }
}
