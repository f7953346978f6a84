/**
 * Minimal filtering as in winograd.ts, tiles of 2 x 2, for codes of 0 to 32767. A transformed code has up to 18 bits; what its 16 bits
 * leave out is listed, and added to the sums afterwards: in networks that is little. Weights are transformed without their
 * factors of 2, so that sums of six positions are even; they are halved exactly where each sum is proved to fit 32 bits:
 * docs/kernels.md.
 *
 * A list is its number of entries (i32) and, from byte 8 on, entries of 8 bytes: a weight's place in a panel, and
 * a sum's place in it plus by how many times 2^16 the transformed code is larger, plus 1. Both are bytes; the weights of a channel of
 * odd number have places that are odd.
 */
import { storeShorts } from './lanes';
import { BLOCK, roundEight } from './round';

/** Transforms four rows of pixels along their columns; the second result of each has no sign. */
// @ts-ignore: decorator
@inline
function columns(x: usize, xRow: usize, xStride: usize, kept: usize): void {
  for (let row = 0; row < 4; row++) {
    const v0 = v128.load(x);
    const v1 = v128.load(x + xStride);
    const v2 = v128.load(x + 2 * xStride);
    const v3 = v128.load(x + 3 * xStride);
    v128.store(kept, i16x8.sub(v0, v2));
    v128.store(kept, i16x8.add(v1, v2), 16);
    v128.store(kept, i16x8.sub(v2, v1), 32);
    v128.store(kept, i16x8.sub(v1, v3), 48);
    x += xRow;
    kept += 64;
  }
}

/** Writes four transformed codes, `step` apart; the sign of a lane of the result says whether one of them does not fit. */
// @ts-ignore: decorator
@inline
function rows(unsigned: bool, kept: usize, to: usize, step: usize): v128 {
  const v0 = v128.load(kept);
  const v1 = v128.load(kept, 64);
  const v2 = v128.load(kept, 128);
  const v3 = v128.load(kept, 192);
  const sum = i16x8.add(v1, v2);
  const first = i16x8.sub(v0, v2);
  const third = i16x8.sub(v2, v1);
  const fourth = i16x8.sub(v1, v3);
  v128.store(to, first);
  v128.store(to + step, sum);
  v128.store(to + 2 * step, third);
  v128.store(to + 3 * step, fourth);
  // Lanes without a sign differ as they do with one, 32768 less.
  const less = unsigned ? i16x8.splat(i16.MIN_VALUE) : i16x8.splat(0);
  const s0 = v128.xor(v0, less);
  const s1 = v128.xor(v1, less);
  const s2 = v128.xor(v2, less);
  const s3 = v128.xor(v3, less);
  let over = unsigned ? i16x8.add_sat_u(v1, v2) : v128.xor(i16x8.add_sat_s(v1, v2), sum);
  over = v128.or(over, v128.xor(i16x8.sub_sat_s(s0, s2), first));
  over = v128.or(over, v128.xor(i16x8.sub_sat_s(s2, s1), third));
  return v128.or(over, v128.xor(i16x8.sub_sat_s(s1, s3), fourth));
}

/** Lists those of the first `count` lanes whose numbers 16 bits do not hold. */
function listFour(numbers: v128, list: usize, weight: usize, sum: usize, count: i32): void {
  let excess = i32x4.shr_s(i32x4.add(numbers, i32x4.splat(32768)), 16);
  for (let lane = 0; lane < min(count, 4); lane++) {
    const times = i32x4.extract_lane(excess, 0);
    excess = v128.shuffle<i32>(excess, excess, 1, 2, 3, 0);
    if (times == 0) continue;
    const entries = load<i32>(list);
    const entry = list + 8 + (<usize>entries << 3);
    store<i32>(entry, <i32>weight + (lane >> 1) * 32 + (lane & 1));
    store<i32>(entry, <i32>sum + times + 1, 4);
    store<i32>(list, entries + 1);
  }
}

/** The same for eight lanes of a + b or a - b. */
// @ts-ignore: decorator
@inline
function listEight(
  unsigned: bool, add: bool, a: v128, b: v128, list: usize, weight: usize, sum: usize, count: i32,
): void {
  const a0 = unsigned ? i32x4.extend_low_i16x8_u(a) : i32x4.extend_low_i16x8_s(a);
  const b0 = unsigned ? i32x4.extend_low_i16x8_u(b) : i32x4.extend_low_i16x8_s(b);
  listFour(add ? i32x4.add(a0, b0) : i32x4.sub(a0, b0), list, weight, sum, count);
  const a1 = unsigned ? i32x4.extend_high_i16x8_u(a) : i32x4.extend_high_i16x8_s(a);
  const b1 = unsigned ? i32x4.extend_high_i16x8_u(b) : i32x4.extend_high_i16x8_s(b);
  listFour(add ? i32x4.add(a1, b1) : i32x4.sub(a1, b1), list, weight + 64, sum, count - 4);
}

/** The same for the four transformed codes of a column, places `weightStep` and `sumStep` apart. */
// @ts-ignore: decorator
@inline
function listColumn(
  unsigned: bool, kept: usize, list: usize, weight: usize, sum: usize, weightStep: usize, sumStep: usize, count: i32,
): void {
  const v0 = v128.load(kept);
  const v1 = v128.load(kept, 64);
  const v2 = v128.load(kept, 128);
  const v3 = v128.load(kept, 192);
  listEight(unsigned, false, v0, v2, list, weight, sum, count);
  listEight(unsigned, true, v1, v2, list, weight + weightStep, sum + sumStep, count);
  listEight(unsigned, false, v2, v1, list, weight + 2 * weightStep, sum + 2 * sumStep, count);
  listEight(unsigned, false, v1, v3, list, weight + 3 * weightStep, sum + 3 * sumStep, count);
}

