/**
 * The convolution kernels for one pixel at a time: fully connected layers on one sample, whose cost is reading the weights.
 * Same arguments and packing as convolution.ts; `pixels` is always 1.
 */
import { address, storeShorts } from './lanes';
import { weightsHigh, weightsLow } from './convolution';
import { BLOCK, roundEight } from './round';

// @ts-ignore: decorator
@inline
function row<W>(
  x: usize,
  y: usize,
  table: usize,
  weights: usize,
  blocks: usize,
  layer: usize,
  padding: usize,
  channels: i32,
  turns: i32,
  taps: i32,
): void {
  let b = weights;
  for (let channel = 0; channel < channels; channel += 8) {
    let t = table;
    let c0 = v128.load(blocks);
    let c1 = v128.load(blocks, 16);
    for (let tap = 0; tap < taps; tap++) {
      let a = address(t, x, padding);
      t += 16;
      for (let turn = 0; turn < turns; turn++) {
        const s = v128.load32_splat(a);
        c0 = i32x4.add(c0, i32x4.dot_i16x8_s(s, weightsLow<i16, W>(b)));
        c1 = i32x4.add(c1, i32x4.dot_i16x8_s(s, weightsHigh<i16, W>(b)));
        a += 4;
        b += 16 * sizeof<W>();
      }
    }
    storeShorts(y, roundEight(c0, c1, blocks, layer), channels - channel);
    blocks += BLOCK;
    y += 16;
  }
}

export function convolutionRow_i16_i8_i32(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32,
): void {
  row<i8>(x, y, table, weights, blocks, layer, padding, channels, turns, taps);
}

export function convolutionRow_i16_i16_i32(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32,
): void {
  row<i16>(x, y, table, weights, blocks, layer, padding, channels, turns, taps);
}
