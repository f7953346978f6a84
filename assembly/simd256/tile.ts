/**
 * Indirect convolution and matrix product in a shape that V8 makes 256-bit code of: neighbouring vectors of 16 channels meet the same
 * splat, and both are stored side by side at the end. Tile: 4 pixels x 16 channels, one splat of input per pixel and turn.
 *
 * The tables, rows of padding and extents are those of convolution.ts. A turn takes a pair of input channels (A = i16), or a quad of
 * codes 0 to 127 (A = u8), whose products with weights of 8 bits cannot leave the 16 bits that relaxed SIMD adds them up in;
 * where FUSED is defined (scripts/build.mjs), by the relaxed instruction that adds quads of products to sums of 32 bits.
 * Weights: [channels/16][tap][turn][16][2 or 4], lanes in the order of `narrow`: channels 0-3, 8-11, 4-7, 12-15; blocks, 16
 * channels each in the same order: biases (16 x i32) and scales (16 x f32); layer: the f32 that rounds, see roundAsFloats in
 * round.ts, 65537 (i32), low, high (i16), the bits of the first less the zero point (i32); spare: 128 bytes for tiles that are not whole.
 */
import { address, storeShorts } from '../lanes';

/** Bytes of a block of 16 channels. */
const BLOCK: usize = 128;

// @ts-ignore: decorator
@inline
function add<A>(sum: v128, codes: v128, weights: v128, ones: v128): v128 {
  if (sizeof<A>() == 2) return i32x4.add(sum, i32x4.dot_i16x8_s(codes, weights));
  // @ts-ignore: a constant of the compiler's command line
  if (isDefined(FUSED)) return i32x4.relaxed_dot_i8x16_i7x16_add_s(weights, codes, sum);
  return i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.relaxed_dot_i8x16_i7x16_s(weights, codes), ones));
}

/** The rounding in float32 of round.ts. */
// @ts-ignore: decorator
@inline
function round(sum: v128, bias: v128, scale: v128, whole: v128, bits: v128): v128 {
  return i32x4.sub(f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(i32x4.add(sum, bias)), scale), whole), bits);
}

/** Rounds and stores 16 channels of one pixel. */
// @ts-ignore: decorator
@inline
function storeRow(
  out: usize, a: v128, b: v128, c: v128, d: v128, blocks: usize, whole: v128, bits: v128, low: v128, high: v128,
): void {
  a = round(a, v128.load(blocks), v128.load(blocks, 64), whole, bits);
  b = round(b, v128.load(blocks, 16), v128.load(blocks, 80), whole, bits);
  c = round(c, v128.load(blocks, 32), v128.load(blocks, 96), whole, bits);
  d = round(d, v128.load(blocks, 48), v128.load(blocks, 112), whole, bits);
  const first = i16x8.min_s(i16x8.max_s(i16x8.narrow_i32x4_s(a, c), low), high);
  const second = i16x8.min_s(i16x8.max_s(i16x8.narrow_i32x4_s(b, d), low), high);
  v128.store(out, first);
  v128.store(out, second, 16);
}

/** Copies what is wanted of a tile, which lies at `spare`. */
function copyTile(out: usize, spare: usize, yStride: usize, rows: i32, count: i32): void {
  for (let row = 0; row < rows; row++) {
    storeShorts(out, v128.load(spare), count);
    if (count > 8) storeShorts(out + 16, v128.load(spare, 16), count - 8);
    out += yStride;
    spare += 32;
  }
}

// @ts-ignore: decorator
@inline
export function convolveTiles<A, W>(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32, spare: usize,
): void {
  const turnBytes = <usize>(sizeof<A>() == 2 ? 32 * sizeof<W>() : 64);
  const tapBytes = <usize>turns * turnBytes;
  const ones = v128.load32_splat(layer, 4);
  for (let channel = 0; channel < channels; channel += 16) {
    const count = channels - channel;
    let t = table;
    let out = y;
    for (let pixel = 0; pixel < pixels; pixel += 4) {
      let b = weights;
      let c00 = i32x4.splat(0);
      let c01 = c00;
      let c02 = c00;
      let c03 = c00;
      let c10 = c00;
      let c11 = c00;
      let c12 = c00;
      let c13 = c00;
      let c20 = c00;
      let c21 = c00;
      let c22 = c00;
      let c23 = c00;
      let c30 = c00;
      let c31 = c00;
      let c32 = c00;
      let c33 = c00;
      for (let tap = 0; tap < taps; tap++) {
        let a0 = address(t, x, padding);
        let a1 = address(t + 4, x, padding);
        let a2 = address(t + 8, x, padding);
        let a3 = address(t + 12, x, padding);
        t += 16;
        const end = b + tapBytes;
        while (b < end) {
          let b0: v128, b1: v128, b2: v128, b3: v128;
          if (turnBytes == 32) {
            b0 = v128.load_ext<i8>(b);
            b1 = v128.load_ext<i8>(b, 8);
            b2 = v128.load_ext<i8>(b, 16);
            b3 = v128.load_ext<i8>(b, 24);
          } else {
            b0 = v128.load(b);
            b1 = v128.load(b, 16);
            b2 = v128.load(b, 32);
            b3 = v128.load(b, 48);
          }
          const s0 = v128.load32_splat(a0);
          a0 += 4;
          c00 = add<A>(c00, s0, b0, ones);
          c01 = add<A>(c01, s0, b1, ones);
          c02 = add<A>(c02, s0, b2, ones);
          c03 = add<A>(c03, s0, b3, ones);
          const s1 = v128.load32_splat(a1);
          a1 += 4;
          c10 = add<A>(c10, s1, b0, ones);
          c11 = add<A>(c11, s1, b1, ones);
          c12 = add<A>(c12, s1, b2, ones);
          c13 = add<A>(c13, s1, b3, ones);
          const s2 = v128.load32_splat(a2);
          a2 += 4;
          c20 = add<A>(c20, s2, b0, ones);
          c21 = add<A>(c21, s2, b1, ones);
          c22 = add<A>(c22, s2, b2, ones);
          c23 = add<A>(c23, s2, b3, ones);
          const s3 = v128.load32_splat(a3);
          a3 += 4;
          c30 = add<A>(c30, s3, b0, ones);
          c31 = add<A>(c31, s3, b1, ones);
          c32 = add<A>(c32, s3, b2, ones);
          c33 = add<A>(c33, s3, b3, ones);
          b += turnBytes;
        }
      }
      const full = i32(count >= 16) & i32(pixel + 4 <= pixels);
      const target = select<usize>(out, spare, full);
      const step = select<usize>(yStride, 32, full);
      const whole = v128.load32_splat(layer);
      const bits = v128.load32_splat(layer, 12);
      const low = v128.load16_splat(layer, 8);
      const high = v128.load16_splat(layer, 10);
      storeRow(target, c00, c01, c02, c03, blocks, whole, bits, low, high);
      storeRow(target + step, c10, c11, c12, c13, blocks, whole, bits, low, high);
      storeRow(target + 2 * step, c20, c21, c22, c23, blocks, whole, bits, low, high);
      storeRow(target + 3 * step, c30, c31, c32, c33, blocks, whole, bits, low, high);
      if (!full) copyTile(out, spare, yStride, min(4, pixels - pixel), count);
      out += 4 * yStride;
    }
    weights += <usize>taps * tapBytes;
    blocks += BLOCK;
    y += 32;
  }
}
