/**
 * Accumulators that are not proved wide enough, emulated step by step: docs/arithmetic.md section 4.1. Eight output channels at
 * once, in lanes of 32 bits where no intermediate value needs more, else of 64.
 *
 * Arguments: x: the first pixel's first tap, with padding written out; y: sums, as wide as the lanes; offsets: of each product's input
 * from the pixel (i32, bytes), in the order of the sequence; weights [channels/8][product][8] (i32, without zero points); biases: 8
 * lanes per block; plan; zero: zero point of x; spread: 1 where each channel has an input channel of its own, else 0; rows, columns:
 * pixels; rowStep, columnStep: bytes of x from one to the next; channels; yStride: bytes of y from pixel to pixel; first: index of
 * the first element in the whole output. Returns 1 + the index of an element whose register overflows where that is an error, else 0.
 *
 * Plan (i64 each): products, products per step, 1 where the bias comes first, steps between stores or 0; the rounding of a stored
 * sum: shift, offset, evenMask, negativeMask; then for the adder tree, the register and the stored sum: mode, low, high, and the
 * bits above the register. `counters`: see rescale.ts; wraps and saturations follow (i64).
 */
import { storeEightLongs, storeEightWords } from './lanes';

/** Modes of a register. */
const NONE = 0;
const WRAP = 2;
const TRAP = 3;

const TREE: usize = 64;
const REGISTER: usize = 96;
const STORED: usize = 128;

// @ts-ignore: decorator
@inline
function fitWords(v: v128, register: usize): v128 {
  const above = load<i32>(register, 24);
  if (load<i32>(register) == WRAP) return i32x4.shr_s(i32x4.shl(v, above), above);
  return i32x4.min_s(i32x4.max_s(v, v128.load32_splat(register + 8)), v128.load32_splat(register + 16));
}

// @ts-ignore: decorator
@inline
function anyChange(a: v128, b: v128, c: v128, d: v128): bool {
  return v128.any_true(v128.or(v128.xor(a, b), v128.xor(c, d)));
}

// @ts-ignore: decorator
@inline
function roundedWords(v: v128, plan: usize): v128 {
  const shift = load<i32>(plan, 32);
  const below = i32x4.shr_s(v, shift);
  const tie = v128.and(below, v128.load32_splat(plan + 48));
  const sign = v128.and(i32x4.shr_s(v, 31), v128.load32_splat(plan + 56));
  const rest = v128.andnot(v, i32x4.shl(i32x4.splat(-1), shift));
  const sum = i32x4.add(i32x4.add(rest, v128.load32_splat(plan + 40)), v128.or(tie, sign));
  return i32x4.add(below, i32x4.shr_s(sum, shift));
}

/** Index of the first of eight lanes that differ. */
function firstWord(a: v128, b: v128, c: v128, d: v128): i32 {
  return ctz(i32x4.bitmask(i32x4.ne(a, b)) | (i32x4.bitmask(i32x4.ne(c, d)) << 4));
}

