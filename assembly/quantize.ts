/** Between float32 and codes. */
import { roundToWhole } from './round';
import { stochasticBits } from './scale';

const HALF_EVEN = 4;
const HALF_AWAY = 7;

/** The ten roundings, numbered as in src/formats/rounding.ts. x - trunc(x) is exact, so ties are. */
function roundReal(x: f64, rounding: i32): f64 {
  const whole = trunc(x);
  if (whole == x) return x;
  const part = abs(x - whole);
  const away = whole + (x < 0 ? -1.0 : 1.0);
  const nearest = part < 0.5 ? whole : away;
  switch (rounding) {
    case 0:
      return floor(x);
    case 1:
      return ceil(x);
    case 2:
      return whole;
    case 3:
      return away;
    case 4:
      return part == 0.5 ? (whole % 2 == 0 ? whole : away) : nearest;
    case 5:
      return part == 0.5 ? ceil(x) : nearest;
    case 6:
      return part == 0.5 ? floor(x) : nearest;
    case 7:
      return nearest;
    case 8:
      return part == 0.5 ? whole : nearest;
    default:
      return part == 0.5 ? (x < 0 || whole % 2 == 0 ? whole : away) : nearest;
  }
}

/**
 * Codes of `length` values: rounded x / step, clamped to low..high (the format's range less the zero point, as float64), plus
 * the zero point. `steps` holds (step f64, low f64, high f64, zero point f64) per channel; `inner` elements in a row share a
 * channel. With `single` the quotient is rounded to float32 first. Returns 1 + the index of the first NaN, 0 without one.
 */
// @ts-ignore: decorator
@inline
function quantize<Y>(
  x: usize, y: usize, steps: usize, channels: i32, inner: i32, single: i32, rounding: i32, length: i32,
): i32 {
  let channel = 0;
  let left = inner;
  let done = 0;
  if (channels == 1 && (rounding == HALF_EVEN || rounding == HALF_AWAY)) {
    done = quantizeVectors<Y>(x, y, steps, single, rounding == HALF_AWAY, length >> 2) << 2;
    x += <usize>done << 2;
    y += <usize>done * sizeof<Y>();
  }
  for (let i = done; i < length; i++) {
    const record = steps + (<usize>channel << 5);
    let quotient = <f64>load<f32>(x) / load<f64>(record);
    if (single) quotient = <f64>(<f32>quotient);
    if (quotient != quotient) return i + 1;
    const rounded = roundReal(quotient, rounding);
    const low = load<f64>(record, 8);
    const high = load<f64>(record, 16);
    const code = (rounded < low ? low : rounded > high ? high : rounded) + load<f64>(record, 24);
    store<Y>(y, <Y>code);
    x += 4;
    y += sizeof<Y>();
    if (channels > 1 && --left == 0) {
      left = inner;
      if (++channel == channels) channel = 0;
    }
  }
  return 0;
}

/** The nearest integers; what is left of a number behind the point is exact. */
// @ts-ignore: decorator
@inline
function nearestTwo(x: v128, away: bool): v128 {
  if (!away) return f64x2.nearest(x);
  const whole = f64x2.trunc(x);
  const one = v128.or(v128.and(x, f64x2.splat(-0.0)), f64x2.splat(1));
  return f64x2.add(whole, v128.and(f64x2.ge(f64x2.abs(f64x2.sub(x, whole)), f64x2.splat(0.5)), one));
}

/** Groups of four elements, nearest codes with ties to even or away from zero, up to a NaN; returns how many are done. */
function quantizeVectors<Y>(x: usize, y: usize, steps: usize, single: i32, away: bool, groups: i32): i32 {
  const step = v128.load64_splat(steps);
  const low = v128.load64_splat(steps, 8);
  const high = v128.load64_splat(steps, 16);
  const zero = v128.load64_splat(steps, 24);
  for (let i = 0; i < groups; i++) {
    const values = v128.load(x);
    let a = f64x2.div(f64x2.promote_low_f32x4(values), step);
    let b = f64x2.div(f64x2.promote_low_f32x4(v128.shuffle<i64>(values, values, 1, 1)), step);
    if (v128.any_true(v128.or(f64x2.ne(a, a), f64x2.ne(b, b)))) return i;
    if (single) {
      a = f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(a));
      b = f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(b));
    }
    a = f64x2.add(f64x2.pmin(f64x2.pmax(nearestTwo(a, away), low), high), zero);
    b = f64x2.add(f64x2.pmin(f64x2.pmax(nearestTwo(b, away), low), high), zero);
    const codes = v128.shuffle<i64>(i32x4.trunc_sat_f64x2_s_zero(a), i32x4.trunc_sat_f64x2_s_zero(b), 0, 2);
    if (sizeof<Y>() == 2) v128.store64_lane(y, i16x8.narrow_i32x4_s(codes, codes), 0);
    else v128.store(y, codes);
    x += 16;
    y += 4 * sizeof<Y>();
  }
  return groups;
}

export function quantize_f32_i16(
  x: usize, y: usize, steps: usize, channels: i32, inner: i32, single: i32, rounding: i32, length: i32,
): i32 {
  return quantize<i16>(x, y, steps, channels, inner, single, rounding, length);
}

export function quantize_f32_i32(
  x: usize, y: usize, steps: usize, channels: i32, inner: i32, single: i32, rounding: i32, length: i32,
): i32 {
  return quantize<i32>(x, y, steps, channels, inner, single, rounding, length);
}

