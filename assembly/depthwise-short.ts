/**
 * Depthwise convolution with a 3x3 window, 1 or 2 columns apart, in sums of 16 bits where those are proved to be exact: one over two
 * rows of the window and one over the third, each modulo 2^16, and an addition that saturates where the code does. The first
 * waits in y for the second, because registers do not hold the constants of both. Each input column is read once: it ends a window,
 * continues the next and begins a third.
 *
 * Arguments: x, y; rows: per output row 3 byte offsets of input rows and one unused (i32, negative: padding); records, 8 channels each:
 * weights [9][8], starts of both sums, 2^shift, 2^(15 - shift), what a rounded sum has too much (i16); limits: low, high (8 x i16);
 * padding: a row of zeros, as wide as a row of x; height, width: extent of the output; columns: width of the input; left: padding on
 * the left, 0 or 1; channels: a multiple of 8; stride: bytes from pixel to pixel of x and y.
 */
import { address } from './lanes';

/** Bytes of a record. */
const RECORD: usize = 224;

/** Adds the products of two rows; of one, `last`. */
// @ts-ignore: decorator
@inline
function add(last: bool, sum: v128, a: v128, b: v128, u: v128, v: v128): v128 {
  const product = i16x8.mul(a, u);
  return i16x8.add(sum, last ? product : i16x8.add(product, i16x8.mul(b, v)));
}

/** Rounds half to even: adds 1/2 and rounds down, having taken 1 from a sum where the last place of the rounded one would be 0. */
// @ts-ignore: decorator
@inline
function round(sum: v128, bit: v128, factor: v128, base: v128): v128 {
  const even = i16x8.eq(v128.and(sum, bit), i16x8.splat(0));
  return i16x8.sub_sat_s(i16x8.q15mulr_sat_s(i16x8.add_sat_s(sum, even), factor), base);
}

/** Row 2 of the window and the codes, `last`; rows 0 and 1, which lie at `p` and `q`. */
// @ts-ignore: decorator
@inline
function sumRows(
  last: bool, step: i32, p: usize, q: usize, out: usize, record: usize, limits: usize, padding: usize,
  width: i32, columns: i32, left: i32, stride: usize,
): void {
  const u0 = v128.load(record + (last ? 96 : 0));
  const u1 = v128.load(record + (last ? 112 : 16));
  const u2 = v128.load(record + (last ? 128 : 32));
  const v0 = last ? u0 : v128.load(record, 48);
  const v1 = last ? u1 : v128.load(record, 64);
  const v2 = last ? u2 : v128.load(record, 80);
  const start = v128.load(record + (last ? 160 : 144));
  const bit = v128.load(record, 176);
  const factor = v128.load(record, 192);
  const base = v128.load(record, 208);
  const low = v128.load(limits);
  const high = v128.load(limits, 16);
  // What the next two windows have so far.
  let next = start;
  let later = start;
  if (left == 0) {
    next = add(last, start, v128.load(p), v128.load(q), u0, v0);
    p += stride;
    q += stride;
  }
  if (step == 1) {
    const a = v128.load(p);
    const b = v128.load(q);
    next = add(last, next, a, b, u1, v1);
    later = add(last, start, a, b, u0, v0);
    p += stride;
    q += stride;
  }
  // Where the last column of the window is read; with columns 2 apart the one before it is read in the same turn, at p and q.
  let pLast = step == 1 ? p : p + stride;
  let qLast = step == 1 ? q : q + stride;
  let column = 2 - left;
  let advance = <usize>step * stride;
  const rowEnd = out + <usize>width * stride;
  while (out < rowEnd) {
    let end = rowEnd;
    if (column < columns) {
      const inside = (columns - column + step - 1) / step;
      end = min(rowEnd, out + <usize>inside * stride);
      column += inside * step;
    } else {
      // It is padding, and so is the one before it from the next turn on.
      pLast = padding;
      qLast = padding;
      if (column++ > columns) {
        p = padding;
        q = padding;
      } else end = out + stride;
      advance = 0;
    }
    while (out < end) {
      if (step == 2) next = add(last, next, v128.load(p), v128.load(q), u1, v1);
      const a = v128.load(pLast);
      const b = last ? a : v128.load(qLast);
      const sum = add(last, next, a, b, u2, v2);
      if (last) {
        const codes = round(i16x8.add_sat_s(v128.load(out), sum), bit, factor, base);
        v128.store(out, i16x8.min_s(i16x8.max_s(codes, low), high));
      } else v128.store(out, sum);
      if (step == 2) next = add(last, start, a, b, u0, v0);
      else {
        next = add(last, later, a, b, u1, v1);
        later = add(last, start, a, b, u0, v0);
      }
      p += advance;
      pLast += advance;
      if (!last) {
        q += advance;
        qLast += advance;
      }
      out += stride;
    }
  }
}

// @ts-ignore: decorator
@inline
function depthwise3(
  step: i32, x: usize, y: usize, rows: usize, records: usize, limits: usize, padding: usize,
  height: i32, width: i32, columns: i32, left: i32, channels: i32, stride: usize,
): void {
  for (let i = 0; i < height; i++) {
    let record = records;
    let from = x;
    let out = y;
    // 32 channels of a pixel share a cache line: they follow each other.
    for (let channel = 0; channel < channels; channel += 8) {
      const p = address(rows, from, padding);
      const q = address(rows + 4, from, padding);
      const r = address(rows + 8, from, padding);
      sumRows(false, step, p, q, out, record, limits, padding, width, columns, left, stride);
      sumRows(true, step, r, r, out, record, limits, padding, width, columns, left, stride);
      record += RECORD;
      from += 16;
      out += 16;
    }
    rows += 16;
    y += <usize>width * stride;
  }
}

export function depthwise3x3_i16_i16_i16(
  x: usize, y: usize, rows: usize, records: usize, limits: usize, padding: usize,
  height: i32, width: i32, columns: i32, left: i32, channels: i32, stride: usize,
): void {
  depthwise3(1, x, y, rows, records, limits, padding, height, width, columns, left, channels, stride);
}

/** Columns 2 apart. */
export function depthwise3x3Half_i16_i16_i16(
  x: usize, y: usize, rows: usize, records: usize, limits: usize, padding: usize,
  height: i32, width: i32, columns: i32, left: i32, channels: i32, stride: usize,
): void {
  depthwise3(2, x, y, rows, records, limits, padding, height, width, columns, left, channels, stride);
}