export function accumulate_i16_i32_i32(
  x: usize, y: usize, offsets: usize, weights: usize, biases: usize, plan: usize, zero: i32, spread: i32,
  rows: i32, columns: i32, rowStep: usize, columnStep: usize, channels: i32, yStride: usize, first: i32,
): i32 {
  const products = load<i32>(plan);
  const perStep = load<i32>(plan, 8);
  const biasFirst = load<i32>(plan, 16) != 0;
  const every = load<i32>(plan, 24);
  const tree = load<i32>(plan + TREE);
  const mode = load<i32>(plan + REGISTER);
  const zeros = i32x4.splat(zero);
  for (let channel = 0; channel < channels; channel += 8) {
    const bias0 = v128.load(biases);
    const bias1 = v128.load(biases, 16);
    let out = y;
    let element = first + channel;
    for (let row = 0; row < rows; row++) {
      let pixel = x + <usize>row * rowStep;
      for (let column = 0; column < columns; column++) {
        let a0 = i32x4.splat(0);
        let a1 = a0;
        if (biasFirst) {
          a0 = fitWords(bias0, plan + REGISTER);
          a1 = fitWords(bias1, plan + REGISTER);
          if (mode == TRAP && anyChange(a0, bias0, a1, bias1)) return element + firstWord(a0, bias0, a1, bias1) + 1;
        }
        let p = offsets;
        let b = weights;
        let stored = every;
        for (let done = 0; done < products; done += perStep) {
          const last = min(done + perStep, products);
          let s0 = i32x4.splat(0);
          let s1 = s0;
          for (let k = done; k < last; k++) {
            const at = pixel + load<u32>(p);
            const u0 = i32x4.sub(spread ? v128.load_ext<i16>(at) : i32x4.splat(load<i16>(at)), zeros);
            const u1 = spread ? i32x4.sub(v128.load_ext<i16>(at, 8), zeros) : u0;
            s0 = i32x4.add(s0, i32x4.mul(u0, v128.load(b)));
            s1 = i32x4.add(s1, i32x4.mul(u1, v128.load(b, 16)));
            p += 4;
            b += 32;
          }
          if (tree != NONE) {
            const t0 = fitWords(s0, plan + TREE);
            const t1 = fitWords(s1, plan + TREE);
            if (tree == TRAP && anyChange(s0, t0, s1, t1)) return element + firstWord(s0, t0, s1, t1) + 1;
            s0 = t0;
            s1 = t1;
          }
          s0 = i32x4.add(a0, s0);
          s1 = i32x4.add(a1, s1);
          a0 = fitWords(s0, plan + REGISTER);
          a1 = fitWords(s1, plan + REGISTER);
          if (mode == TRAP && anyChange(s0, a0, s1, a1)) return element + firstWord(s0, a0, s1, a1) + 1;
          if (--stored == 0 && last < products) {
            stored = every;
            s0 = roundedWords(a0, plan);
            s1 = roundedWords(a1, plan);
            a0 = fitWords(s0, plan + STORED);
            a1 = fitWords(s1, plan + STORED);
            if (load<i32>(plan + STORED) == TRAP && anyChange(s0, a0, s1, a1))
              return element + firstWord(s0, a0, s1, a1) + 1;
            a0 = i32x4.shl(a0, load<i32>(plan, 32));
            a1 = i32x4.shl(a1, load<i32>(plan, 32));
          }
        }
        if (!biasFirst) {
          const s0 = i32x4.add(a0, bias0);
          const s1 = i32x4.add(a1, bias1);
          a0 = fitWords(s0, plan + REGISTER);
          a1 = fitWords(s1, plan + REGISTER);
          if (mode == TRAP && anyChange(s0, a0, s1, a1)) return element + firstWord(s0, a0, s1, a1) + 1;
        }
        storeEightWords(out, a0, a1, channels - channel);
        pixel += columnStep;
        out += yStride;
        element += <i32>(yStride >> 2);
      }
    }
    weights += <usize>products * 32;
    biases += 32;
    if (spread) x += 16;
    y += 32;
  }
  return 0;
}

// @ts-ignore: decorator
@inline
function clampLongs(v: v128, register: usize): v128 {
  const low = v128.load64_splat(register + 8);
  const high = v128.load64_splat(register + 16);
  const raised = v128.bitselect(low, v, i64x2.gt_s(low, v));
  return v128.bitselect(high, raised, i64x2.gt_s(raised, high));
}

// @ts-ignore: decorator
@inline
function wrapLongs(v: v128, register: usize): v128 {
  const above = load<i32>(register, 24);
  return i64x2.shr_s(i64x2.shl(v, above), above);
}

/** Lanes in which a + b leaves 64 bits, or in which overflow changes the sum. */
// @ts-ignore: decorator
@inline
function changedLongs(a: v128, b: v128, register: usize): v128 {
  const sum = i64x2.add(a, b);
  const left = i64x2.shr_s(v128.and(v128.xor(a, sum), v128.xor(b, sum)), 63);
  return v128.or(left, i64x2.ne(sum, clampLongs(sum, register)));
}

/** overflow(a + b). */
// @ts-ignore: decorator
@inline
function addLongs(a: v128, b: v128, register: usize): v128 {
  const sum = i64x2.add(a, b);
  if (load<i32>(register) == WRAP) return wrapLongs(sum, register);
  const left = i64x2.shr_s(v128.and(v128.xor(a, sum), v128.xor(b, sum)), 63);
  const end = v128.xor(i64x2.shr_s(a, 63), i64x2.splat(i64.MAX_VALUE));
  return clampLongs(v128.bitselect(end, sum, left), register);
}

