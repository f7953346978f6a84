/**
 * Statistics of a float32 tensor of `rows` x `channels`, added to a state in memory (docs/statistics.md says what they are,
 * src/execute/wasm/observations.ts reads them):
 *
 *   64 bytes    exponent of the bins' width (i32), exponent bits of the largest magnitude (i32), least value or 0 and greatest value
 *               or 0 (f32), zeros (f64), rows in the partial sums (i32)
 *   bins        4096 x f64; bin 2048 starts at 0
 *   per channel minimum and maximum (f32 each), partial sum (f64), ten limbs of the exact sum (i64): a list each, of `channels`
 *               rounded up to a multiple of 16
 *
 * The tensor is taken in pieces that stay in the second-level cache: extremes first, because they say how wide bins are and which values
 * a partial sum holds exactly. `scratch` counts into four copies of each bin, one per lane, so that equal neighbours do not wait for
 * each other; it holds zeros between calls.
 *
 * Partial sums stay from call to call. A call without rows adds them to the limbs and makes float64 of these, for the state to be read
 * and begun anew.
 *
 * Returns 0, or 1 + the index of the first element that is not finite.
 */
import { addPartials, addRows, carryLimbs, exactFrom, finishLimbs } from './exact-sum';

const EXPONENT: usize = 0;
const BOUND: usize = 4;
const LEAST: usize = 8;
const GREATEST: usize = 12;
const ZEROS: usize = 16;
const PENDING: usize = 24;
const BINS: usize = 64;
const LISTS: usize = BINS + 4096 * 8;

const INFINITY_BITS: i32 = 0x7f800000;
const MAGNITUDE: i32 = 0x7fffffff;
const PIECE: usize = 64 * 1024;

/** Rows after which partial sums are added to the limbs, unless one call has more. */
const MOST_PENDING: i32 = 1 << 14;

/** Exponents of the bins' width with which `countVectors` works. */
const FINEST: i32 = -100;
const COARSEST: i32 = 0;
/** 1.5 * 2^19: added to an integer below 2^18, it leaves 16 times the integer, the distance of its counters, in the low bits. */
const TO_PLACE: f32 = 786432;

export function observe_f32_f64(x: usize, state: usize, scratch: usize, rows: i32, channels: i32): i32 {
  const rowBytes = <usize>channels * 4;
  const padded = (<usize>channels + 15) & ~15;
  const minimum = state + LISTS;
  const maximum = minimum + padded * 4;
  const partials = maximum + padded * 4;
  const limbs = partials + padded * 8;
  const step = max(1, <i32>(PIECE / rowBytes));
  const pending = load<i32>(state, PENDING) + rows;
  if (rows == 0 || pending > MOST_PENDING) {
    addPartials(partials, limbs, channels);
    carryLimbs(limbs, channels);
  }
  if (rows == 0) finishLimbs(limbs, channels);
  store<i32>(state, pending > MOST_PENDING ? rows : pending, PENDING);
  for (let row = 0; row < rows; row += step) {
    const some = min(step, rows - row);
    const largest = findExtremes(x, state, minimum, maximum, some, channels);
    if (largest == INFINITY_BITS) return row * channels + findInfinite(x) + 1;
    if (!fits(state, load<i32>(state, EXPONENT))) {
      collectBins(state, scratch);
      widen(state);
    }
    if (largest >> 23 > load<i32>(state, BOUND)) {
      addPartials(partials, limbs, channels);
      store<i32>(state, largest >> 23, BOUND);
    }
    addRows(x, partials, limbs, some, channels, exactFrom(load<i32>(state, BOUND), max(rows, MOST_PENDING)));
    if (hasNaN(partials, channels)) return row * channels + findInfinite(x) + 1;
    const zeros = countBins(x, scratch, some * channels, load<i32>(state, EXPONENT));
    store<f64>(state, load<f64>(state, ZEROS) + <f64>zeros, ZEROS);
    x += <usize>some * rowBytes;
  }
  collectBins(state, scratch);
  return 0;
}

