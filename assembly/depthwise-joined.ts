/**
 * Depthwise convolution of 16-bit codes with 16-bit weights where sums are proved to fit 40 bits, in two 32-bit lanes: 256 * high + low,
 * the products with the high and with the low bytes of weights. Arguments as in depthwise.ts, layer and blocks as in convolution-segments.ts.
 */
import { address, interleaveHigh, interleaveLow, storeShorts } from './lanes';
import { BLOCK, JOINED, roundJoined } from './round';

/** Weights [channels/8][tap pair][2][8][2] i16: the low bytes (unsigned) of 8 pairs, then the high bytes (signed). */
export function depthwise_i16_i16_i40(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, taps: i32,
): void {
  for (let channel = 0; channel < channels; channel += 8) {
    let out = y;
    for (let pixel = 0; pixel < pixels; pixel++) {
      let t = table + (<usize>((pixel >> 2) * taps) << 4) + (<usize>(pixel & 3) << 2);
      let b = weights;
      let l0 = v128.load(blocks, BLOCK);
      let l1 = v128.load(blocks, BLOCK + 16);
      let h0 = v128.load(blocks);
      let h1 = v128.load(blocks, 16);
      for (let tap = 0; tap < taps; tap += 2) {
        const p = v128.load(address(t, x, padding));
        const q = v128.load(address(t + 16, x, padding));
        const u = interleaveLow(p, q);
        const v = interleaveHigh(p, q);
        l0 = i32x4.add(l0, i32x4.dot_i16x8_s(u, v128.load(b)));
        l1 = i32x4.add(l1, i32x4.dot_i16x8_s(v, v128.load(b, 16)));
        h0 = i32x4.add(h0, i32x4.dot_i16x8_s(u, v128.load(b, 32)));
        h1 = i32x4.add(h1, i32x4.dot_i16x8_s(v, v128.load(b, 48)));
        t += 32;
        b += 64;
      }
      const numbers = i16x8.narrow_i32x4_s(roundJoined(l0, h0, blocks, layer), roundJoined(l1, h1, blocks + 16, layer));
      const codes = i16x8.min_s(i16x8.max_s(numbers, v128.load(layer, 48)), v128.load(layer, 64));
      storeShorts(out, codes, channels - channel);
      out += yStride;
    }
    weights += <usize>taps * 32;
    blocks += JOINED;
    x += 16;
    y += 16;
  }
}