// @ts-ignore: decorator
@inline
function roundedLongs(v: v128, plan: usize): v128 {
  const shift = load<i32>(plan, 32);
  const below = i64x2.shr_s(v, shift);
  const tie = v128.and(below, v128.load64_splat(plan + 48));
  const sign = v128.and(i64x2.shr_s(v, 63), v128.load64_splat(plan + 56));
  const rest = v128.andnot(v, i64x2.shl(i64x2.splat(-1), shift));
  const sum = i64x2.add(i64x2.add(rest, v128.load64_splat(plan + 40)), v128.or(tie, sign));
  return i64x2.add(below, i64x2.shr_s(sum, shift));
}

/** Bit i is set where lane i of eight overflows when b is added to a. */
// @ts-ignore: decorator
@inline
function overflowing(
  a0: v128, a1: v128, a2: v128, a3: v128, b0: v128, b1: v128, b2: v128, b3: v128, register: usize,
): i32 {
  return (
    i64x2.bitmask(changedLongs(a0, b0, register)) |
    (i64x2.bitmask(changedLongs(a1, b1, register)) << 2) |
    (i64x2.bitmask(changedLongs(a2, b2, register)) << 4) |
    (i64x2.bitmask(changedLongs(a3, b3, register)) << 6)
  );
}

/** Counts overflows where that is wanted; 1 + the first lane where they are an error, else 0. */
// @ts-ignore: decorator
@inline
function note(lanes: i32, register: usize, counters: usize, counted: bool): i32 {
  const mode = load<i32>(register);
  if (mode == TRAP && lanes != 0) return ctz(lanes) + 1;
  if (counted) {
    const place = counters + (mode == WRAP ? 24 : 32);
    store<i64>(place, load<i64>(place) + popcnt(lanes));
  }
  return 0;
}

