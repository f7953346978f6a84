/**
 * Depthwise convolution: the tables of convolution.ts, one weight per channel and tap. Pairs of taps are interleaved so that
 * one `dot` does both; an odd number of taps is filled up with a tap of padding. Tile: 4 pixels x 8 channels.
 *
 * Arguments as in convolution.ts, with weights [channels/8][tap pair][8][2] and no turns.
 */
import { addresses, interleaveHigh, interleaveLow, storeEightLongs, storeEightWords, storeShorts } from './lanes';
import { BLOCK, roundEight, storeEightSums, wideBlock } from './round';

// @ts-ignore: decorator
@inline
function narrow(
  sums: bool, x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, taps: i32,
): void {
  const panel = <usize>taps * 16;
  for (let channel = 0; channel < channels; channel += 8) {
    const count = channels - channel;
    let t = table;
    let out = y;
    for (let pixel = 0; pixel < pixels; pixel += 4) {
      let b = weights;
      let c00 = v128.load(blocks);
      let c01 = v128.load(blocks, 16);
      let c10 = c00;
      let c11 = c01;
      let c20 = c00;
      let c21 = c01;
      let c30 = c00;
      let c31 = c01;
      for (let tap = 0; tap < taps; tap += 2) {
        const first = addresses(t, x, padding);
        const second = addresses(t + 16, x, padding);
        const b0 = v128.load(b);
        const b1 = v128.load(b, 16);
        let p = v128.load(<usize>i32x4.extract_lane(first, 0));
        let q = v128.load(<usize>i32x4.extract_lane(second, 0));
        c00 = i32x4.add(c00, i32x4.dot_i16x8_s(interleaveLow(p, q), b0));
        c01 = i32x4.add(c01, i32x4.dot_i16x8_s(interleaveHigh(p, q), b1));
        p = v128.load(<usize>i32x4.extract_lane(first, 1));
        q = v128.load(<usize>i32x4.extract_lane(second, 1));
        c10 = i32x4.add(c10, i32x4.dot_i16x8_s(interleaveLow(p, q), b0));
        c11 = i32x4.add(c11, i32x4.dot_i16x8_s(interleaveHigh(p, q), b1));
        p = v128.load(<usize>i32x4.extract_lane(first, 2));
        q = v128.load(<usize>i32x4.extract_lane(second, 2));
        c20 = i32x4.add(c20, i32x4.dot_i16x8_s(interleaveLow(p, q), b0));
        c21 = i32x4.add(c21, i32x4.dot_i16x8_s(interleaveHigh(p, q), b1));
        p = v128.load(<usize>i32x4.extract_lane(first, 3));
        q = v128.load(<usize>i32x4.extract_lane(second, 3));
        c30 = i32x4.add(c30, i32x4.dot_i16x8_s(interleaveLow(p, q), b0));
        c31 = i32x4.add(c31, i32x4.dot_i16x8_s(interleaveHigh(p, q), b1));
        t += 32;
        b += 32;
      }
      const rest = pixels - pixel;
      if (sums) {
        storeEightWords(out, c00, c01, count);
        if (rest > 1) storeEightWords(out + yStride, c10, c11, count);
        if (rest > 2) storeEightWords(out + 2 * yStride, c20, c21, count);
        if (rest > 3) storeEightWords(out + 3 * yStride, c30, c31, count);
      } else {
        storeShorts(out, roundEight(c00, c01, blocks, layer), count);
        if (rest > 1) storeShorts(out + yStride, roundEight(c10, c11, blocks, layer), count);
        if (rest > 2) storeShorts(out + 2 * yStride, roundEight(c20, c21, blocks, layer), count);
        if (rest > 3) storeShorts(out + 3 * yStride, roundEight(c30, c31, blocks, layer), count);
      }
      out += 4 * yStride;
    }
    weights += panel;
    blocks += sums ? 32 : BLOCK;
    x += 16;
    y += sums ? 32 : 16;
  }
}

export function depthwise_i16_i16_i32(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, taps: i32,
): void {
  narrow(false, x, y, table, weights, blocks, layer, padding, pixels, channels, yStride, taps);
}

/** The sums themselves, biases included, which are all that `blocks` holds: 8 x i32 each, or 8 x i64. */
export function depthwiseSums_i16_i16_i32(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, taps: i32,
): void {
  narrow(true, x, y, table, weights, blocks, layer, padding, pixels, channels, yStride, taps);
}

export function depthwiseSums_i16_i16_i64(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, taps: i32,
): void {
  wide(true, x, y, table, weights, blocks, layer, padding, pixels, channels, yStride, taps);
}

export function depthwise_i16_i16_i64(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, taps: i32,
): void {
  wide(false, x, y, table, weights, blocks, layer, padding, pixels, channels, yStride, taps);
}

/** 64-bit sums and rounding, one pixel at a time. A pair of weights is never (-32768, -32768). */
// @ts-ignore: decorator
@inline
function wide(
  sums: bool, x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, taps: i32,
): void {
  for (let channel = 0; channel < channels; channel += 8) {
    const count = channels - channel;
    let out = y;
    for (let pixel = 0; pixel < pixels; pixel++) {
      let t = table + <usize>((pixel >> 2) * taps) * 16;
      let b = weights;
      let c0 = i64x2.splat(0);
      let c1 = c0;
      let c2 = c0;
      let c3 = c0;
      for (let tap = 0; tap < taps; tap += 2) {
        const p = v128.load(pixelAddress(t, pixel, x, padding));
        const q = v128.load(pixelAddress(t + 16, pixel, x, padding));
        const low = i32x4.dot_i16x8_s(interleaveLow(p, q), v128.load(b));
        const high = i32x4.dot_i16x8_s(interleaveHigh(p, q), v128.load(b, 16));
        c0 = i64x2.add(c0, i64x2.extend_low_i32x4_s(low));
        c1 = i64x2.add(c1, i64x2.extend_high_i32x4_s(low));
        c2 = i64x2.add(c2, i64x2.extend_low_i32x4_s(high));
        c3 = i64x2.add(c3, i64x2.extend_high_i32x4_s(high));
        t += 32;
        b += 32;
      }
      if (sums) {
        c0 = i64x2.add(c0, v128.load(blocks));
        c1 = i64x2.add(c1, v128.load(blocks, 16));
        c2 = i64x2.add(c2, v128.load(blocks, 32));
        c3 = i64x2.add(c3, v128.load(blocks, 48));
        storeEightLongs(out, c0, c1, c2, c3, count);
      } else storeEightSums(out, c0, c1, c2, c3, blocks, layer, count);
      out += yStride;
    }
    weights += <usize>taps * 16;
    blocks += sums ? 64 : wideBlock(layer);
    x += 16;
    y += sums ? 64 : 16;
  }
}

// @ts-ignore: decorator
@inline
function pixelAddress(table: usize, pixel: i32, x: usize, padding: usize): usize {
  const offset = load<i32>(table + <usize>(pixel & 3) * 4);
  return offset < 0 ? padding : x + <usize>offset;
}
