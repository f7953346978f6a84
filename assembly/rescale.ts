/**
 * From exact sums to codes, everything that docs/arithmetic.md allows: scale, zero point, overflow, clamp.
 *
 * Arguments: x: sums (i32 or i64), y; layer; selectors: addresses of records (u32; see scale.ts), `period` of them in turn, each for
 * `inner` elements in a row; first: index of the first element in the whole output; length. Returns 1 + the index of an element
 * that overflows where that is an error, else 0. Layer (i64 each): overflow, the bits above a register that wraps, low, high, the
 * clamp's low and high, and the ends beyond which an output counts as clipped. `counters`, where counted (i64 each): minimum and
 * maximum of the sums, clipped outputs.
 */
import { FAILED, scaled } from './scale';

const WRAP = 1;
const TRAP = 2;

// @ts-ignore: decorator
@inline
function rescale<T, Y>(
  x: usize, y: usize, layer: usize, selectors: usize, period: i32, inner: i32, first: i32, length: i32,
  counters: usize, counted: bool,
): i32 {
  const overflow = load<i32>(layer);
  const above = load<i64>(layer, 8);
  const low = load<i64>(layer, 16);
  const high = load<i64>(layer, 24);
  const clampLow = load<i64>(layer, 32);
  const clampHigh = load<i64>(layer, 40);
  let minimum = i64.MAX_VALUE;
  let maximum = i64.MIN_VALUE;
  let clipped: i64 = 0;
  let turn = (first / inner) % period;
  let left = inner - (first % inner);
  for (let i = 0; i < length; i++) {
    const sum = (<i64>load<T>(x) << above) >> above;
    const element = first + i;
    const record = load<u32>(selectors + (<usize>turn << 2));
    let value = scaled(sum, record, element, true);
    if (value == FAILED) return element + 1;
    const zeroPoint = load<i64>(record, 40);
    value += zeroPoint;
    if (counted) {
      minimum = min(minimum, sum);
      maximum = max(maximum, sum);
      clipped += <i64>(value < load<i64>(layer, 48) || value > load<i64>(layer, 56));
    }
    if (value < low || value > high) {
      if (overflow == TRAP) return element + 1;
      if (overflow == WRAP) {
        const bits = scaled(sum, record, element, false) + zeroPoint;
        value = ((bits - low) & (high - low)) + low;
      } else value = value < low ? low : high;
    }
    store<Y>(y, <Y>(value < clampLow ? clampLow : value > clampHigh ? clampHigh : value));
    x += sizeof<T>();
    y += sizeof<Y>();
    if (--left == 0) {
      left = inner;
      if (++turn == period) turn = 0;
    }
  }
  if (counted) {
    store<i64>(counters, min(load<i64>(counters), minimum));
    store<i64>(counters, max(load<i64>(counters, 8), maximum), 8);
    store<i64>(counters, load<i64>(counters, 16) + clipped, 16);
  }
  return 0;
}

export function rescale_i32_i16(
  x: usize, y: usize, layer: usize, selectors: usize, period: i32, inner: i32, first: i32, length: i32,
): i32 {
  return rescale<i32, i16>(x, y, layer, selectors, period, inner, first, length, 0, false);
}

export function rescale_i64_i16(
  x: usize, y: usize, layer: usize, selectors: usize, period: i32, inner: i32, first: i32, length: i32,
): i32 {
  return rescale<i64, i16>(x, y, layer, selectors, period, inner, first, length, 0, false);
}

export function rescaleCounted_i32_i16(
  x: usize, y: usize, layer: usize, selectors: usize, period: i32, inner: i32, first: i32, length: i32, counters: usize,
): i32 {
  return rescale<i32, i16>(x, y, layer, selectors, period, inner, first, length, counters, true);
}

export function rescaleCounted_i64_i16(
  x: usize, y: usize, layer: usize, selectors: usize, period: i32, inner: i32, first: i32, length: i32, counters: usize,
): i32 {
  return rescale<i64, i16>(x, y, layer, selectors, period, inner, first, length, counters, true);
}

export function rescale_i32_i32(
  x: usize, y: usize, layer: usize, selectors: usize, period: i32, inner: i32, first: i32, length: i32,
): i32 {
  return rescale<i32, i32>(x, y, layer, selectors, period, inner, first, length, 0, false);
}

export function rescale_i64_i32(
  x: usize, y: usize, layer: usize, selectors: usize, period: i32, inner: i32, first: i32, length: i32,
): i32 {
  return rescale<i64, i32>(x, y, layer, selectors, period, inner, first, length, 0, false);
}

export function rescaleCounted_i32_i32(
  x: usize, y: usize, layer: usize, selectors: usize, period: i32, inner: i32, first: i32, length: i32, counters: usize,
): i32 {
  return rescale<i32, i32>(x, y, layer, selectors, period, inner, first, length, counters, true);
}

export function rescaleCounted_i64_i32(
  x: usize, y: usize, layer: usize, selectors: usize, period: i32, inner: i32, first: i32, length: i32, counters: usize,
): i32 {
  return rescale<i64, i32>(x, y, layer, selectors, period, inner, first, length, counters, true);
}
