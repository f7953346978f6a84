/** Float32 operations over lines of a tensor. */
import { exp64, log64 } from './elementary';
import { expPair, logPair } from './elementary-pairs';

/** Lines of `length` elements at a distance of `inner` elements; outer * inner lines. */
export function softmax_f32_f32(x: usize, y: usize, outer: i32, length: i32, inner: i32): void {
  const step = <usize>inner << 2;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const first = (<usize>(o * length * inner + i)) << 2;
      softmaxLine(x + first, y + first, length, step);
    }
  }
}

function softmaxLine(x: usize, y: usize, length: i32, step: usize): void {
  let largest: f32 = -Infinity;
  let p = x;
  for (let i = 0; i < length; i++) {
    const value = load<f32>(p);
    largest = largest < value ? value : largest;
    p += step;
  }
  let sum: f32 = 0;
  let q = y;
  p = x;
  for (let i = 0; i < length; i++) {
    const value = <f32>exp64(<f64>(load<f32>(p) - largest));
    sum += value;
    store<f32>(q, value);
    p += step;
    q += step;
  }
  q = y;
  for (let i = 0; i < length; i++) {
    store<f32>(q, load<f32>(q) / sum);
    q += step;
  }
}

/** `lines` lines of `channels` elements; `factor` is alpha / size. */
export function localResponseNormalization_f32_f32(
  x: usize, y: usize, lines: i32, channels: i32, size: i32, factor: f64, beta: f64, bias: f64,
): void {
  const before = (size - 1) >> 1;
  // Channels from `before` to `whole`, exclusive, have all their neighbours.
  const whole = channels - (size - 1 - before);
  for (let line = 0; line < lines; line++) {
    let c = 0;
    for (; c < min(before, channels); c++) normalizeChannel(x, y, c, channels, size, factor, beta, bias);
    // Two pairs at a time, whose long chains of operations overlap.
    for (; c + 3 < whole; c += 4) {
      const first = x + (<usize>(c - before) << 2);
      const a = bases(first, size, factor, bias);
      const b = bases(first + 8, size, factor, bias);
      const exponentA = f64x2.mul(f64x2.splat(beta), logPair(a));
      const exponentB = f64x2.mul(f64x2.splat(beta), logPair(b));
      const plain = areBetween(a, b, f64.MIN_NORMAL_VALUE, f64.MAX_VALUE) && areBetween(exponentA, exponentB, -708, 709);
      if (plain) {
        const values = v128.load(x + (<usize>c << 2));
        const high = v128.shuffle<i64>(values, values, 1, 1);
        const quotientA = f64x2.div(f64x2.promote_low_f32x4(values), expPair(exponentA));
        const quotientB = f64x2.div(f64x2.promote_low_f32x4(high), expPair(exponentB));
        const low = f32x4.demote_f64x2_zero(quotientA);
        v128.store(y + (<usize>c << 2), v128.shuffle<i64>(low, f32x4.demote_f64x2_zero(quotientB), 0, 2));
      } else {
        for (let k = c; k < c + 4; k++) normalizeChannel(x, y, k, channels, size, factor, beta, bias);
      }
    }
    for (; c < channels; c++) normalizeChannel(x, y, c, channels, size, factor, beta, bias);
    x += <usize>channels << 2;
    y += <usize>channels << 2;
  }
}

/** bias + factor * the sum of the squares of `size` neighbours, of two channels side by side. */
// @ts-ignore: decorator
@inline
function bases(first: usize, size: i32, factor: f64, bias: f64): v128 {
  let sum = f64x2.splat(0);
  for (let k = 0; k < size; k++) {
    const values = f64x2.promote_low_f32x4(v128.load64_zero(first + (<usize>k << 2)));
    sum = f64x2.add(sum, f64x2.mul(values, values));
  }
  return f64x2.add(f64x2.splat(bias), f64x2.mul(f64x2.splat(factor), sum));
}

// @ts-ignore: decorator
@inline
function areBetween(a: v128, b: v128, low: f64, high: f64): bool {
  const above = v128.and(f64x2.ge(a, f64x2.splat(low)), f64x2.ge(b, f64x2.splat(low)));
  const below = v128.and(f64x2.le(a, f64x2.splat(high)), f64x2.le(b, f64x2.splat(high)));
  return i64x2.all_true(v128.and(above, below));
}

function normalizeChannel(
  x: usize, y: usize, c: i32, channels: i32, size: i32, factor: f64, beta: f64, bias: f64,
): void {
  const before = (size - 1) >> 1;
  const last = min(c + size - 1 - before, channels - 1);
  let sum: f64 = 0;
  for (let k = max(c - before, 0); k <= last; k++) {
    const value = <f64>load<f32>(x + (<usize>k << 2));
    sum = sum + value * value;
  }
  const value = <f64>load<f32>(x + (<usize>c << 2));
  store<f32>(y + (<usize>c << 2), <f32>(value / exp64(beta * log64(bias + factor * sum))));
}

/** `lines` lines of `length` elements. `result`: 0 the values, 1 the mean, 2 the scale. */
export function normalize_f32_f32(x: usize, y: usize, lines: i32, length: i32, epsilon: f64, result: i32): void {
  const bytes = <usize>length << 2;
  for (let line = 0; line < lines; line++) {
    const end = x + bytes;
    let sum: f64 = 0;
    for (let p = x; p < end; p += 4) sum += <f64>load<f32>(p);
    const mean = sum / <f64>length;
    let squares: f64 = 0;
    for (let p = x; p < end; p += 4) {
      const d = <f64>load<f32>(p) - mean;
      squares += d * d;
    }
    const scale = 1.0 / sqrt(squares / <f64>length + epsilon);
    if (result == 0) {
      for (; x < end; x += 4) {
        store<f32>(y, <f32>((<f64>load<f32>(x) - mean) * scale));
        y += 4;
      }
    } else {
      store<f32>(y, <f32>(result == 1 ? mean : scale));
      y += 4;
      x = end;
    }
  }
}
