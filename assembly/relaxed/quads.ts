/**
 * Indirect convolution and matrix product of codes 0 to 127 with weights of 8 bits, of which any eight that follow each other are
 * proved to have sums within 16 bits: two quads of input channels are added in lanes of 16 bits, and then in pairs to sums of 32. Tile:
 * 2 pixels x 8 channels, the most that leaves registers for what a turn loads.
 *
 * Arguments as in convolution.ts; x holds bytes, and weights are [channels/16][tap][turn][16][4].
 */
import { address, storeShorts } from '../lanes';
import { BLOCK, roundEight } from '../round';

// @ts-ignore: decorator
@inline
function addQuads(sum: v128, a: v128, b: v128, u: v128, v: v128): v128 {
  const pairs = i16x8.add(i16x8.relaxed_dot_i8x16_i7x16_s(u, a), i16x8.relaxed_dot_i8x16_i7x16_s(v, b));
  return i32x4.add(sum, i32x4.dot_i16x8_s(pairs, i16x8.splat(1)));
}

// @ts-ignore: decorator
@inline
function addQuad(sum: v128, a: v128, u: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.relaxed_dot_i8x16_i7x16_s(u, a), i16x8.splat(1)));
}

export function convolutionQuads_u8_i8_i32(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32,
): void {
  const panel = <usize>(turns * taps) * 64;
  for (let channel = 0; channel < channels; channel += 8) {
    const count = channels - channel;
    const first = weights + <usize>(channel >> 4) * panel + (<usize>(channel & 8) << 2);
    let out = y;
    for (let pixel = 0; pixel < pixels; pixel += 2) {
      let t = table + (<usize>((pixel >> 2) * taps) << 4) + (<usize>(pixel & 2) << 2);
      let b = first;
      let c00 = v128.load(blocks);
      let c01 = v128.load(blocks, 16);
      let c10 = c00;
      let c11 = c01;
      for (let tap = 0; tap < taps; tap++) {
        let p = address(t, x, padding);
        let q = address(t + 4, x, padding);
        t += 16;
        const end = b + <usize>(turns >> 1) * 128;
        while (b < end) {
          const b0 = v128.load(b);
          const b1 = v128.load(b, 16);
          const b2 = v128.load(b, 64);
          const b3 = v128.load(b, 80);
          const p0 = v128.load32_splat(p);
          const p1 = v128.load32_splat(p, 4);
          c00 = addQuads(c00, p0, p1, b0, b2);
          c01 = addQuads(c01, p0, p1, b1, b3);
          const q0 = v128.load32_splat(q);
          const q1 = v128.load32_splat(q, 4);
          c10 = addQuads(c10, q0, q1, b0, b2);
          c11 = addQuads(c11, q0, q1, b1, b3);
          p += 8;
          q += 8;
          b += 128;
        }
        if (turns & 1) {
          const b0 = v128.load(b);
          const b1 = v128.load(b, 16);
          const p0 = v128.load32_splat(p);
          c00 = addQuad(c00, p0, b0);
          c01 = addQuad(c01, p0, b1);
          const q0 = v128.load32_splat(q);
          c10 = addQuad(c10, q0, b0);
          c11 = addQuad(c11, q0, b1);
          b += 64;
        }
      }
      storeShorts(out, roundEight(c00, c01, blocks, layer), count);
      if (pixels - pixel > 1) storeShorts(out + yStride, roundEight(c10, c11, blocks, layer), count);
      out += 2 * yStride;
    }
    blocks += BLOCK;
    y += 16;
  }
}