/** Extremes per channel and of the tensor so far, NaN left out; returns the largest magnitude so far, as bits. */
function findExtremes(x: usize, state: usize, minimum: usize, maximum: usize, rows: i32, channels: i32): i32 {
  const stride = <usize>channels * 4;
  let least = v128.load32_splat(state, LEAST);
  let greatest = v128.load32_splat(state, GREATEST);
  let channel = 0;
  for (; channels - channel >= 16; channel += 16) {
    let p = x;
    let l0 = v128.load(minimum);
    let l1 = v128.load(minimum, 16);
    let l2 = v128.load(minimum, 32);
    let l3 = v128.load(minimum, 48);
    let g0 = v128.load(maximum);
    let g1 = v128.load(maximum, 16);
    let g2 = v128.load(maximum, 32);
    let g3 = v128.load(maximum, 48);
    for (let row = 0; row < rows; row++) {
      const v0 = v128.load(p);
      l0 = f32x4.pmin(l0, v0);
      g0 = f32x4.pmax(g0, v0);
      const v1 = v128.load(p, 16);
      l1 = f32x4.pmin(l1, v1);
      g1 = f32x4.pmax(g1, v1);
      const v2 = v128.load(p, 32);
      l2 = f32x4.pmin(l2, v2);
      g2 = f32x4.pmax(g2, v2);
      const v3 = v128.load(p, 48);
      l3 = f32x4.pmin(l3, v3);
      g3 = f32x4.pmax(g3, v3);
      p += stride;
    }
    v128.store(minimum, l0);
    v128.store(minimum, l1, 16);
    v128.store(minimum, l2, 32);
    v128.store(minimum, l3, 48);
    v128.store(maximum, g0);
    v128.store(maximum, g1, 16);
    v128.store(maximum, g2, 32);
    v128.store(maximum, g3, 48);
    least = f32x4.pmin(f32x4.pmin(least, f32x4.pmin(l0, l1)), f32x4.pmin(l2, l3));
    greatest = f32x4.pmax(f32x4.pmax(greatest, f32x4.pmax(g0, g1)), f32x4.pmax(g2, g3));
    x += 64;
    minimum += 64;
    maximum += 64;
  }
  for (; channel < channels; channel += 4) {
    // Lanes behind the last channel repeat the first of the four.
    const inside = i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(channels - channel));
    let p = x;
    let low = v128.load(minimum);
    let high = v128.load(maximum);
    for (let row = 0; row < rows; row++) {
      const v = v128.bitselect(v128.load(p), v128.load32_splat(p), inside);
      low = f32x4.pmin(low, v);
      high = f32x4.pmax(high, v);
      p += stride;
    }
    v128.store(minimum, low);
    v128.store(maximum, high);
    least = f32x4.pmin(least, low);
    greatest = f32x4.pmax(greatest, high);
    x += 16;
    minimum += 16;
    maximum += 16;
  }
  least = f32x4.pmin(least, v128.shuffle<i64>(least, least, 1, 1));
  greatest = f32x4.pmax(greatest, v128.shuffle<i64>(greatest, greatest, 1, 1));
  const low = min(f32x4.extract_lane(least, 0), f32x4.extract_lane(least, 1));
  const high = max(f32x4.extract_lane(greatest, 0), f32x4.extract_lane(greatest, 1));
  store<f32>(state, low, LEAST);
  store<f32>(state, high, GREATEST);
  return reinterpret<i32>(max(-low, high));
}

/** True where a partial sum is not a number, as an element of its channel is not. */
function hasNaN(partials: usize, channels: i32): bool {
  const end = partials + (<usize>(channels & ~1) << 3);
  let sum = f64x2.splat(0);
  for (; partials < end; partials += 16) sum = f64x2.add(sum, v128.load(partials));
  const total = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1) + (channels & 1 ? load<f64>(end) : 0);
  return total != total;
}

function findInfinite(x: usize): i32 {
  let index = 0;
  while ((load<i32>(x + (<usize>index << 2)) & MAGNITUDE) < INFINITY_BITS) index++;
  return index;
}

/** 2^-exponent. */
// @ts-ignore: decorator
@inline
function scaleOf(exponent: i32): f64 {
  return reinterpret<f64>(<i64>(1023 - exponent) << 52);
}

/** True where 2048 bins of width 2^exponent hold 0 and all values so far. */
function fits(state: usize, exponent: i32): bool {
  const scale = scaleOf(exponent);
  return floor(<f64>load<f32>(state, GREATEST) * scale) - floor(<f64>load<f32>(state, LEAST) * scale) < 2048;
}

/** Doubles the bins' width until all values fit, and adds neighbouring bins. */
function widen(state: usize): void {
  const from = load<i32>(state, EXPONENT);
  let exponent = from;
  while (!fits(state, exponent)) exponent++;
  store<i32>(state, exponent, EXPONENT);
  const shift = min(31, exponent - from);
  const zero = state + BINS + 2048 * 8;
  for (let bin: i32 = 1; bin < 2048; bin++) moveBin(zero, bin, bin >> shift);
  for (let bin: i32 = -1; bin >= -2048; bin--) moveBin(zero, bin, bin >> shift);
}