/**
 * The same for what wraps (overflow 1) or is an error (2), and for stochastic rounding (10): returns -1 - the index of an element
 * that overflows, or is infinite, where that is an error.
 */
// @ts-ignore: decorator
@inline
function quantizeChecked<Y>(
  x: usize, y: usize, steps: usize, channels: i32, inner: i32, single: i32, rounding: i32, seed: i32, overflow: i32,
  length: i32,
): i32 {
  let channel = 0;
  let left = inner;
  for (let i = 0; i < length; i++) {
    const record = steps + (<usize>channel << 5);
    let quotient = <f64>load<f32>(x) / load<f64>(record);
    if (single) quotient = <f64>(<f32>quotient);
    if (quotient != quotient) return i + 1;
    const low = load<f64>(record, 8);
    const high = load<f64>(record, 16);
    let code = rounding == 10 ? roundStochastic(quotient, seed, i) : roundReal(quotient, rounding);
    if (code < low || code > high) {
      if (overflow == 0) code = code < low ? low : high;
      else if (overflow == 2 || abs(code) == Infinity) return -1 - i;
      else {
        const size = high - low + 1;
        const rest = code - floor(code / size) * size - low;
        code = rest - floor(rest / size) * size + low;
      }
    }
    store<Y>(y, <Y>(code + load<f64>(record, 24)));
    x += 4;
    y += sizeof<Y>();
    if (--left == 0) {
      left = inner;
      if (++channel == channels) channel = 0;
    }
  }
  return 0;
}

export function quantizeChecked_f32_i16(
  x: usize, y: usize, steps: usize, channels: i32, inner: i32, single: i32, rounding: i32, seed: i32, overflow: i32,
  length: i32,
): i32 {
  return quantizeChecked<i16>(x, y, steps, channels, inner, single, rounding, seed, overflow, length);
}

export function quantizeChecked_f32_i32(
  x: usize, y: usize, steps: usize, channels: i32, inner: i32, single: i32, rounding: i32, seed: i32, overflow: i32,
  length: i32,
): i32 {
  return quantizeChecked<i32>(x, y, steps, channels, inner, single, rounding, seed, overflow, length);
}

// @ts-ignore: decorator
@inline
function roundStochastic(x: f64, seed: i32, element: i32): f64 {
  const below = floor(x);
  if (below == x) return x;
  const u = <f64>stochasticBits(seed, element) / 4294967296.0;
  // The difference from the nearer of both integers to zero is exact.
  const up = x < 0 ? x - (below + 1) >= -u : x - below >= 1 - u;
  return up ? below + 1 : below;
}

/**
 * The same where one power-of-two step and no zero point serve all elements and the rounding is halfEven: x * scale is exact
 * in float32 unless it saturates or rounds to 0 anyway. Low and high are codes.
 */
export function quantizeShift_f32_i16(x: usize, y: usize, scale: f32, low: f32, high: f32, length: i32): i32 {
  const scales = f32x4.splat(scale);
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  const vectors = length >> 3;
  let invalid = i32x4.splat(0);
  const start = x;
  for (let i = 0; i < vectors; i++) {
    const a = v128.load(x);
    const b = v128.load(x, 16);
    invalid = v128.or(invalid, v128.or(f32x4.ne(a, a), f32x4.ne(b, b)));
    v128.store(
      y,
      i16x8.narrow_i32x4_s(roundFloats(a, scales, lows, highs), roundFloats(b, scales, lows, highs)),
    );
    x += 32;
    y += 16;
  }
  for (let i = vectors << 3; i < length; i++) {
    const real = load<f32>(x);
    if (real != real) return i + 1;
    const rounded = nearest(real * scale);
    store<i16>(y, <i16>(rounded < low ? low : rounded > high ? high : rounded));
    x += 4;
    y += 2;
  }
  return v128.any_true(invalid) ? firstNaN(start) : 0;
}

// @ts-ignore: decorator
@inline
function roundFloats(x: v128, scale: v128, low: v128, high: v128): v128 {
  return roundToWhole(f32x4.pmin(f32x4.pmax(f32x4.mul(x, scale), low), high));
}

function firstNaN(x: usize): i32 {
  let index = 1;
  while (load<f32>(x) == load<f32>(x)) {
    x += 4;
    index++;
  }
  return index;
}

/** `steps` holds (zero point f64, step f64) per channel; `inner` elements in a row share a channel. */
export function dequantize_i16_f32(
  x: usize, y: usize, steps: usize, channels: i32, inner: i32, length: i32,
): void {
  let channel = 0;
  let left = inner;
  for (let i = 0; i < length; i++) {
    const record = steps + (<usize>channel << 4);
    store<f32>(y, <f32>((<f64>load<i16>(x) - load<f64>(record)) * load<f64>(record, 8)));
    x += 2;
    y += 4;
    if (--left == 0) {
      left = inner;
      if (++channel == channels) channel = 0;
    }
  }
}

/** Codes of more than 16 bits, which become float32 before they are scaled and have no zero point. */
export function dequantize_i32_f32(
  x: usize, y: usize, steps: usize, channels: i32, inner: i32, length: i32,
): void {
  let channel = 0;
  let left = inner;
  for (let i = 0; i < length; i++) {
    const step = load<f64>(steps + (<usize>channel << 4), 8);
    store<f32>(y, <f32>(<f64>(<f32>load<i32>(x)) * step));
    x += 4;
    y += 4;
    if (--left == 0) {
      left = inner;
      if (++channel == channels) channel = 0;
    }
  }
}
