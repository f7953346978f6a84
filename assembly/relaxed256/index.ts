/** The kernel of relaxed SIMD that V8's revectoriser makes 256-bit code of, for relaxed256 and dot256; see docs/kernels.md. */
import { convolveTiles } from '../simd256/tile';

export function convolutionTiles_u8_i8_i32(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32, spare: usize,
): void {
  convolveTiles<u8, i8>(x, y, table, weights, blocks, layer, padding, pixels, channels, yStride, turns, taps, spare);
}
