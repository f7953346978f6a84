/**
 * Depthwise convolution in float32: one weight per channel and tap, [channels/8][tap][8], no turns; see convolution-float.ts.
 */
import { storeEightFloats } from './tile-sixteen';
import { addresses } from './lanes';

export function depthwise_f32_f32_f32(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, taps: i32,
): void {
  for (let channel = 0; channel < channels; channel += 8) {
    const count = channels - channel;
    let t = table;
    let out = y;
    for (let pixel = 0; pixel < pixels; pixel += 4) {
      let b = weights;
      let c00 = f32x4.splat(0);
      let c01 = c00;
      let c10 = c00;
      let c11 = c00;
      let c20 = c00;
      let c21 = c00;
      let c30 = c00;
      let c31 = c00;
      for (let tap = 0; tap < taps; tap++) {
        const rows = addresses(t, x, padding);
        const a0 = <usize>i32x4.extract_lane(rows, 0);
        const a1 = <usize>i32x4.extract_lane(rows, 1);
        const a2 = <usize>i32x4.extract_lane(rows, 2);
        const a3 = <usize>i32x4.extract_lane(rows, 3);
        const b0 = v128.load(b);
        const b1 = v128.load(b, 16);
        c00 = f32x4.add(c00, f32x4.mul(v128.load(a0), b0));
        c01 = f32x4.add(c01, f32x4.mul(v128.load(a0, 16), b1));
        c10 = f32x4.add(c10, f32x4.mul(v128.load(a1), b0));
        c11 = f32x4.add(c11, f32x4.mul(v128.load(a1, 16), b1));
        c20 = f32x4.add(c20, f32x4.mul(v128.load(a2), b0));
        c21 = f32x4.add(c21, f32x4.mul(v128.load(a2, 16), b1));
        c30 = f32x4.add(c30, f32x4.mul(v128.load(a3), b0));
        c31 = f32x4.add(c31, f32x4.mul(v128.load(a3, 16), b1));
        t += 16;
        b += 32;
      }
      const rest = pixels - pixel;
      storeEightFloats(out, c00, c01, blocks, layer, count);
      if (rest > 1) storeEightFloats(out + yStride, c10, c11, blocks, layer, count);
      if (rest > 2) storeEightFloats(out + 2 * yStride, c20, c21, blocks, layer, count);
      if (rest > 3) storeEightFloats(out + 3 * yStride, c30, c31, blocks, layer, count);
      out += 4 * yStride;
    }
    weights += <usize>taps * 32;
    blocks += 32;
    x += 32;
    y += 32;
  }
}
