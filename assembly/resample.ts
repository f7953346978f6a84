/**
 * Weighted sums along an axis of `count` outputs, with `outer` indices in front and `inner` elements behind it. `table` holds the
 * byte offset (i32) of each tap, `weights` its weight; codes have their taps in pairs. `xOuter` bytes lie between two outer
 * indices of x; y is dense.
 */
import { interleaveHigh, interleaveLow, storeFloats, storeShorts } from './lanes';
import { WIDE, roundEight, roundWide } from './round';

export function resample_i16_i16_i32(
  x: usize, y: usize, table: usize, weights: usize, outer: i32, count: i32, inner: i32, xOuter: usize,
  pairs: i32, layer: usize, block: usize,
): void {
  for (let i = 0; i < outer; i++) {
    let entries = table;
    let factors = weights;
    for (let j = 0; j < count; j++) {
      for (let k = 0; k < inner; k += 8) {
        const start = x + (<usize>k << 1);
        let low = i32x4.splat(0);
        let high = low;
        for (let pair = 0; pair < pairs; pair++) {
          const entry = entries + (<usize>pair << 3);
          const factor = v128.load32_splat(factors + (<usize>pair << 2));
          const u = v128.load(start + load<u32>(entry));
          const v = v128.load(start + load<u32>(entry, 4));
          low = i32x4.add(low, i32x4.dot_i16x8_s(interleaveLow(u, v), factor));
          high = i32x4.add(high, i32x4.dot_i16x8_s(interleaveHigh(u, v), factor));
        }
        storeShorts(y + (<usize>k << 1), roundEight(low, high, block, layer), inner - k);
      }
      y += <usize>inner << 1;
      entries += <usize>pairs << 3;
      factors += <usize>pairs << 2;
    }
    x += xOuter;
  }
}

export function resample_i16_i16_i64(
  x: usize, y: usize, table: usize, weights: usize, outer: i32, count: i32, inner: i32, xOuter: usize,
  pairs: i32, records: usize, channels: i32,
): void {
  const taps = pairs << 1;
  let channel = 0;
  for (let i = 0; i < outer; i++) {
    let entries = table;
    let factors = weights;
    for (let j = 0; j < count; j++) {
      for (let k = 0; k < inner; k++) {
        const start = x + (<usize>k << 1);
        let sum: i64 = 0;
        for (let tap = 0; tap < taps; tap++) {
          const code = <i64>load<i16>(start + load<u32>(entries + (<usize>tap << 2)));
          sum += code * <i64>load<i16>(factors + (<usize>tap << 1));
        }
        store<i16>(y, <i16>roundWide(sum, records + <usize>channel * WIDE));
        y += 2;
        if (++channel == channels) channel = 0;
      }
      entries += <usize>taps << 2;
      factors += <usize>taps << 1;
    }
    x += xOuter;
  }
}

/**
 * Sums alone (i64) of `count` outputs of one outer index: codes less `zero` times weights (i32), `taps` of each.
 */
// @ts-ignore: decorator
@inline
function resampleSums<T>(
  x: usize, y: usize, table: usize, weights: usize, count: i32, inner: i32, taps: i32, zero: i32,
): void {
  for (let j = 0; j < count; j++) {
    for (let k = 0; k < inner; k++) {
      const start = x + <usize>k * sizeof<T>();
      let sum: i64 = 0;
      for (let tap = 0; tap < taps; tap++) {
        const at = <usize>tap << 2;
        const code = <i64>load<T>(start + load<u32>(table + at)) - zero;
        sum += code * <i64>load<i32>(weights + at);
      }
      store<i64>(y, sum);
      y += 8;
    }
    table += <usize>taps << 2;
    weights += <usize>taps << 2;
  }
}

export function resampleSums_i16_i32_i64(
  x: usize, y: usize, table: usize, weights: usize, count: i32, inner: i32, taps: i32, zero: i32,
): void {
  resampleSums<i16>(x, y, table, weights, count, inner, taps, zero);
}

export function resampleSums_i32_i32_i64(
  x: usize, y: usize, table: usize, weights: usize, count: i32, inner: i32, taps: i32, zero: i32,
): void {
  resampleSums<i32>(x, y, table, weights, count, inner, taps, zero);
}

export function resample_f32_f32_f32(
  x: usize, y: usize, table: usize, weights: usize, outer: i32, count: i32, inner: i32, xOuter: usize,
  taps: i32,
): void {
  for (let i = 0; i < outer; i++) {
    let entries = table;
    let factors = weights;
    for (let j = 0; j < count; j++) {
      for (let k = 0; k < inner; k += 4) {
        const start = x + (<usize>k << 2);
        let sum = f32x4.splat(0);
        for (let tap = 0; tap < taps; tap++) {
          const at = <usize>tap << 2;
          const factor = v128.load32_splat(factors + at);
          sum = f32x4.add(sum, f32x4.mul(v128.load(start + load<u32>(entries + at)), factor));
        }
        storeFloats(y + (<usize>k << 2), sum, inner - k);
      }
      y += <usize>inner << 2;
      entries += <usize>taps << 2;
      factors += <usize>taps << 2;
    }
    x += xOuter;
  }
}