// @ts-ignore: decorator
@inline
function moveBin(zero: usize, from: i32, to: i32): void {
  const source = zero + (<isize>from << 3);
  const count = load<f64>(source);
  store<f64>(source, 0);
  const target = zero + (<isize>to << 3);
  store<f64>(target, load<f64>(target) + count);
}

/** Moves the counts of scratch into the bins. */
function collectBins(state: usize, scratch: usize): void {
  const scale = scaleOf(load<i32>(state, EXPONENT));
  // Extremes that are not counted yet may lie outside of the bins.
  const first = 2048 + <i32>max(floor(<f64>load<f32>(state, LEAST) * scale), -2048);
  const last = 2048 + <i32>min(floor(<f64>load<f32>(state, GREATEST) * scale), 2047);
  const none = i32x4.splat(0);
  for (let bin = first & ~1; bin <= last; bin += 2) {
    const counts = scratch + (<usize>bin << 4);
    const target = state + BINS + (<usize>bin << 3);
    const a = v128.load(counts);
    const b = v128.load(counts, 16);
    const halves = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
    const both = i32x4.add(halves, v128.shuffle<i64>(halves, halves, 1, 1));
    v128.store(target, f64x2.add(v128.load(target), f64x2.convert_low_i32x4_s(both)));
    v128.store(counts, none);
    v128.store(counts, none, 16);
  }
}

// @ts-ignore: decorator
@inline
function sumLanes(counts: v128): u64 {
  const low = i64x2.extract_lane(counts, 0);
  const high = i64x2.extract_lane(counts, 1);
  return (low & 0xffffffff) + (low >>> 32) + (high & 0xffffffff) + (high >>> 32);
}

/** Counts elements into bins; returns how many are 0. */
function countBins(x: usize, scratch: usize, length: i32, exponent: i32): u64 {
  let done = 0;
  let zeros: u64 = 0;
  if (exponent >= FINEST && exponent <= COARSEST) {
    done = length & ~3;
    zeros = countVectors(x, scratch, done, exponent);
  }
  const scale = scaleOf(exponent);
  for (let i = done; i < length; i++) {
    const value = <f64>load<f32>(x + (<usize>i << 2));
    if (value == 0) zeros++;
    const bin = 2048 + <i32>floor(value * scale);
    const place = scratch + (<usize>bin << 4);
    store<u32>(place, load<u32>(place) + 1);
  }
  return zeros;
}

/**
 * `countBins` for multiples of 4 elements; no product with 2^-exponent underflows or overflows. The vectors that stay the same are read
 * from memory: what it can compute, V8 computes again at every turn.
 */
function countVectors(x: usize, scratch: usize, length: i32, exponent: i32): u64 {
  const constants = scratch + (4096 << 4);
  v128.store(constants, f32x4.splat(reinterpret<f32>((127 - exponent) << 23)));
  v128.store(constants, f32x4.splat(TO_PLACE), 16);
  v128.store(constants, i32x4.splat(<i32>scratch + (2048 << 4) - reinterpret<i32>(TO_PLACE)), 32);
  const scale = v128.load(constants);
  const toPlace = v128.load(constants, 16);
  const base = v128.load(constants, 32);
  let zeros = i32x4.splat(0);
  for (const end = x + (<usize>length << 2); x < end; x += 16) {
    const values = v128.load(x);
    zeros = i32x4.sub(zeros, f32x4.eq(values, f32x4.splat(0)));
    countLanes(i32x4.add(f32x4.add(f32x4.floor(f32x4.mul(values, scale)), toPlace), base));
  }
  return sumLanes(zeros);
}

/** Adds 1 to the counter at the place of each lane, in the copy of its lane. */
// @ts-ignore: decorator
@inline
function countLanes(places: v128): void {
  const p0 = <usize>i32x4.extract_lane(places, 0);
  const p1 = <usize>i32x4.extract_lane(places, 1);
  const p2 = <usize>i32x4.extract_lane(places, 2);
  const p3 = <usize>i32x4.extract_lane(places, 3);
  store<u32>(p0, load<u32>(p0) + 1);
  store<u32>(p1, load<u32>(p1, 4) + 1, 4);
  store<u32>(p2, load<u32>(p2, 8) + 1, 8);
  store<u32>(p3, load<u32>(p3, 12) + 1, 12);
}
