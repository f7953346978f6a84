/**
 * Indirect convolution and matrix product of codes 0 to 127 with weights of 8 bits, by the instruction that adds a quad of products to
 * each sum of 32 bits. The tile and the arguments are those of convolution.ts, with bytes at x, a quad of input channels per turn and
 * weights [channels/8][tap][turn][8][4].
 */
import { addressesBefore, storeShorts } from '../lanes';
import { BLOCK, roundEight } from '../round';

// @ts-ignore: decorator
@inline
function add(sum: v128, codes: v128, weights: v128): v128 {
  return i32x4.relaxed_dot_i8x16_i7x16_add_s(weights, codes, sum);
}

export function convolutionDots_u8_i8_i32(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32,
): void {
  const length = <usize>turns * 32;
  for (let channel = 0; channel < channels; channel += 8) {
    const count = channels - channel;
    let t = table;
    let out = y;
    for (let pixel = 0; pixel < pixels; pixel += 4) {
      let b = weights - 32;
      let c00 = v128.load(blocks);
      let c01 = v128.load(blocks, 16);
      let c10 = c00;
      let c11 = c01;
      let c20 = c00;
      let c21 = c01;
      let c30 = c00;
      let c31 = c01;
      for (let tap = 0; tap < taps; tap++) {
        const rows = addressesBefore(t, x, padding);
        let a0 = <usize>i32x4.extract_lane(rows, 0);
        let a1 = <usize>i32x4.extract_lane(rows, 1);
        let a2 = <usize>i32x4.extract_lane(rows, 2);
        let a3 = <usize>i32x4.extract_lane(rows, 3);
        t += 16;
        const end = b + length;
        while (b < end) {
          a0 += 4;
          a1 += 4;
          a2 += 4;
          a3 += 4;
          b += 32;
          const b0 = v128.load(b);
          const b1 = v128.load(b, 16);
          const s0 = v128.load32_splat(a0);
          c00 = add(c00, s0, b0);
          c01 = add(c01, s0, b1);
          const s1 = v128.load32_splat(a1);
          c10 = add(c10, s1, b0);
          c11 = add(c11, s1, b1);
          const s2 = v128.load32_splat(a2);
          c20 = add(c20, s2, b0);
          c21 = add(c21, s2, b1);
          const s3 = v128.load32_splat(a3);
          c30 = add(c30, s3, b0);
          c31 = add(c31, s3, b1);
        }
      }
      const rest = pixels - pixel;
      storeShorts(out, roundEight(c00, c01, blocks, layer), count);
      if (rest > 1) storeShorts(out + yStride, roundEight(c10, c11, blocks, layer), count);
      if (rest > 2) storeShorts(out + 2 * yStride, roundEight(c20, c21, blocks, layer), count);
      if (rest > 3) storeShorts(out + 3 * yStride, roundEight(c30, c31, blocks, layer), count);
      out += 4 * yStride;
    }
    weights += length * taps;
    blocks += BLOCK;
    y += 16;
  }
}