// @ts-ignore: decorator
@inline
function accumulateLongs(
  x: usize, y: usize, offsets: usize, weights: usize, biases: usize, plan: usize, zero: i32, spread: i32,
  rows: i32, columns: i32, rowStep: usize, columnStep: usize, channels: i32, yStride: usize, first: i32,
  counters: usize, counted: bool,
): i32 {
  const products = load<i32>(plan);
  const perStep = load<i32>(plan, 8);
  const biasFirst = load<i32>(plan, 16) != 0;
  const every = load<i32>(plan, 24);
  const hasTree = load<i32>(plan + TREE) != NONE;
  const watchTree = hasTree && (counted || load<i32>(plan + TREE) == TRAP);
  const watch = counted || load<i32>(plan + REGISTER) == TRAP;
  const watchStored = counted || load<i32>(plan + STORED) == TRAP;
  const register = plan + REGISTER;
  const zeros = i32x4.splat(zero);
  const none = i64x2.splat(0);
  for (let channel = 0; channel < channels; channel += 8) {
    const bias0 = v128.load(biases);
    const bias1 = v128.load(biases, 16);
    const bias2 = v128.load(biases, 32);
    const bias3 = v128.load(biases, 48);
    let out = y;
    let element = first + channel;
    for (let row = 0; row < rows; row++) {
      let pixel = x + <usize>row * rowStep;
      for (let column = 0; column < columns; column++) {
        let a0 = none, a1 = none, a2 = none, a3 = none;
        if (biasFirst) {
          if (watch) {
            const lanes = overflowing(none, none, none, none, bias0, bias1, bias2, bias3, register);
            const failed = note(lanes, register, counters, counted);
            if (failed) return element + failed;
          }
          a0 = addLongs(none, bias0, register);
          a1 = addLongs(none, bias1, register);
          a2 = addLongs(none, bias2, register);
          a3 = addLongs(none, bias3, register);
        }
        let p = offsets;
        let b = weights;
        let stored = every;
        for (let done = 0; done < products; done += perStep) {
          const last = min(done + perStep, products);
          let s0 = none, s1 = none, s2 = none, s3 = none;
          for (let k = done; k < last; k++) {
            const at = pixel + load<u32>(p);
            const u0 = i32x4.sub(spread ? v128.load_ext<i16>(at) : i32x4.splat(load<i16>(at)), zeros);
            const u1 = spread ? i32x4.sub(v128.load_ext<i16>(at, 8), zeros) : u0;
            const w0 = v128.load(b);
            const w1 = v128.load(b, 16);
            s0 = i64x2.add(s0, i64x2.extmul_low_i32x4_s(u0, w0));
            s1 = i64x2.add(s1, i64x2.extmul_high_i32x4_s(u0, w0));
            s2 = i64x2.add(s2, i64x2.extmul_low_i32x4_s(u1, w1));
            s3 = i64x2.add(s3, i64x2.extmul_high_i32x4_s(u1, w1));
            p += 4;
            b += 32;
          }
          if (hasTree) {
            if (watchTree) {
              const lanes = overflowing(none, none, none, none, s0, s1, s2, s3, plan + TREE);
              const failed = note(lanes, plan + TREE, counters, counted);
              if (failed) return element + failed;
            }
            s0 = addLongs(none, s0, plan + TREE);
            s1 = addLongs(none, s1, plan + TREE);
            s2 = addLongs(none, s2, plan + TREE);
            s3 = addLongs(none, s3, plan + TREE);
          }
          if (watch) {
            const failed = note(overflowing(a0, a1, a2, a3, s0, s1, s2, s3, register), register, counters, counted);
            if (failed) return element + failed;
          }
          a0 = addLongs(a0, s0, register);
          a1 = addLongs(a1, s1, register);
          a2 = addLongs(a2, s2, register);
          a3 = addLongs(a3, s3, register);
          if (--stored == 0 && last < products) {
            stored = every;
            s0 = roundedLongs(a0, plan);
            s1 = roundedLongs(a1, plan);
            s2 = roundedLongs(a2, plan);
            s3 = roundedLongs(a3, plan);
            if (watchStored) {
              const lanes = overflowing(none, none, none, none, s0, s1, s2, s3, plan + STORED);
              const failed = note(lanes, plan + STORED, counters, counted);
              if (failed) return element + failed;
            }
            const shift = load<i32>(plan, 32);
            a0 = i64x2.shl(addLongs(none, s0, plan + STORED), shift);
            a1 = i64x2.shl(addLongs(none, s1, plan + STORED), shift);
            a2 = i64x2.shl(addLongs(none, s2, plan + STORED), shift);
            a3 = i64x2.shl(addLongs(none, s3, plan + STORED), shift);
          }
        }
        if (!biasFirst) {
          if (watch) {
            const lanes = overflowing(a0, a1, a2, a3, bias0, bias1, bias2, bias3, register);
            const failed = note(lanes, register, counters, counted);
            if (failed) return element + failed;
          }
          a0 = addLongs(a0, bias0, register);
          a1 = addLongs(a1, bias1, register);
          a2 = addLongs(a2, bias2, register);
          a3 = addLongs(a3, bias3, register);
        }
        storeEightLongs(out, a0, a1, a2, a3, channels - channel);
        pixel += columnStep;
        out += yStride;
        element += <i32>(yStride >> 3);
      }
    }
    weights += <usize>products * 32;
    biases += 64;
    if (spread) x += 16;
    y += 64;
  }
  return 0;
}

export function accumulate_i16_i32_i64(
  x: usize, y: usize, offsets: usize, weights: usize, biases: usize, plan: usize, zero: i32, spread: i32,
  rows: i32, columns: i32, rowStep: usize, columnStep: usize, channels: i32, yStride: usize, first: i32,
): i32 {
  return accumulateLongs(
    x, y, offsets, weights, biases, plan, zero, spread, rows, columns, rowStep, columnStep, channels, yStride, first, 0, false,
  );
}

export function accumulateCounted_i16_i32_i64(
  x: usize, y: usize, offsets: usize, weights: usize, biases: usize, plan: usize, zero: i32, spread: i32,
  rows: i32, columns: i32, rowStep: usize, columnStep: usize, channels: i32, yStride: usize, first: i32, counters: usize,
): i32 {
  return accumulateLongs(
    x, y, offsets, weights, biases, plan, zero, spread, rows, columns, rowStep, columnStep, channels, yStride, first,
    counters, true,
  );
}
