/**
 * Indirect convolution and matrix product. A table holds, per block of 4 pixels and per tap, the 4 byte offsets of the input
 * rows that the pixels read (negative: padding); so one loop does every stride, dilation and padding.
 * Tile: 4 pixels x 8 channels in eight vector locals, one pair of input channels per turn, nothing unrolled by hand: more live
 * loads than that make V8 spill.
 *
 * Arguments: x, y, table: addresses of the first pixel's data; weights [channels/8][tap][turn][8][2], or [4] in quads, zero-filled; blocks and
 * layer: see round.ts; padding: address of a row of zeros; pixels, channels: extent; yStride: bytes from pixel to pixel of y;
 * turns: inner loop length per tap; taps.
 */
import { addressesBefore, storeEightWords, storeShorts } from './lanes';
import { BLOCK, roundEight } from './round';

/** True where weights are stored as bytes and read as pairs of i16. */
// @ts-ignore: decorator
@inline
function widens<A, W>(): bool {
  return sizeof<A>() == 2 && sizeof<W>() == 1;
}

/** Weights of one turn for channels 0 to 3. */
// @ts-ignore: decorator
@inline
export function weightsLow<A, W>(address: usize): v128 {
  if (widens<A, W>()) return v128.load_ext<i8>(address);
  return v128.load(address);
}

/** The same for channels 4 to 7. */
// @ts-ignore: decorator
@inline
export function weightsHigh<A, W>(address: usize): v128 {
  if (widens<A, W>()) return v128.load_ext<i8>(address, 8);
  return v128.load(address, 16);
}

// @ts-ignore: decorator
@inline
function add<A>(sum: v128, codes: v128, weights: v128): v128 {
  if (sizeof<A>() == 2) return i32x4.add(sum, i32x4.dot_i16x8_s(codes, weights));
  return i32x4.relaxed_dot_i8x16_i7x16_add_s(weights, codes, sum);
}

/** Codes as A: i16, a pair of input channels per turn, or u8 (0 to 127), a quad. Weights as W. */
// @ts-ignore: decorator
@inline
export function convolve<A, W>(
  x: usize,
  y: usize,
  table: usize,
  weights: usize,
  blocks: usize,
  layer: usize,
  padding: usize,
  pixels: i32,
  channels: i32,
  yStride: usize,
  turns: i32,
  taps: i32,
  sums: bool,
): void {
  const turnBytes: usize = widens<A, W>() ? 16 : 32;
  const length = <usize>turns * turnBytes;
  const panel = length * taps;
  for (let channel = 0; channel < channels; channel += 8) {
    const count = channels - channel;
    let t = table;
    let out = y;
    for (let pixel = 0; pixel < pixels; pixel += 4) {
      let b = weights - turnBytes;
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
          b += turnBytes;
          const b0 = weightsLow<A, W>(b);
          const b1 = weightsHigh<A, W>(b);
          const s0 = v128.load32_splat(a0);
          c00 = add<A>(c00, s0, b0);
          c01 = add<A>(c01, s0, b1);
          const s1 = v128.load32_splat(a1);
          c10 = add<A>(c10, s1, b0);
          c11 = add<A>(c11, s1, b1);
          const s2 = v128.load32_splat(a2);
          c20 = add<A>(c20, s2, b0);
          c21 = add<A>(c21, s2, b1);
          const s3 = v128.load32_splat(a3);
          c30 = add<A>(c30, s3, b0);
          c31 = add<A>(c31, s3, b1);
        }
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
    y += sums ? 32 : 16;
  }
}

export function convolution_i16_i8_i32(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32,
): void {
  convolve<i16, i8>(x, y, table, weights, blocks, layer, padding, pixels, channels, yStride, turns, taps, false);
}

export function convolution_i16_i16_i32(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32,
): void {
  convolve<i16, i16>(x, y, table, weights, blocks, layer, padding, pixels, channels, yStride, turns, taps, false);
}

/** The sums themselves, biases included, which are all that `blocks` holds: 8 x i32 each. `yStride` is that of the sums. */
export function convolutionSums_i16_i8_i32(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32,
): void {
  convolve<i16, i8>(x, y, table, weights, blocks, layer, padding, pixels, channels, yStride, turns, taps, true);
}

export function convolutionSums_i16_i16_i32(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32,
): void {
  convolve<i16, i16>(x, y, table, weights, blocks, layer, padding, pixels, channels, yStride, turns, taps, true);
}
