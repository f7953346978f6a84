/** Kernels of the relaxed instruction that multiplies quads of bytes and adds them to sums; see docs/kernels.md. */
import { convolve } from '../convolution';

export { narrow_i16_u8 } from '../relaxed/narrow';

export function convolutionDots_u8_i8_i32(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32,
): void {
  convolve<u8, i8>(x, y, table, weights, blocks, layer, padding, pixels, channels, yStride, turns, taps, false);
}
