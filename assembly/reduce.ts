/**
 * Reductions of an axis of `length` elements, with `outer` indices in front and `inner` elements behind it, and the index of its
 * largest element. y is dense.
 */
import { storeFloats, storeShorts } from './lanes';

const SUM = 0;
const MAXIMUM = 1;

/** `kind`: 0 sum, 1 maximum, 2 minimum. */
export function reduce_f32_f32(x: usize, y: usize, kind: i32, outer: i32, length: i32, inner: i32): void {
  const start = kind == SUM ? <f32>0 : kind == MAXIMUM ? -f32.MAX_VALUE * 2 : f32.MAX_VALUE * 2;
  const row = <usize>inner << 2;
  for (let i = 0; i < outer; i++) {
    for (let k = 0; k < inner; k += 4) {
      let p = x + (<usize>k << 2);
      let result = f32x4.splat(start);
      for (let j = 0; j < length; j++) {
        const v = v128.load(p);
        if (kind == SUM) result = f32x4.add(result, v);
        else result = kind == MAXIMUM ? f32x4.pmax(result, v) : f32x4.pmin(result, v);
        p += row;
      }
      storeFloats(y + (<usize>k << 2), result, inner - k);
    }
    x += <usize>length * row;
    y += row;
  }
}

/** As reduce_f32_f32, without sums. */
export function reduce_i16_i16(x: usize, y: usize, kind: i32, outer: i32, length: i32, inner: i32): void {
  const row = <usize>inner << 1;
  for (let i = 0; i < outer; i++) {
    for (let k = 0; k < inner; k += 8) {
      let p = x + (<usize>k << 1);
      let result = v128.load(p);
      for (let j = 1; j < length; j++) {
        p += row;
        const v = v128.load(p);
        result = kind == MAXIMUM ? i16x8.max_s(result, v) : i16x8.min_s(result, v);
      }
      storeShorts(y + (<usize>k << 1), result, inner - k);
    }
    x += <usize>length * row;
    y += row;
  }
}

/** Sums (i64) of codes above their zero point. */
// @ts-ignore: decorator
@inline
function reduceSums<T>(x: usize, y: usize, zero: i32, outer: i32, length: i32, inner: i32): void {
  const row = <usize>inner * sizeof<T>();
  const zeros = <i64>zero * <i64>length;
  for (let i = 0; i < outer; i++) {
    for (let k = 0; k < inner; k++) {
      let p = x + <usize>k * sizeof<T>();
      let sum: i64 = 0;
      for (let j = 0; j < length; j++) {
        sum += <i64>load<T>(p);
        p += row;
      }
      store<i64>(y, sum - zeros);
      y += 8;
    }
    x += <usize>length * row;
  }
}

export function reduceSums_i16_i64(x: usize, y: usize, zero: i32, outer: i32, length: i32, inner: i32): void {
  reduceSums<i16>(x, y, zero, outer, length, inner);
}

export function reduceSums_i32_i64(x: usize, y: usize, zero: i32, outer: i32, length: i32, inner: i32): void {
  reduceSums<i32>(x, y, zero, outer, length, inner);
}

/** `base` is the code of index 0. */
// @ts-ignore: decorator
@inline
function argMax<X, Y>(x: usize, y: usize, outer: i32, length: i32, inner: i32, last: i32, base: i32): void {
  const row = <usize>inner * sizeof<X>();
  for (let i = 0; i < outer; i++) {
    for (let k = 0; k < inner; k++) {
      let p = x + <usize>k * sizeof<X>();
      let best = load<X>(p);
      let index = 0;
      for (let j = 1; j < length; j++) {
        p += row;
        const value = load<X>(p);
        if (value > best || (last != 0 && value == best)) {
          best = value;
          index = j;
        }
      }
      store<Y>(y, <Y>(base + index));
      y += sizeof<Y>();
    }
    x += <usize>length * row;
  }
}

export function argMax_i16_i16(x: usize, y: usize, outer: i32, length: i32, inner: i32, last: i32, base: i32): void {
  argMax<i16, i16>(x, y, outer, length, inner, last, base);
}

export function argMax_i16_f32(x: usize, y: usize, outer: i32, length: i32, inner: i32, last: i32, base: i32): void {
  argMax<i16, f32>(x, y, outer, length, inner, last, base);
}

export function argMax_f32_i16(x: usize, y: usize, outer: i32, length: i32, inner: i32, last: i32, base: i32): void {
  argMax<f32, i16>(x, y, outer, length, inner, last, base);
}

export function argMax_f32_f32(x: usize, y: usize, outer: i32, length: i32, inner: i32, last: i32, base: i32): void {
  argMax<f32, f32>(x, y, outer, length, inner, last, base);
}
