/**
 * A tensor beside the float values that it stands for. `steps` holds (zero point, step, low, high: f64 each) per channel, the last two
 * the values beyond which a reference counts as clipped; `inner` elements in a row share a channel. `sums` (f64 each) are written:
 * squares of the references, squares of the errors, the largest error, clipped references.
 */

/** Two elements from the low half of four, as float64. */
// @ts-ignore: decorator
@inline
function widen<T>(four: v128): v128 {
  if (isFloat<T>()) return f64x2.promote_low_f32x4(four);
  return f64x2.convert_low_i32x4_s(four);
}

// @ts-ignore: decorator
@inline
function loadFour<T>(x: usize): v128 {
  return sizeof<T>() == 2 ? v128.load16x4_s(x) : v128.load(x);
}

// @ts-ignore: decorator
@inline
function sumLanes(a: v128, b: v128): f64 {
  const sum = f64x2.add(a, b);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

// @ts-ignore: decorator
@inline
function compare<T>(
  x: usize, reference: usize, steps: usize, channels: i32, inner: i32, sums: usize, length: i32,
): void {
  let signal: f64 = 0;
  let noise: f64 = 0;
  let largest: f64 = 0;
  let clipped: f64 = 0;
  let done = 0;
  if (channels == 1) {
    done = length & ~3;
    compareVectors<T>(x, reference, steps, sums, done);
    signal = load<f64>(sums);
    noise = load<f64>(sums, 8);
    largest = load<f64>(sums, 16);
    clipped = load<f64>(sums, 24);
    x += <usize>done * sizeof<T>();
    reference += <usize>done * 4;
  }
  let channel = 0;
  let left = inner;
  for (let i = done; i < length; i++) {
    const record = steps + (<usize>channel << 5);
    const value = <f64>load<f32>(reference);
    const error = abs(value - (<f64>load<T>(x) - load<f64>(record)) * load<f64>(record, 8));
    signal += value * value;
    noise += error * error;
    if (error > largest) largest = error;
    if (value < load<f64>(record, 16) || value > load<f64>(record, 24)) clipped++;
    x += sizeof<T>();
    reference += 4;
    if (channels > 1 && --left == 0) {
      left = inner;
      if (++channel == channels) channel = 0;
    }
  }
  store<f64>(sums, signal);
  store<f64>(sums, noise, 8);
  store<f64>(sums, largest, 16);
  store<f64>(sums, clipped, 24);
}

/** `length` elements of one channel, a multiple of 4. */
function compareVectors<T>(x: usize, reference: usize, steps: usize, sums: usize, length: i32): void {
  const zero = v128.load64_splat(steps);
  const step = v128.load64_splat(steps, 8);
  const low = v128.load64_splat(steps, 16);
  const high = v128.load64_splat(steps, 24);
  let signalA = f64x2.splat(0);
  let signalB = f64x2.splat(0);
  let noiseA = f64x2.splat(0);
  let noiseB = f64x2.splat(0);
  let largest = f64x2.splat(0);
  let outside = i64x2.splat(0);
  for (const end = reference + (<usize>length << 2); reference < end; reference += 16) {
    const codes = loadFour<T>(x);
    const values = v128.load(reference);
    const a = f64x2.promote_low_f32x4(values);
    const b = f64x2.promote_low_f32x4(v128.shuffle<i64>(values, values, 1, 1));
    const realA = f64x2.mul(f64x2.sub(widen<T>(codes), zero), step);
    const realB = f64x2.mul(f64x2.sub(widen<T>(v128.shuffle<i64>(codes, codes, 1, 1)), zero), step);
    const errorA = f64x2.abs(f64x2.sub(a, realA));
    const errorB = f64x2.abs(f64x2.sub(b, realB));
    signalA = f64x2.add(signalA, f64x2.mul(a, a));
    signalB = f64x2.add(signalB, f64x2.mul(b, b));
    noiseA = f64x2.add(noiseA, f64x2.mul(errorA, errorA));
    noiseB = f64x2.add(noiseB, f64x2.mul(errorB, errorB));
    largest = f64x2.pmax(f64x2.pmax(largest, errorA), errorB);
    outside = i64x2.sub(outside, v128.or(f64x2.lt(a, low), f64x2.gt(a, high)));
    outside = i64x2.sub(outside, v128.or(f64x2.lt(b, low), f64x2.gt(b, high)));
    x += 4 * sizeof<T>();
  }
  store<f64>(sums, sumLanes(signalA, signalB));
  store<f64>(sums, sumLanes(noiseA, noiseB), 8);
  store<f64>(sums, max(f64x2.extract_lane(largest, 0), f64x2.extract_lane(largest, 1)), 16);
  store<f64>(sums, <f64>(i64x2.extract_lane(outside, 0) + i64x2.extract_lane(outside, 1)), 24);
}

export function compare_i16_f32(
  x: usize, reference: usize, steps: usize, channels: i32, inner: i32, sums: usize, length: i32,
): void {
  compare<i16>(x, reference, steps, channels, inner, sums, length);
}

export function compare_i32_f32(
  x: usize, reference: usize, steps: usize, channels: i32, inner: i32, sums: usize, length: i32,
): void {
  compare<i32>(x, reference, steps, channels, inner, sums, length);
}

export function compare_f32_f32(
  x: usize, reference: usize, steps: usize, channels: i32, inner: i32, sums: usize, length: i32,
): void {
  compare<f32>(x, reference, steps, channels, inner, sums, length);
}
