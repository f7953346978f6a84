/** Powers of, and choice between, broadcast operands of float32, one at a time, with the arguments of code-pairs.ts. */
import { exp64, log64 } from './elementary';

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
