/**
 * Convolution whose sums need more than 32 bits. Products are summed in 32 bits over segments of the weights. A segment starts with a number of
 * its own and ends before its sum could leave 32 bits (src/execute/wasm/pack-segments.ts); the bias is less by what all segments start
 * with. Two lanes of 32 bits hold the sum of segments: itself modulo 2^32, and the sum of their upper halves. With at most 65535
 * segments, what the upper halves lack fits 32 bits, and so both give the sum.
 *
 * Weights: panels of 16 channels, `panelBytes` apart; per tap one segment or more: start (16 x i32), bytes of its pairs (u32), whether the tap
 * has another one (u32), 8 bytes unused, and weights of 16 bits, whatever their width: [pair of input channels][16][2].
 *
 * Arguments as in convolution.ts. `i64`: layer and blocks are those of storeEightSums in round.ts. `i40`, for sums that are proved to fit 40 bits:
 * those of roundJoined, with biases of which `blocks` holds the part above 8 bits in the place of the bias.
 */
import { address, storeEightLongs, storeShorts } from './lanes';
import { BLOCK, JOINED, roundJoined, storeEightSums, wideBlock } from './round';

/** Bytes before the pairs of a segment. */
const HEADER: usize = 80;
/** Bytes of a pair of input channels. */
const TURN: usize = 64;

/** What the sum of upper halves lacks of a sum: unsigned. */
// @ts-ignore: decorator
@inline
function lacking(sum: v128, upper: v128): v128 {
  return i32x4.sub(sum, i32x4.shl(upper, 16));
}

/** Codes of four sums of 40 bits, with the biases of `block`. */
// @ts-ignore: decorator
@inline
function roundFour(sum: v128, upper: v128, block: usize, layer: usize): v128 {
  const rest = lacking(sum, upper);
  const low = i32x4.add(v128.and(rest, i32x4.splat(255)), v128.load(block, BLOCK));
  const high = i32x4.add(i32x4.add(i32x4.shl(upper, 8), i32x4.shr_u(rest, 8)), v128.load(block));
  return roundJoined(low, high, block, layer);
}

// @ts-ignore: decorator
@inline
function storeEight(
  joined: bool, sums: bool, out: usize, s0: v128, u0: v128, s1: v128, u1: v128, blocks: usize, layer: usize, count: i32,
): void {
  if (joined) {
    const numbers = i16x8.narrow_i32x4_s(roundFour(s0, u0, blocks, layer), roundFour(s1, u1, blocks + 16, layer));
    storeShorts(out, i16x8.min_s(i16x8.max_s(numbers, v128.load(layer, 48)), v128.load(layer, 64)), count);
    return;
  }
  const rest0 = lacking(s0, u0);
  const rest1 = lacking(s1, u1);
  const a = i64x2.add(i64x2.shl(i64x2.extend_low_i32x4_s(u0), 16), i64x2.extend_low_i32x4_u(rest0));
  const b = i64x2.add(i64x2.shl(i64x2.extend_high_i32x4_s(u0), 16), i64x2.extend_high_i32x4_u(rest0));
  const c = i64x2.add(i64x2.shl(i64x2.extend_low_i32x4_s(u1), 16), i64x2.extend_low_i32x4_u(rest1));
  const d = i64x2.add(i64x2.shl(i64x2.extend_high_i32x4_s(u1), 16), i64x2.extend_high_i32x4_u(rest1));
  if (sums) {
    const first = i64x2.add(a, v128.load(blocks));
    const second = i64x2.add(b, v128.load(blocks, 16));
    const third = i64x2.add(c, v128.load(blocks, 32));
    storeEightLongs(out, first, second, third, i64x2.add(d, v128.load(blocks, 48)), count);
  } else storeEightSums(out, a, b, c, d, blocks, layer, count);
}