function listBlock(
  kept: usize, list: usize, weight: usize, sum: usize, weightPlane: usize, sumPlane: usize, count: i32,
): void {
  for (let column: usize = 0; column < 4; column++) {
    const from = kept + column * 16;
    const w = weight + column * weightPlane;
    const s = sum + column * sumPlane;
    if (column == 1) listColumn(true, from, list, w, s, 4 * weightPlane, 4 * sumPlane, count);
    else listColumn(false, from, list, w, s, 4 * weightPlane, 4 * sumPlane, count);
  }
}

/**
 * Codes to transformed ones, and the list of what they leave out. As winogradInput2_i16_i16; `weightPlane` and `sumPlane`: bytes from
 * position to position of a panel of weights, and of sums.
 */
export function winogradInputLong_i16_i16(
  x: usize, y: usize, list: usize, table: usize, scratch: usize, tiles: i32, channels: i32,
  xRow: usize, xStride: usize, plane: usize, weightPlane: usize, sumPlane: usize,
): void {
  store<i32>(list, 0);
  for (let tile = 0; tile < tiles; tile++) {
    let from = x + <usize>load<i32>(table);
    for (let channel = 0; channel < channels; channel += 8) {
      columns(from, xRow, xStride, scratch);
      let over = rows(false, scratch, y, 4 * plane);
      over = v128.or(over, rows(true, scratch + 16, y + plane, 4 * plane));
      over = v128.or(over, rows(false, scratch + 32, y + 2 * plane, 4 * plane));
      over = v128.or(over, rows(false, scratch + 48, y + 3 * plane, 4 * plane));
      if (i16x8.bitmask(over))
        listBlock(scratch, list, <usize>channel << 4, <usize>tile << 5, weightPlane, sumPlane, channels - channel);
      from += 16;
      y += 16;
    }
    table += 16;
  }
}

/** Adds what a list says to the sums of `panels` panels: y, weights, `yPanel` and `panel` bytes from panel to panel. */
export function winogradExcess_i16_i32(
  y: usize, weights: usize, list: usize, panels: i32, panel: usize, yPanel: usize,
): void {
  const end = list + 8 + (<usize>load<i32>(list) << 3);
  for (let entry = list + 8; entry < end; entry += 8) {
    const place = load<i32>(entry);
    const target = load<i32>(entry, 4);
    const times = i32x4.splat(((target & 3) - 1) << 16);
    const odd = (place & 1) << 4;
    let w = weights + <usize>(place & ~1);
    let sums = y + <usize>(target & ~3);
    for (let index = 0; index < panels; index++) {
      const low = i32x4.mul(i32x4.shr_s(v128.load(w), odd), times);
      const high = i32x4.mul(i32x4.shr_s(v128.load(w, 16), odd), times);
      v128.store(sums, i32x4.add(v128.load(sums), low));
      v128.store(sums, i32x4.add(v128.load(sums, 16), high), 16);
      w += panel;
      sums += yPanel;
    }
  }
}

/** Two sums of four, of which the second plus or minus the third is even: from vectors `step` apart to vectors `next` apart. */
// @ts-ignore: decorator
@inline
function outputFour(from: usize, step: usize, to: usize, next: usize): void {
  const v1 = v128.load(from + step);
  const v2 = v128.load(from + 2 * step);
  const half1 = i32x4.shr_s(v1, 1);
  const half2 = i32x4.shr_s(v2, 1);
  const sum = i32x4.add(i32x4.add(half1, half2), v128.and(v1, i32x4.splat(1)));
  v128.store(to, i32x4.add(v128.load(from), sum));
  v128.store(to + next, i32x4.sub(i32x4.sub(half1, half2), v128.load(from + 3 * step)));
}

/** Codes. As winogradOutput2_i32_i16. */
export function winogradOutputLong_i32_i16(
  x: usize, y: usize, table: usize, blocks: usize, layer: usize, scratch: usize,
  tiles: i32, channels: i32, plane: usize, yRow: usize, yStride: usize,
): void {
  for (let channel = 0; channel < channels; channel += 8) {
    const count = channels - channel;
    const low = v128.load(blocks);
    const high = v128.load(blocks, 16);
    let tileTable = table;
    for (let tile = 0; tile < tiles; tile++) {
      let from = x + <usize>tile * 32;
      for (let kept = scratch; kept < scratch + 256; kept += 64) {
        outputFour(from, plane, kept, 32);
        outputFour(from + 16, plane, kept + 16, 32);
        from += 4 * plane;
      }
      const height = load<i32>(tileTable, 8);
      const width = load<i32>(tileTable, 12);
      let out = y + <usize>load<i32>(tileTable, 4);
      for (let column = 0; column < width; column++) {
        const kept = scratch + <usize>column * 32;
        outputFour(kept, 64, kept, 64);
        outputFour(kept + 16, 64, kept + 16, 64);
        let pixel = out;
        let sums = kept;
        for (let row = 0; row < height; row++) {
          const a = i32x4.add(v128.load(sums), low);
          const b = i32x4.add(v128.load(sums, 16), high);
          storeShorts(pixel, roundEight(a, b, blocks, layer), count);
          pixel += yRow;
          sums += 64;
        }
        out += yStride;
      }
      tileTable += 16;
    }
    x += 16 * plane;
    blocks += BLOCK;
    y += 16;
  }
}
