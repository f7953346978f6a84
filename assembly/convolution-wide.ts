/**
 * Convolution with 64-bit sums. Products are summed in 32 bits over `run` taps, which cannot overflow (the lowering chooses
 * `run` by the weights), and then added to 64-bit sums.
 *
 * Weights of 16 bits are stored as their low byte (unsigned) and their high byte (signed): [channels/4][tap][turn][2][4][2]. Four
 * channels make a panel whose sums over the low and the high bytes are joined at the end of each run.
 *
 * Arguments as in convolution.ts; layer and blocks: see storeEightSums in round.ts.
 */
import { addressesBefore, storeEightLongs, storeFourLongs } from './lanes';
import { storeEightSums, storeFourSums, wideBlock } from './round';

// @ts-ignore: decorator
@inline
function widened(split: bool, total: v128, low: v128, high: v128, half: i32): v128 {
  if (!split) return i64x2.add(total, half == 0 ? i64x2.extend_low_i32x4_s(low) : i64x2.extend_high_i32x4_s(low));
  const a = half == 0 ? i64x2.extend_low_i32x4_s(low) : i64x2.extend_high_i32x4_s(low);
  const b = half == 0 ? i64x2.extend_low_i32x4_s(high) : i64x2.extend_high_i32x4_s(high);
  return i64x2.add(total, i64x2.add(a, i64x2.shl(b, 8)));
}

// @ts-ignore: decorator
@inline
function wide(
  split: bool, sums: bool, x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize,
  padding: usize, pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32, run: i32,
): void {
  const lanes = split ? 4 : 8;
  const length = <usize>turns * 16;
  for (let channel = 0; channel < channels; channel += lanes) {
    const count = channels - channel;
    const half = split ? <usize>(channel >> 2) & 1 : 0;
    let t = table;
    let out = y;
    for (let pixel = 0; pixel < pixels; pixel += 4) {
      let b = weights - 16;
      // Sums of 4 pixels: channels 0-1, 2-3, and without split 4-5, 6-7.
      let s00 = i64x2.splat(0), s01 = s00, s02 = s00, s03 = s00;
      let s10 = s00, s11 = s00, s12 = s00, s13 = s00;
      let s20 = s00, s21 = s00, s22 = s00, s23 = s00;
      let s30 = s00, s31 = s00, s32 = s00, s33 = s00;
      for (let first = 0; first < taps; first += run) {
        const last = min(first + run, taps);
        let c00 = i32x4.splat(0);
        let c01 = c00;
        let c10 = c00;
        let c11 = c00;
        let c20 = c00;
        let c21 = c00;
        let c30 = c00;
        let c31 = c00;
        for (let tap = first; tap < last; tap++) {
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
            b += 16;
            const b0 = split ? v128.load_ext<u8>(b) : v128.load_ext<i8>(b);
            const b1 = v128.load_ext<i8>(b, 8);
            const p0 = v128.load32_splat(a0);
            c00 = i32x4.add(c00, i32x4.dot_i16x8_s(p0, b0));
            c01 = i32x4.add(c01, i32x4.dot_i16x8_s(p0, b1));
            const p1 = v128.load32_splat(a1);
            c10 = i32x4.add(c10, i32x4.dot_i16x8_s(p1, b0));
            c11 = i32x4.add(c11, i32x4.dot_i16x8_s(p1, b1));
            const p2 = v128.load32_splat(a2);
            c20 = i32x4.add(c20, i32x4.dot_i16x8_s(p2, b0));
            c21 = i32x4.add(c21, i32x4.dot_i16x8_s(p2, b1));
            const p3 = v128.load32_splat(a3);
            c30 = i32x4.add(c30, i32x4.dot_i16x8_s(p3, b0));
            c31 = i32x4.add(c31, i32x4.dot_i16x8_s(p3, b1));
          }
        }
        s00 = widened(split, s00, c00, c01, 0);
        s01 = widened(split, s01, c00, c01, 1);
        s10 = widened(split, s10, c10, c11, 0);
        s11 = widened(split, s11, c10, c11, 1);
        s20 = widened(split, s20, c20, c21, 0);
        s21 = widened(split, s21, c20, c21, 1);
        s30 = widened(split, s30, c30, c31, 0);
        s31 = widened(split, s31, c30, c31, 1);
        if (!split) {
          s02 = widened(false, s02, c01, c01, 0);
          s03 = widened(false, s03, c01, c01, 1);
          s12 = widened(false, s12, c11, c11, 0);
          s13 = widened(false, s13, c11, c11, 1);
          s22 = widened(false, s22, c21, c21, 0);
          s23 = widened(false, s23, c21, c21, 1);
          s32 = widened(false, s32, c31, c31, 0);
          s33 = widened(false, s33, c31, c31, 1);
        }
      }
      const rest = pixels - pixel;
      storePixel(split, sums, out, s00, s01, s02, s03, blocks, layer, half, count);
      if (rest > 1) storePixel(split, sums, out + yStride, s10, s11, s12, s13, blocks, layer, half, count);
      if (rest > 2) storePixel(split, sums, out + 2 * yStride, s20, s21, s22, s23, blocks, layer, half, count);
      if (rest > 3) storePixel(split, sums, out + 3 * yStride, s30, s31, s32, s33, blocks, layer, half, count);
      out += 4 * yStride;
    }
    weights += length * taps;
    if (!split || half) blocks += sums ? 64 : wideBlock(layer);
    y += sums ? lanes * 8 : lanes * 2;
  }
}

// @ts-ignore: decorator
@inline
function storePixel(
  split: bool, sums: bool, out: usize, a: v128, b: v128, c: v128, d: v128, blocks: usize, layer: usize, half: usize, count: i32,
): void {
  if (sums) {
    const biases = split ? blocks + half * 32 : blocks;
    const first = i64x2.add(a, v128.load(biases));
    const second = i64x2.add(b, v128.load(biases, 16));
    if (split) storeFourLongs(out, first, second, count);
    else {
      const third = i64x2.add(c, v128.load(biases, 32));
      storeEightLongs(out, first, second, third, i64x2.add(d, v128.load(biases, 48)), count);
    }
  } else if (split) storeFourSums(out, a, b, blocks, layer, half, count);
  else storeEightSums(out, a, b, c, d, blocks, layer, count);
}

export function convolution_i16_i8_i64(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32, run: i32,
): void {
  wide(false, false, x, y, table, weights, blocks, layer, padding, pixels, channels, yStride, turns, taps, run);
}

export function convolution_i16_i16_i64(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32, run: i32,
): void {
  wide(true, false, x, y, table, weights, blocks, layer, padding, pixels, channels, yStride, turns, taps, run);
}

/** The sums themselves, biases included, which are all that `blocks` holds: 8 x i64 each. `yStride` is that of the sums. */
export function convolutionSums_i16_i8_i64(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32, run: i32,
): void {
  wide(false, true, x, y, table, weights, blocks, layer, padding, pixels, channels, yStride, turns, taps, run);
}

export function convolutionSums_i16_i16_i64(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, turns: i32, taps: i32, run: i32,
): void {
  wide(true, true, x, y, table, weights, blocks, layer, padding, pixels, channels, yStride, turns, taps, run);
}
