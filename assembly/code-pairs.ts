/**
 * Two operands of codes, broadcast: `rows` rows of `length` elements. `aRow`, `bRow` are byte steps from row to row (0: the same row
 * again), `aStep`, `bStep` the byte step from element to element (0: one element for the whole row). y is dense.
 *
 * Codes: `layer` is followed by one block, see round.ts; the factors of one operation stand where the block has its bias:
 * pairs (first, second) of i16, so that one `dot` computes a * first + b * second. The i64 kernels take one record of 64 bits
 * per channel, `channels` of them in turn.
 */
import { interleaveHigh, interleaveLow, storeShorts } from './lanes';
import { WIDE, roundEight, roundWide } from './round';

const ADD = 0;
const MULTIPLY = 1;
const LEAKY_RELU = 2;
const EXTREMUM = 3;

// @ts-ignore: decorator
@inline
function shorts(address: usize, step: i32): v128 {
  return step ? v128.load(address) : v128.load16_splat(address);
}

// @ts-ignore: decorator
@inline
function rounded(operation: i32, u: v128, v: v128, factors: v128, block: usize, layer: usize): v128 {
  let low: v128, high: v128;
  if (operation == ADD) {
    low = i32x4.dot_i16x8_s(interleaveLow(u, v), factors);
    high = i32x4.dot_i16x8_s(interleaveHigh(u, v), factors);
  } else if (operation == MULTIPLY) {
    low = i32x4.extmul_low_i16x8_s(u, v);
    high = i32x4.extmul_high_i16x8_s(u, v);
  } else {
    const zero = i16x8.splat(0);
    const positive = i16x8.max_s(u, zero);
    const negative = i16x8.min_s(u, zero);
    low = i32x4.dot_i16x8_s(interleaveLow(positive, negative), interleaveLow(factors, v));
    high = i32x4.dot_i16x8_s(interleaveHigh(positive, negative), interleaveHigh(factors, v));
  }
  return roundEight(low, high, block, layer);
}

// @ts-ignore: decorator
@inline
function codes(
  operation: i32, largest: i32,
  a: usize, b: usize, y: usize, layer: usize, block: usize,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  const factors = operation == EXTREMUM ? i16x8.splat(0) : v128.load(block);
  const aTurn = <usize>aStep * 8;
  const bTurn = <usize>bStep * 8;
  for (let row = 0; row < rows; row++) {
    let p = a;
    let q = b;
    for (let i = 0; i < length; i += 8) {
      const u = shorts(p, aStep);
      const v = shorts(q, bStep);
      const result = operation == EXTREMUM
        ? largest ? i16x8.max_s(u, v) : i16x8.min_s(u, v)
        : rounded(operation, u, v, factors, block, layer);
      storeShorts(y, result, length - i);
      p += aTurn;
      q += bTurn;
      y += 16;
    }
    y -= <usize>(((length + 7) & ~7) - length) << 1;
    a += aRow;
    b += bRow;
  }
}

// @ts-ignore: decorator
@inline
function wide(
  operation: i32,
  a: usize, b: usize, y: usize, records: usize, channels: i32, aShift: i64, bShift: i64, sign: i64,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: usize, bStep: usize,
): void {
  let channel = 0;
  for (let row = 0; row < rows; row++) {
    let p = a;
    let q = b;
    for (let i = 0; i < length; i++) {
      const u = <i64>load<i16>(p);
      const v = <i64>load<i16>(q);
      let x: i64;
      if (operation == ADD) x = (u << aShift) + sign * (v << bShift);
      else if (operation == MULTIPLY) x = u * v;
      else x = u >= 0 ? u << aShift : u * v;
      store<i16>(y, <i16>roundWide(x, records + <usize>channel * WIDE));
      p += aStep;
      q += bStep;
      y += 2;
      if (++channel == channels) channel = 0;
    }
    a += aRow;
    b += bRow;
  }
}

export function add_i16_i16_i32(
  a: usize, b: usize, y: usize, layer: usize, block: usize,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  codes(ADD, 0, a, b, y, layer, block, rows, length, aRow, bRow, aStep, bStep);
}

export function multiply_i16_i16_i32(
  a: usize, b: usize, y: usize, layer: usize, block: usize,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  codes(MULTIPLY, 0, a, b, y, layer, block, rows, length, aRow, bRow, aStep, bStep);
}

/** b holds the slopes; the first factor is 2^slopeShift. */
export function leakyRelu_i16_i16_i32(
  a: usize, b: usize, y: usize, layer: usize, block: usize,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  codes(LEAKY_RELU, 0, a, b, y, layer, block, rows, length, aRow, bRow, aStep, bStep);
}

/** The larger (`largest` 1) or the smaller. */
export function extremum_i16_i16_i16(
  a: usize, b: usize, y: usize, largest: i32,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  codes(EXTREMUM, largest, a, b, y, 0, 0, rows, length, aRow, bRow, aStep, bStep);
}

export function add_i16_i16_i64(
  a: usize, b: usize, y: usize, records: usize, channels: i32, aShift: i32, bShift: i32, sign: i32,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: usize, bStep: usize,
): void {
  wide(ADD, a, b, y, records, channels, aShift, bShift, sign, rows, length, aRow, bRow, aStep, bStep);
}

export function multiply_i16_i16_i64(
  a: usize, b: usize, y: usize, records: usize, channels: i32, aShift: i32, bShift: i32, sign: i32,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: usize, bStep: usize,
): void {
  wide(MULTIPLY, a, b, y, records, channels, aShift, bShift, sign, rows, length, aRow, bRow, aStep, bStep);
}

export function leakyRelu_i16_i16_i64(
  a: usize, b: usize, y: usize, records: usize, channels: i32, aShift: i32, bShift: i32, sign: i32,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: usize, bStep: usize,
): void {
  wide(LEAKY_RELU, a, b, y, records, channels, aShift, bShift, sign, rows, length, aRow, bRow, aStep, bStep);
}
