/** Functions of two broadcast operands, and choice between two, on float32, with the arguments of binary.ts. */
import { floats } from './binary';
import { exp64, log64 } from './elementary';
import { storeFloats } from './lanes';

const DIVIDE = 0;
const EQUAL = 1;
const NOT_EQUAL = 2;
const LESS = 3;
const LESS_OR_EQUAL = 4;

// @ts-ignore: decorator
@inline
function compute(operation: i32, u: v128, v: v128): v128 {
  if (operation == DIVIDE) return f32x4.div(u, v);
  let mask: v128;
  if (operation == EQUAL) mask = f32x4.eq(u, v);
  else if (operation == NOT_EQUAL) mask = f32x4.ne(u, v);
  else if (operation == LESS) mask = f32x4.lt(u, v);
  else mask = f32x4.le(u, v);
  return v128.and(mask, f32x4.splat(1));
}

// @ts-ignore: decorator
@inline
function rowsOf(
  operation: i32,
  a: usize, b: usize, y: usize,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  const aTurn = <usize>aStep * 4;
  const bTurn = <usize>bStep * 4;
  for (let row = 0; row < rows; row++) {
    let p = a;
    let q = b;
    for (let i = 0; i < length; i += 4) {
      storeFloats(y, compute(operation, floats(p, aStep), floats(q, bStep)), length - i);
      p += aTurn;
      q += bTurn;
      y += 16;
    }
    y -= <usize>(((length + 3) & ~3) - length) << 2;
    a += aRow;
    b += bRow;
  }
}

export function divide_f32_f32_f32(
  a: usize, b: usize, y: usize,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  rowsOf(DIVIDE, a, b, y, rows, length, aRow, bRow, aStep, bStep);
}

export function equal_f32_f32_f32(
  a: usize, b: usize, y: usize,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  rowsOf(EQUAL, a, b, y, rows, length, aRow, bRow, aStep, bStep);
}

export function notEqual_f32_f32_f32(
  a: usize, b: usize, y: usize,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  rowsOf(NOT_EQUAL, a, b, y, rows, length, aRow, bRow, aStep, bStep);
}

export function less_f32_f32_f32(
  a: usize, b: usize, y: usize,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  rowsOf(LESS, a, b, y, rows, length, aRow, bRow, aStep, bStep);
}

export function lessOrEqual_f32_f32_f32(
  a: usize, b: usize, y: usize,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  rowsOf(LESS_OR_EQUAL, a, b, y, rows, length, aRow, bRow, aStep, bStep);
}

function power64(x: f64, y: f64): f64 {
  if (y == 0 || x == 1) return 1;
  if (x != x || y != y) return NaN;
  const a = abs(x);
  const magnitude: f64 = a == 1 ? 1.0 : exp64(y * log64(a));
  if (copysign<f64>(1.0, x) > 0) return magnitude;
  if (floor(y) != y) return a > 0 && a < Infinity ? NaN : magnitude;
  return 2.0 * floor(y / 2.0) == y ? magnitude : -magnitude;
}

export function power_f32_f32_f32(
  a: usize, b: usize, y: usize,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: usize, bStep: usize,
): void {
  for (let row = 0; row < rows; row++) {
    let p = a;
    let q = b;
    for (let i = 0; i < length; i++) {
      store<f32>(y, <f32>power64(load<f32>(p), load<f32>(q)));
      p += aStep;
      q += bStep;
      y += 4;
    }
    a += aRow;
    b += bRow;
  }
}

/** a where the condition is not 0, else b. */
export function select_f32_f32_f32(
  condition: usize, a: usize, b: usize, y: usize, rows: i32, length: i32,
  conditionRow: usize, aRow: usize, bRow: usize, conditionStep: usize, aStep: usize, bStep: usize,
): void {
  for (let row = 0; row < rows; row++) {
    let o = condition;
    let p = a;
    let q = b;
    for (let i = 0; i < length; i++) {
      store<f32>(y, load<f32>(o) != 0 ? load<f32>(p) : load<f32>(q));
      o += conditionStep;
      p += aStep;
      q += bStep;
      y += 4;
    }
    condition += conditionRow;
    a += aRow;
    b += bRow;
  }
}
