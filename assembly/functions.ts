/** More functions of one real variable, as unary.ts has them: docs/arithmetic.md section 5. `alpha` and `beta` serve elu. */
import { erf64, exp64, expm1, log1p, log64, tanh64 } from './elementary';
import { storeFloats } from './lanes';

const ROOT_HALF: f64 = 0.7071067811865476;
const ROOT_TWO_OVER_PI: f64 = 0.7978845608028654;

const LOG = 0;
const ERF = 1;
const SOFTPLUS = 2;
const GELU = 3;
const GELU_TANH = 4;
const ELU = 5;

// @ts-ignore: decorator
@inline
function evaluate(operation: i32, v: f64, alpha: f64, beta: f64): f64 {
  if (operation == LOG) return log64(v);
  if (operation == ERF) return erf64(v);
  if (operation == SOFTPLUS) return (v > 0 ? v : 0.0) + log1p(exp64(-abs(v)));
  if (operation == GELU) return 0.5 * v * (1.0 + erf64(v * ROOT_HALF));
  if (operation == GELU_TANH) return 0.5 * v * (1.0 + tanh64(ROOT_TWO_OVER_PI * (v + 0.044715 * v * v * v)));
  return beta * (v < 0 ? alpha * expm1(v) : v);
}

// @ts-ignore: decorator
@inline
function scalars(operation: i32, x: usize, y: usize, length: i32, alpha: f64, beta: f64): void {
  for (let i = 0; i < length; i++) {
    store<f32>(y, <f32>evaluate(operation, load<f32>(x), alpha, beta));
    x += 4;
    y += 4;
  }
}

const SQUARE_ROOT = 0;
const RECIPROCAL = 1;
const FLOOR = 2;
const CEILING = 3;
const TRUNCATE = 4;
const IS_ZERO = 5;
const IS_NOT_ZERO = 6;

// @ts-ignore: decorator
@inline
function vector(operation: i32, v: v128): v128 {
  if (operation == SQUARE_ROOT) return f32x4.sqrt(v);
  if (operation == RECIPROCAL) return f32x4.div(f32x4.splat(1), v);
  if (operation == FLOOR) return f32x4.floor(v);
  if (operation == CEILING) return f32x4.ceil(v);
  if (operation == TRUNCATE) return f32x4.trunc(v);
  const zero = f32x4.splat(0);
  return v128.and(operation == IS_ZERO ? f32x4.eq(v, zero) : f32x4.ne(v, zero), f32x4.splat(1));
}

// @ts-ignore: decorator
@inline
function vectors(operation: i32, x: usize, y: usize, length: i32): void {
  for (let i = 0; i < length; i += 4) {
    storeFloats(y, vector(operation, v128.load(x)), length - i);
    x += 16;
    y += 16;
  }
}

export function log_f32_f32(x: usize, y: usize, length: i32, alpha: f64, beta: f64): void {
  scalars(LOG, x, y, length, alpha, beta);
}

export function erf_f32_f32(x: usize, y: usize, length: i32, alpha: f64, beta: f64): void {
  scalars(ERF, x, y, length, alpha, beta);
}

export function softplus_f32_f32(x: usize, y: usize, length: i32, alpha: f64, beta: f64): void {
  scalars(SOFTPLUS, x, y, length, alpha, beta);
}

export function gelu_f32_f32(x: usize, y: usize, length: i32, alpha: f64, beta: f64): void {
  scalars(GELU, x, y, length, alpha, beta);
}

export function geluTanh_f32_f32(x: usize, y: usize, length: i32, alpha: f64, beta: f64): void {
  scalars(GELU_TANH, x, y, length, alpha, beta);
}

export function elu_f32_f32(x: usize, y: usize, length: i32, alpha: f64, beta: f64): void {
  scalars(ELU, x, y, length, alpha, beta);
}

export function squareRoot_f32_f32(x: usize, y: usize, length: i32, alpha: f32, beta: f32): void {
  vectors(SQUARE_ROOT, x, y, length);
}

export function reciprocal_f32_f32(x: usize, y: usize, length: i32, alpha: f32, beta: f32): void {
  vectors(RECIPROCAL, x, y, length);
}

export function floor_f32_f32(x: usize, y: usize, length: i32, alpha: f32, beta: f32): void {
  vectors(FLOOR, x, y, length);
}

export function ceiling_f32_f32(x: usize, y: usize, length: i32, alpha: f32, beta: f32): void {
  vectors(CEILING, x, y, length);
}

export function truncate_f32_f32(x: usize, y: usize, length: i32, alpha: f32, beta: f32): void {
  vectors(TRUNCATE, x, y, length);
}

export function isZero_f32_f32(x: usize, y: usize, length: i32, alpha: f32, beta: f32): void {
  vectors(IS_ZERO, x, y, length);
}

export function isNotZero_f32_f32(x: usize, y: usize, length: i32, alpha: f32, beta: f32): void {
  vectors(IS_NOT_ZERO, x, y, length);
}
