/** Kernels that V8's revectoriser makes 256-bit code of; see docs/kernels.md. */
import { convolveTiles } from './tile';

export function convolutionTiles_i16_i8_i32(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32, spare: usize,
): void {
  convolveTiles<i16, i8>(x, y, table, weights, blocks, layer, padding, pixels, channels, yStride, turns, taps, spare);
}

export function convolutionTiles_i16_i16_i32(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32, spare: usize,
): void {
  convolveTiles<i16, i16>(x, y, table, weights, blocks, layer, padding, pixels, channels, yStride, turns, taps, spare);
}
