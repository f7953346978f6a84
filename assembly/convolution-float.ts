/**
 * Convolution and matrix product in float32: convolution.ts with one input channel per turn. Sums start at 0 and take the taps and
 * channels in order; nothing is fused. Blocks hold 8 biases; layer holds low and high (4 x f32 each).
 *
 * Tile: 2 pixels x 16 channels, so that a turn has few addresses to move, with the weights [channels/16][tap][turn][16]; the last
 * 1 to 8 channels have a panel of their own, [tap][turn][8], and a tile of 4 x 8.
 */
import { address, addressesBefore } from './lanes';
import { sixteen, storeEightFloats, storeSixteenFloats } from './tile-sixteen';

/** 1 to 8 channels. */
function eight(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, count: i32, yStride: usize, turns: i32, taps: i32,
): void {
  const length = <usize>turns * 32;
  for (let pixel = 0; pixel < pixels; pixel += 4) {
    let b = weights - 32;
    let c00 = f32x4.splat(0);
    let c01 = c00;
    let c10 = c00;
    let c11 = c00;
    let c20 = c00;
    let c21 = c00;
    let c30 = c00;
    let c31 = c00;
    for (let tap = 0; tap < taps; tap++) {
      const rows = addressesBefore(table, x, padding);
      let a0 = <usize>i32x4.extract_lane(rows, 0);
      let a1 = <usize>i32x4.extract_lane(rows, 1);
      let a2 = <usize>i32x4.extract_lane(rows, 2);
      let a3 = <usize>i32x4.extract_lane(rows, 3);
      table += 16;
      const end = b + length;
      while (b < end) {
        a0 += 4;
        a1 += 4;
        a2 += 4;
        a3 += 4;
        b += 32;
        const b0 = v128.load(b);
        const b1 = v128.load(b, 16);
        const s0 = v128.load32_splat(a0);
        c00 = f32x4.add(c00, f32x4.mul(s0, b0));
        c01 = f32x4.add(c01, f32x4.mul(s0, b1));
        const s1 = v128.load32_splat(a1);
        c10 = f32x4.add(c10, f32x4.mul(s1, b0));
        c11 = f32x4.add(c11, f32x4.mul(s1, b1));
        const s2 = v128.load32_splat(a2);
        c20 = f32x4.add(c20, f32x4.mul(s2, b0));
        c21 = f32x4.add(c21, f32x4.mul(s2, b1));
        const s3 = v128.load32_splat(a3);
        c30 = f32x4.add(c30, f32x4.mul(s3, b0));
        c31 = f32x4.add(c31, f32x4.mul(s3, b1));
      }
    }
    const rest = pixels - pixel;
    storeEightFloats(y, c00, c01, blocks, layer, count);
    if (rest > 1) storeEightFloats(y + yStride, c10, c11, blocks, layer, count);
    if (rest > 2) storeEightFloats(y + 2 * yStride, c20, c21, blocks, layer, count);
    if (rest > 3) storeEightFloats(y + 3 * yStride, c30, c31, blocks, layer, count);
    y += 4 * yStride;
  }
}

export function convolution_f32_f32_f32(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32,
): void {
  const panel = <usize>(turns * taps) * 64;
  let count = channels;
  for (; count > 8; count -= 16) {
    sixteen<f32>(x, y, table, weights, blocks, layer, padding, pixels, count, yStride, turns, taps);
    weights += panel;
    blocks += 64;
    y += 64;
  }
  if (count > 0) eight(x, y, table, weights, blocks, layer, padding, pixels, count, yStride, turns, taps);
}

/** A single pixel: see row.ts. */
export function convolutionRow_f32_f32_f32(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32,
): void {
  let b = weights;
  for (; channels > 8; channels -= 16) {
    let t = table;
    let c0 = f32x4.splat(0);
    let c1 = c0;
    let c2 = c0;
    let c3 = c0;
    for (let tap = 0; tap < taps; tap++) {
      let a = address(t, x, padding);
      t += 16;
      const end = b + <usize>turns * 64;
      while (b < end) {
        const s = v128.load32_splat(a);
        c0 = f32x4.add(c0, f32x4.mul(s, v128.load(b)));
        c1 = f32x4.add(c1, f32x4.mul(s, v128.load(b, 16)));
        c2 = f32x4.add(c2, f32x4.mul(s, v128.load(b, 32)));
        c3 = f32x4.add(c3, f32x4.mul(s, v128.load(b, 48)));
        a += 4;
        b += 64;
      }
    }
    storeSixteenFloats(y, c0, c1, c2, c3, blocks, layer, channels);
    blocks += 64;
    y += 64;
  }
  if (channels > 0) eight(x, y, table, b, blocks, layer, padding, 1, channels, yStride, turns, taps);
}
