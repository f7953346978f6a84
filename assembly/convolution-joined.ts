/**
 * Convolution of 16-bit codes with 16-bit weights where sums are proved to fit 40 bits, in 32-bit lanes alone. Weights are stored as
 * in convolution-wide.ts. A sum is 256 * high + low: products with high bytes and with low bytes. After `run` taps, over which low
 * cannot overflow, what is above its 8 bits goes over to high, which may wrap on its way to what is proved to fit.
 *
 * Arguments as in convolution.ts; per 8 channels, `blocks` holds the record of round.ts with the biases' high parts, and then their
 * low 8 bits (8 x i32). `layer` says how many bits of high are dropped before the rounding, see round.ts.
 */
import { address, addressesBefore, interleaveHigh, interleaveLow, storeShorts } from './lanes';
import { BLOCK, roundJoined } from './round';

/** Bytes of a block of 8 channels. */
const JOINED: usize = BLOCK + 32;

/** Stores four codes of each of two pixels, of the second only where there is one. */
// @ts-ignore: decorator
@inline
function storePixels(
  out: usize, yStride: usize, l0: v128, h0: v128, l1: v128, h1: v128, block: usize, layer: usize, count: i32, second: bool,
): void {
  const numbers = i16x8.narrow_i32x4_s(roundJoined(l0, h0, block, layer), roundJoined(l1, h1, block, layer));
  const codes = i16x8.min_s(i16x8.max_s(numbers, v128.load(layer, 48)), v128.load(layer, 64));
  if (count >= 4) {
    v128.store64_lane(out, codes, 0);
    if (second) v128.store64_lane(out + yStride, codes, 1);
  } else {
    storeShorts(out, codes, count);
    if (second) storeShorts(out + yStride, v128.shuffle<i64>(codes, codes, 1, 1), count);
  }
}

export function convolution_i16_i16_i40(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32, run: i32,
): void {
  const bits = i32x4.splat(255);
  const length = <usize>turns * 16;
  for (let channel = 0; channel < channels; channel += 4) {
    const half = <usize>(channel & 4) << 2;
    const block = blocks + half;
    let t = table;
    let out = y;
    for (let pixel = 0; pixel < pixels; pixel += 4) {
      let b = weights - 16;
      let l0 = v128.load(block, BLOCK);
      let l1 = l0;
      let l2 = l0;
      let l3 = l0;
      let h0 = v128.load(block);
      let h1 = h0;
      let h2 = h0;
      let h3 = h0;
      let first = 0;
      while (true) {
        const last = min(first + run, taps);
        for (let tap = first; tap < last; tap++) {
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
            b += 16;
            const b0 = v128.load_ext<u8>(b);
            const b1 = v128.load_ext<i8>(b, 8);
            const p0 = v128.load32_splat(a0);
            l0 = i32x4.add(l0, i32x4.dot_i16x8_s(p0, b0));
            h0 = i32x4.add(h0, i32x4.dot_i16x8_s(p0, b1));
            const p1 = v128.load32_splat(a1);
            l1 = i32x4.add(l1, i32x4.dot_i16x8_s(p1, b0));
            h1 = i32x4.add(h1, i32x4.dot_i16x8_s(p1, b1));
            const p2 = v128.load32_splat(a2);
            l2 = i32x4.add(l2, i32x4.dot_i16x8_s(p2, b0));
            h2 = i32x4.add(h2, i32x4.dot_i16x8_s(p2, b1));
            const p3 = v128.load32_splat(a3);
            l3 = i32x4.add(l3, i32x4.dot_i16x8_s(p3, b0));
            h3 = i32x4.add(h3, i32x4.dot_i16x8_s(p3, b1));
          }
        }
        if (last == taps) break;
        first = last;
        h0 = i32x4.add(h0, i32x4.shr_s(l0, 8));
        h1 = i32x4.add(h1, i32x4.shr_s(l1, 8));
        h2 = i32x4.add(h2, i32x4.shr_s(l2, 8));
        h3 = i32x4.add(h3, i32x4.shr_s(l3, 8));
        l0 = v128.and(l0, bits);
        l1 = v128.and(l1, bits);
        l2 = v128.and(l2, bits);
        l3 = v128.and(l3, bits);
      }
      const rest = pixels - pixel;
      const count = channels - channel;
      storePixels(out, yStride, l0, h0, l1, h1, block, layer, count, rest > 1);
      if (rest > 2) storePixels(out + 2 * yStride, yStride, l2, h2, l3, h3, block, layer, count, rest > 3);
      out += 4 * yStride;
    }
    weights += length * taps;
    if (half) blocks += JOINED;
    y += 8;
  }
}

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
