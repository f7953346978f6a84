/** Functions of one real variable; `length` elements, dense. `alpha` and `beta` serve hardSigmoid. */
import { exp64, tanh64 } from './elementary';
import { clampFloats, storeFloats } from './lanes';

export function sigmoid_f32_f32(x: usize, y: usize, length: i32, alpha: f32, beta: f32): void {
  for (let i = 0; i < length; i++) {
    store<f32>(y, <f32>(1.0 / (1.0 + exp64(-(<f64>load<f32>(x))))));
    x += 4;
    y += 4;
  }
}

export function tanh_f32_f32(x: usize, y: usize, length: i32, alpha: f32, beta: f32): void {
  for (let i = 0; i < length; i++) {
    store<f32>(y, <f32>tanh64(load<f32>(x)));
    x += 4;
    y += 4;
  }
}

export function exp_f32_f32(x: usize, y: usize, length: i32, alpha: f32, beta: f32): void {
  for (let i = 0; i < length; i++) {
    store<f32>(y, <f32>exp64(load<f32>(x)));
    x += 4;
    y += 4;
  }
}

export function hardSigmoid_f32_f32(x: usize, y: usize, length: i32, alpha: f32, beta: f32): void {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  for (let i = 0; i < length; i += 4) {
    const line = f32x4.add(f32x4.mul(f32x4.splat(alpha), v128.load(x)), f32x4.splat(beta));
    storeFloats(y, clampFloats(line, zero, one), length - i);
    x += 16;
    y += 16;
  }
}

export function hardSwish_f32_f32(x: usize, y: usize, length: i32, alpha: f32, beta: f32): void {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const sixth = f32x4.splat(<f32>(1.0 / 6.0));
  const half = f32x4.splat(0.5);
  for (let i = 0; i < length; i += 4) {
    const v = v128.load(x);
    const gate = clampFloats(f32x4.add(f32x4.mul(v, sixth), half), zero, one);
    storeFloats(y, f32x4.mul(v, gate), length - i);
    x += 16;
    y += 16;
  }
}

export function negate_f32_f32(x: usize, y: usize, length: i32, alpha: f32, beta: f32): void {
  for (let i = 0; i < length; i += 4) {
    storeFloats(y, f32x4.neg(v128.load(x)), length - i);
    x += 16;
    y += 16;
  }
}

export function absolute_f32_f32(x: usize, y: usize, length: i32, alpha: f32, beta: f32): void {
  for (let i = 0; i < length; i += 4) {
    storeFloats(y, f32x4.abs(v128.load(x)), length - i);
    x += 16;
    y += 16;
  }
}