// @ts-ignore: decorator
@inline
function product(
  joined: bool, sums: bool, x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize,
  padding: usize, pixels: i32, channels: i32, yStride: usize, panelBytes: usize, taps: i32,
): void {
  const half: usize = sums ? 64 : 16;
  const block: usize = joined ? JOINED : sums ? 64 : wideBlock(layer);
  for (let channel = 0; channel < channels; channel += 16) {
    const count = channels - channel;
    let out = y;
    for (let pixel = 0; pixel < pixels; pixel += 2) {
      let t = table + (<usize>((pixel >> 2) * taps) << 4) + (<usize>(pixel & 2) << 2);
      let b = weights;
      // Of two pixels, four channels each: sums modulo 2^32, and of upper halves.
      let s00 = i32x4.splat(0), s01 = s00, s02 = s00, s03 = s00, u00 = s00, u01 = s00, u02 = s00, u03 = s00;
      let s10 = s00, s11 = s00, s12 = s00, s13 = s00, u10 = s00, u11 = s00, u12 = s00, u13 = s00;
      for (let tap = 0; tap < taps; tap++) {
        let a0 = address(t, x, padding) - 4;
        let a1 = address(t + 4, x, padding) - 4;
        t += 16;
        let more: u32;
        do {
          let c00 = v128.load(b);
          let c01 = v128.load(b, 16);
          let c02 = v128.load(b, 32);
          let c03 = v128.load(b, 48);
          let c10 = c00;
          let c11 = c01;
          let c12 = c02;
          let c13 = c03;
          more = load<u32>(b, 68);
          const end = b + load<u32>(b, 64) + HEADER - TURN;
          b += HEADER - TURN;
          while (b < end) {
            a0 += 4;
            a1 += 4;
            b += TURN;
            const b0 = v128.load(b);
            const b1 = v128.load(b, 16);
            const b2 = v128.load(b, 32);
            const b3 = v128.load(b, 48);
            const p0 = v128.load32_splat(a0);
            c00 = i32x4.add(c00, i32x4.dot_i16x8_s(p0, b0));
            c01 = i32x4.add(c01, i32x4.dot_i16x8_s(p0, b1));
            c02 = i32x4.add(c02, i32x4.dot_i16x8_s(p0, b2));
            c03 = i32x4.add(c03, i32x4.dot_i16x8_s(p0, b3));
            const p1 = v128.load32_splat(a1);
            c10 = i32x4.add(c10, i32x4.dot_i16x8_s(p1, b0));
            c11 = i32x4.add(c11, i32x4.dot_i16x8_s(p1, b1));
            c12 = i32x4.add(c12, i32x4.dot_i16x8_s(p1, b2));
            c13 = i32x4.add(c13, i32x4.dot_i16x8_s(p1, b3));
          }
          b += TURN;
          s00 = i32x4.add(s00, c00);
          u00 = i32x4.add(u00, i32x4.shr_s(c00, 16));
          s01 = i32x4.add(s01, c01);
          u01 = i32x4.add(u01, i32x4.shr_s(c01, 16));
          s02 = i32x4.add(s02, c02);
          u02 = i32x4.add(u02, i32x4.shr_s(c02, 16));
          s03 = i32x4.add(s03, c03);
          u03 = i32x4.add(u03, i32x4.shr_s(c03, 16));
          s10 = i32x4.add(s10, c10);
          u10 = i32x4.add(u10, i32x4.shr_s(c10, 16));
          s11 = i32x4.add(s11, c11);
          u11 = i32x4.add(u11, i32x4.shr_s(c11, 16));
          s12 = i32x4.add(s12, c12);
          u12 = i32x4.add(u12, i32x4.shr_s(c12, 16));
          s13 = i32x4.add(s13, c13);
          u13 = i32x4.add(u13, i32x4.shr_s(c13, 16));
        } while (more);
      }
      storeEight(joined, sums, out, s00, u00, s01, u01, blocks, layer, count);
      if (count > 8) storeEight(joined, sums, out + half, s02, u02, s03, u03, blocks + block, layer, count - 8);
      if (pixels - pixel > 1) {
        storeEight(joined, sums, out + yStride, s10, u10, s11, u11, blocks, layer, count);
        if (count > 8) storeEight(joined, sums, out + yStride + half, s12, u12, s13, u13, blocks + block, layer, count - 8);
      }
      out += 2 * yStride;
    }
    weights += panelBytes;
    blocks += 2 * block;
    y += 2 * half;
  }
}

export function convolution_i16_i16_i40(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, panelBytes: usize, taps: i32,
): void {
  product(true, false, x, y, table, weights, blocks, layer, padding, pixels, channels, yStride, panelBytes, taps);
}

export function convolution_i16_i16_i64(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, panelBytes: usize, taps: i32,
): void {
  product(false, false, x, y, table, weights, blocks, layer, padding, pixels, channels, yStride, panelBytes, taps);
}

/** The sums themselves, biases included, which are all that `blocks` holds: 8 x i64 each. `yStride` is that of the sums. */
export function convolutionSums_i16_i16_i64(
  x: usize, y: usize, table: usize, weights: usize, blocks: usize, layer: usize, padding: usize,
  pixels: i32, channels: i32, yStride: usize, panelBytes: usize, taps: i32,
): void {
  product(false, true, x, y, table, weights, blocks, layer, padding, pixels, channels, yStride, panelBytes, taps);
}
