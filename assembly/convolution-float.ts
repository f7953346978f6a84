/**
 * Convolution and matrix product in float32: convolution.ts with one input channel per turn. Sums start at 0 and take the taps and
 * channels in order; nothing is fused. Blocks hold 8 biases; layer holds low and high (4 x f32 each); weights are
 * [channels/8][tap][turn][8].
 */
import { address, addresses, clampFloats, storeFloats } from './lanes';

/** Adds the bias, clamps and stores the first `count` of eight sums. */
// @ts-ignore: decorator
@inline
export function storeEightFloats(out: usize, a: v128, b: v128, blocks: usize, layer: usize, count: i32): void {
  const low = v128.load(layer);
  const high = v128.load(layer, 16);
  storeFloats(out, clampFloats(f32x4.add(a, v128.load(blocks)), low, high), count);
  if (count > 4) storeFloats(out + 16, clampFloats(f32x4.add(b, v128.load(blocks, 16)), low, high), count - 4);
}

export function convolution_f32_f32_f32(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32,
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
        let a0 = <usize>i32x4.extract_lane(rows, 0);
        let a1 = <usize>i32x4.extract_lane(rows, 1);
        let a2 = <usize>i32x4.extract_lane(rows, 2);
        let a3 = <usize>i32x4.extract_lane(rows, 3);
        t += 16;
        for (let turn = 0; turn < turns; turn++) {
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
          a0 += 4;
          a1 += 4;
          a2 += 4;
          a3 += 4;
          b += 32;
        }
      }
      const rest = pixels - pixel;
      storeEightFloats(out, c00, c01, blocks, layer, count);
      if (rest > 1) storeEightFloats(out + yStride, c10, c11, blocks, layer, count);
      if (rest > 2) storeEightFloats(out + 2 * yStride, c20, c21, blocks, layer, count);
      if (rest > 3) storeEightFloats(out + 3 * yStride, c30, c31, blocks, layer, count);
      out += 4 * yStride;
    }
    weights += <usize>(turns * taps) * 32;
    blocks += 32;
    y += 32;
  }
}

/** A single pixel: see row.ts. */
export function convolutionRow_f32_f32_f32(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32,
): void {
  let b = weights;
  for (let channel = 0; channel < channels; channel += 8) {
    let t = table;
    let c0 = f32x4.splat(0);
    let c1 = c0;
    for (let tap = 0; tap < taps; tap++) {
      let a = address(t, x, padding);
      t += 16;
      for (let turn = 0; turn < turns; turn++) {
        const s = v128.load32_splat(a);
        c0 = f32x4.add(c0, f32x4.mul(s, v128.load(b)));
        c1 = f32x4.add(c1, f32x4.mul(s, v128.load(b, 16)));
        a += 4;
        b += 32;
      }
    }
    storeEightFloats(y, c0, c1, blocks, layer, channels - channel);
    blocks += 32;
    y += 32;
  }
}
