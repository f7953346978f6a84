/** Float32 operations over lines of a tensor. */
import { exp64, log64 } from './elementary';

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
  const after = size - 1 - before;
  for (let line = 0; line < lines; line++) {
    for (let c = 0; c < channels; c++) {
      const last = min(c + after, channels - 1);
      let sum: f64 = 0;
      for (let k = max(c - before, 0); k <= last; k++) {
        const value = <f64>load<f32>(x + (<usize>k << 2));
        sum = sum + value * value;
      }
      const value = <f64>load<f32>(x + (<usize>c << 2));
      store<f32>(y + (<usize>c << 2), <f32>(value / exp64(beta * log64(bias + factor * sum))));
    }
    x += <usize>channels << 2;
    y += <usize>channels << 2;
  }
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
