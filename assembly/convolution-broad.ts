/**
 * The convolution of convolution.ts where there are more than 8 output channels: 2 pixels x 16 channels with weights of 16 bits, which
 * cost no widening, [channels/16][tap][turn][16][2]. The last 1 to 8 channels have a panel of their own, [tap][turn][8][2].
 */
import { address, storeShorts } from './lanes';
import { BLOCK, roundEight } from './round';
import { sixteen } from './tile-sixteen';

// @ts-ignore: decorator
@inline
function eight(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, count: i32, yStride: usize, turns: i32, taps: i32,
): void {
  const length = <usize>turns * 32;
  for (let pixel = 0; pixel < pixels; pixel += 2) {
    let t = table + (<usize>((pixel >> 2) * taps) << 4) + (<usize>(pixel & 2) << 2);
    let b = weights - 32;
    let c00 = v128.load(blocks);
    let c01 = v128.load(blocks, 16);
    let c10 = c00;
    let c11 = c01;
    for (let tap = 0; tap < taps; tap++) {
      let a0 = address(t, x, padding) - 4;
      let a1 = address(t + 4, x, padding) - 4;
      t += 16;
      const end = b + length;
      while (b < end) {
        a0 += 4;
        a1 += 4;
        b += 32;
        const b0 = v128.load(b);
        const b1 = v128.load(b, 16);
        const s0 = v128.load32_splat(a0);
        c00 = i32x4.add(c00, i32x4.dot_i16x8_s(s0, b0));
        c01 = i32x4.add(c01, i32x4.dot_i16x8_s(s0, b1));
        const s1 = v128.load32_splat(a1);
        c10 = i32x4.add(c10, i32x4.dot_i16x8_s(s1, b0));
        c11 = i32x4.add(c11, i32x4.dot_i16x8_s(s1, b1));
      }
    }
    storeShorts(y, roundEight(c00, c01, blocks, layer), count);
    if (pixels - pixel > 1) storeShorts(y + yStride, roundEight(c10, c11, blocks, layer), count);
    y += 2 * yStride;
  }
}

export function convolutionBroad_i16_i16_i32(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32,
): void {
  let channel = 0;
  for (; channels - channel > 8; channel += 16) {
    sixteen<i16>(x, y, table, weights, blocks, layer, padding, pixels, channels - channel, yStride, turns, taps);
    weights += <usize>(turns * taps) * 64;
    blocks += 2 * BLOCK;
    y += 32;
  }
  if (channel < channels)
    eight(x, y, table, weights, blocks, layer, padding, pixels, channels - channel, yStride, turns, taps);
}
