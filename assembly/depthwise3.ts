/**
 * Depthwise convolution with a 3x3 window, 1 or 2 columns apart: each input column is read once. Rows 0 and 1 of a column are
 * interleaved and meet a pair of weights in one `dot`; so do row 2 of the first two columns, and row 2 of the third with zeros.
 *
 * Arguments: x, y; rows: per output row 3 byte offsets of input rows and one unused (i32, negative: padding); weights [channels/8]
 * [10][4][2]: five pairs for channels 0 to 3 and 4 to 7 each; blocks and layer: see round.ts; padding: a row of what padding holds, as
 * wide as a row of x; height, width: extent of the output; columns: width of the input; left: padding on the left, 0 or 1;
 * channels; stride: bytes from pixel to pixel of x and y.
 */
import { interleaveHigh, interleaveLow, storeShorts } from './lanes';
import { BLOCK, roundEight } from './round';

// @ts-ignore: decorator
@inline
function sumLow(
  bias: v128, l0: v128, l1: v128, l2: v128, e0: v128, e1: v128, e2: v128, w0: v128, w2: v128, w4: v128, weights: usize,
): v128 {
  const upper = i32x4.add(i32x4.dot_i16x8_s(l0, w0), i32x4.dot_i16x8_s(l1, w2));
  const lower = i32x4.add(
    i32x4.dot_i16x8_s(interleaveLow(e0, e1), v128.load(weights, 96)),
    i32x4.dot_i16x8_s(interleaveLow(e2, i16x8.splat(0)), v128.load(weights, 128)),
  );
  return i32x4.add(i32x4.add(bias, upper), i32x4.add(i32x4.dot_i16x8_s(l2, w4), lower));
}

// @ts-ignore: decorator
@inline
function sumHigh(
  bias: v128, h0: v128, h1: v128, h2: v128, e0: v128, e1: v128, e2: v128, w1: v128, w3: v128, w5: v128, weights: usize,
): v128 {
  const upper = i32x4.add(i32x4.dot_i16x8_s(h0, w1), i32x4.dot_i16x8_s(h1, w3));
  const lower = i32x4.add(
    i32x4.dot_i16x8_s(interleaveHigh(e0, e1), v128.load(weights, 112)),
    i32x4.dot_i16x8_s(interleaveHigh(e2, i16x8.splat(0)), v128.load(weights, 144)),
  );
  return i32x4.add(i32x4.add(bias, upper), i32x4.add(i32x4.dot_i16x8_s(h2, w5), lower));
}

// @ts-ignore: decorator
@inline
function rowAddress(offset: i32, x: usize, padding: usize): usize {
  return offset < 0 ? padding : x + <usize>offset;
}

// @ts-ignore: decorator
@inline
function depthwise3(
  step: i32, x: usize, y: usize, rows: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  height: i32, width: i32, columns: i32, left: i32, channels: i32, stride: usize,
): void {
  // Positions whose last column lies inside the input.
  const room = columns - 3 + left;
  const inside = room < 0 ? 0 : min(width, room / step + 1);
  for (let channel = 0; channel < channels; channel += 8) {
    const count = channels - channel;
    const w0 = v128.load(weights);
    const w1 = v128.load(weights, 16);
    const w2 = v128.load(weights, 32);
    const w3 = v128.load(weights, 48);
    const w4 = v128.load(weights, 64);
    const w5 = v128.load(weights, 80);
    let table = rows;
    let out = y;
    for (let i = 0; i < height; i++) {
      let p0 = rowAddress(load<i32>(table), x, padding);
      let p1 = rowAddress(load<i32>(table, 4), x, padding);
      let p2 = rowAddress(load<i32>(table, 8), x, padding);
      table += 16;
      let l0 = v128.load(padding);
      let h0 = l0;
      let e0 = l0;
      if (left == 0) {
        const a = v128.load(p0);
        const b = v128.load(p1);
        e0 = v128.load(p2);
        l0 = interleaveLow(a, b);
        h0 = interleaveHigh(a, b);
        p0 += stride;
        p1 += stride;
        p2 += stride;
      }
      let l1 = l0;
      let h1 = l0;
      let e1 = l0;
      if (step == 1) {
        const a = v128.load(p0);
        const b = v128.load(p1);
        e1 = v128.load(p2);
        l1 = interleaveLow(a, b);
        h1 = interleaveHigh(a, b);
        p0 += stride;
        p1 += stride;
        p2 += stride;
      }
      let j = 0;
      for (; j < inside; j++) {
        if (step == 2) {
          const a = v128.load(p0);
          const b = v128.load(p1);
          e1 = v128.load(p2);
          l1 = interleaveLow(a, b);
          h1 = interleaveHigh(a, b);
          p0 += stride;
          p1 += stride;
          p2 += stride;
        }
        const a = v128.load(p0);
        const b = v128.load(p1);
        const e2 = v128.load(p2);
        const l2 = interleaveLow(a, b);
        const h2 = interleaveHigh(a, b);
        p0 += stride;
        p1 += stride;
        p2 += stride;
        const low = sumLow(v128.load(blocks), l0, l1, l2, e0, e1, e2, w0, w2, w4, weights);
        const high = sumHigh(v128.load(blocks, 16), h0, h1, h2, e0, e1, e2, w1, w3, w5, weights);
        storeShorts(out, roundEight(low, high, blocks, layer), count);
        out += stride;
        l0 = step == 1 ? l1 : l2;
        h0 = step == 1 ? h1 : h2;
        e0 = step == 1 ? e1 : e2;
        l1 = l2;
        h1 = h2;
        e1 = e2;
      }
      // At most the middle column is left; what follows is padding.
      for (; j < width; j++) {
        const edge = v128.load(padding);
        if (step == 2) {
          const middle = 2 * j - left + 1 < columns;
          const a = v128.load(middle ? p0 : padding);
          const b = v128.load(middle ? p1 : padding);
          e1 = v128.load(middle ? p2 : padding);
          l1 = interleaveLow(a, b);
          h1 = interleaveHigh(a, b);
        }
        const low = sumLow(v128.load(blocks), l0, l1, edge, e0, e1, edge, w0, w2, w4, weights);
        const high = sumHigh(v128.load(blocks, 16), h0, h1, edge, e0, e1, edge, w1, w3, w5, weights);
        storeShorts(out, roundEight(low, high, blocks, layer), count);
        out += stride;
        l0 = step == 1 ? l1 : edge;
        h0 = step == 1 ? h1 : edge;
        e0 = step == 1 ? e1 : edge;
        l1 = edge;
        h1 = edge;
        e1 = edge;
      }
    }
    weights += 160;
    blocks += BLOCK;
    x += 16;
    y += 16;
  }
}

export function depthwise3x3_i16_i16_i32(
  x: usize, y: usize, rows: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  height: i32, width: i32, columns: i32, left: i32, channels: i32, stride: usize,
): void {
  depthwise3(1, x, y, rows, weights, blocks, layer, padding, height, width, columns, left, channels, stride);
}

/** Columns 2 apart. */
export function depthwise3x3Half_i16_i16_i32(
  x: usize, y: usize, rows: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  height: i32, width: i32, columns: i32, left: i32, channels: i32, stride: usize,
): void {
  depthwise3(2, x, y, rows, weights, blocks, layer, padding, height, width, columns, left, channels, stride);
}
