/** Two operands of float32, broadcast, with the arguments of code-pairs.ts; four elements at a time. */
import { clampFloats, storeFloats } from './lanes';

const ADD = 0;
const MULTIPLY = 1;
const LEAKY_RELU = 2;
const EXTREMUM = 3;
const DIVIDE = 4;
const EQUAL = 5;
const NOT_EQUAL = 6;
const LESS = 7;
const LESS_OR_EQUAL = 8;

// @ts-ignore: decorator
@inline
function floats(address: usize, step: i32): v128 {
  return step ? v128.load(address) : v128.load32_splat(address);
}

/** `other`: the difference instead of the sum, the smaller instead of the larger. */
// @ts-ignore: decorator
@inline
function compute(operation: i32, other: bool, u: v128, v: v128): v128 {
  if (operation == ADD) return other ? f32x4.sub(u, v) : f32x4.add(u, v);
  if (operation == MULTIPLY) return f32x4.mul(u, v);
  if (operation == LEAKY_RELU) return v128.bitselect(u, f32x4.mul(u, v), f32x4.ge(u, f32x4.splat(0)));
  if (operation == EXTREMUM) return other ? f32x4.pmin(u, v) : f32x4.pmax(u, v);
  if (operation == DIVIDE) return f32x4.div(u, v);
  let mask: v128;
  if (operation == EQUAL) mask = f32x4.eq(u, v);
  else if (operation == NOT_EQUAL) mask = f32x4.ne(u, v);
  else if (operation == LESS) mask = f32x4.lt(u, v);
  else mask = f32x4.le(u, v);
  return v128.and(mask, f32x4.splat(1));
}

/** Sums and products are clamped. */
// @ts-ignore: decorator
@inline
function pairs(
  operation: i32, other: bool,
  a: usize, b: usize, y: usize, low: f32, high: f32,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  const aTurn = <usize>aStep * 4;
  const bTurn = <usize>bStep * 4;
  for (let row = 0; row < rows; row++) {
    let p = a;
    let q = b;
    for (let i = 0; i < length; i += 4) {
      let result = compute(operation, other, floats(p, aStep), floats(q, bStep));
      if (operation == ADD || operation == MULTIPLY) result = clampFloats(result, lows, highs);
      storeFloats(y, result, length - i);
      p += aTurn;
      q += bTurn;
      y += 16;
    }
    y -= <usize>(((length + 3) & ~3) - length) << 2;
    a += aRow;
    b += bRow;
  }
}

/** `sign` -1: the difference. */
export function add_f32_f32_f32(
  a: usize, b: usize, y: usize, low: f32, high: f32, sign: f32,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  pairs(ADD, sign < 0, a, b, y, low, high, rows, length, aRow, bRow, aStep, bStep);
}

export function multiply_f32_f32_f32(
  a: usize, b: usize, y: usize, low: f32, high: f32, sign: f32,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  pairs(MULTIPLY, false, a, b, y, low, high, rows, length, aRow, bRow, aStep, bStep);
}

/** b holds the slopes. */
export function leakyRelu_f32_f32_f32(
  a: usize, b: usize, y: usize, low: f32, high: f32, sign: f32,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  pairs(LEAKY_RELU, false, a, b, y, 0, 0, rows, length, aRow, bRow, aStep, bStep);
}

/** The larger (`largest` 1) or the smaller. */
export function extremum_f32_f32_f32(
  a: usize, b: usize, y: usize, largest: i32,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  pairs(EXTREMUM, !largest, a, b, y, 0, 0, rows, length, aRow, bRow, aStep, bStep);
}

export function divide_f32_f32_f32(
  a: usize, b: usize, y: usize,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  pairs(DIVIDE, false, a, b, y, 0, 0, rows, length, aRow, bRow, aStep, bStep);
}

export function equal_f32_f32_f32(
  a: usize, b: usize, y: usize,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  pairs(EQUAL, false, a, b, y, 0, 0, rows, length, aRow, bRow, aStep, bStep);
}

export function notEqual_f32_f32_f32(
  a: usize, b: usize, y: usize,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  pairs(NOT_EQUAL, false, a, b, y, 0, 0, rows, length, aRow, bRow, aStep, bStep);
}

export function less_f32_f32_f32(
  a: usize, b: usize, y: usize,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  pairs(LESS, false, a, b, y, 0, 0, rows, length, aRow, bRow, aStep, bStep);
}

export function lessOrEqual_f32_f32_f32(
  a: usize, b: usize, y: usize,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  pairs(LESS_OR_EQUAL, false, a, b, y, 0, 0, rows, length, aRow, bRow, aStep, bStep);
}
