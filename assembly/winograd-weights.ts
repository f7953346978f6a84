/**
 * Weights of 3x3 windows transformed for winograd.ts. x: outputs stored [output][row][column][channel] i8, `channels` a multiple of 8; y: the
 * place of one panel, [position][turn][8][2] i16, `plane` bytes from position to position, of which the first `turns` pairs of channels of
 * each of `outputs` (up to 8) outputs are written. `scratch`: 384 bytes.
 */

/** Twice the transform that the algorithm has for tiles of 2: whole numbers, 16-byte vectors `step` apart. */
// @ts-ignore: decorator
@inline
function transformFour(a: v128, b: v128, c: v128, to: usize, step: usize): void {
  const ends = i16x8.add(a, c);
  v128.store(to, i16x8.shl(a, 1));
  v128.store(to + step, i16x8.add(ends, b));
  v128.store(to + 2 * step, i16x8.sub(ends, b));
  v128.store(to + 3 * step, i16x8.shl(c, 1));
}

/** The same where the sums of the second and third number are halved later. */
// @ts-ignore: decorator
@inline
function transformLong(a: v128, b: v128, c: v128, to: usize, step: usize): void {
  const ends = i16x8.add(a, c);
  v128.store(to, a);
  v128.store(to + step, i16x8.add(ends, b));
  v128.store(to + 2 * step, i16x8.sub(ends, b));
  v128.store(to + 3 * step, c);
}

/** 24 times the transform for tiles of 4, the last number 6 times. */
// @ts-ignore: decorator
@inline
function transformSix(a: v128, b: v128, c: v128, to: usize, step: usize): void {
  const six = i16x8.splat(6);
  const near = i16x8.shl(i16x8.neg(i16x8.add(a, c)), 2);
  const far = i16x8.add(a, i16x8.shl(c, 2));
  const once = i16x8.shl(b, 2);
  const twice = i16x8.shl(b, 1);
  v128.store(to, i16x8.mul(a, six));
  v128.store(to + step, i16x8.sub(near, once));
  v128.store(to + 2 * step, i16x8.add(near, once));
  v128.store(to + 3 * step, i16x8.add(far, twice));
  v128.store(to + 4 * step, i16x8.sub(far, twice));
  v128.store(to + 5 * step, i16x8.mul(c, six));
}

/** Four pairs of channels to their places, as many as there are. */
// @ts-ignore: decorator
@inline
function storePairs(to: usize, pairs: v128, left: i32): void {
  v128.store32_lane(to, pairs, 0);
  if (left > 1) v128.store32_lane(to, pairs, 1, 32);
  if (left > 2) v128.store32_lane(to, pairs, 2, 64);
  if (left > 3) v128.store32_lane(to, pairs, 3, 96);
}

// @ts-ignore: decorator
@inline
function weights(
  size: i32, long: bool, x: usize, y: usize, outputs: i32, channels: i32, turns: i32, plane: usize, scratch: usize,
): void {
  const columns = scratch + <usize>size * 16;
  for (let output = 0; output < outputs; output++) {
    for (let turn = 0; turn < turns; turn += 4) {
      const from = x + (<usize>turn << 1);
      for (let column = 0; column < 3; column++) {
        const top = from + <usize>(column * channels);
        const a = v128.load_ext<i8>(top);
        const b = v128.load_ext<i8>(top + <usize>(3 * channels));
        const c = v128.load_ext<i8>(top + <usize>(6 * channels));
        if (size == 6) transformSix(a, b, c, columns + (<usize>column << 4), 48);
        else if (long) transformLong(a, b, c, columns + (<usize>column << 4), 48);
        else transformFour(a, b, c, columns + (<usize>column << 4), 48);
      }
      let to = y + (<usize>turn << 5);
      for (let i = 0; i < size; i++) {
        const row = columns + <usize>i * 48;
        const a = v128.load(row);
        const b = v128.load(row, 16);
        const c = v128.load(row, 32);
        if (size == 6) transformSix(a, b, c, scratch, 16);
        else if (long) transformLong(a, b, c, scratch, 16);
        else transformFour(a, b, c, scratch, 16);
        for (let j = 0; j < size; j++) {
          storePairs(to, v128.load(scratch + (<usize>j << 4)), turns - turn);
          to += plane;
        }
      }
    }
    x += <usize>(9 * channels);
    y += 4;
  }
}

/** For tiles of 2 x 2. */
export function winogradWeights2_i8_i16(
  x: usize, y: usize, outputs: i32, channels: i32, turns: i32, plane: usize, scratch: usize,
): void {
  weights(4, false, x, y, outputs, channels, turns, plane, scratch);
}

/** For tiles of 4 x 4. */
export function winogradWeights4_i8_i16(
  x: usize, y: usize, outputs: i32, channels: i32, turns: i32, plane: usize, scratch: usize,
): void {
  weights(6, false, x, y, outputs, channels, turns, plane, scratch);
}

/** For the tiles of winograd-long.ts. */
export function winogradWeightsLong_i8_i16(
  x: usize, y: usize, outputs: i32, channels: i32, turns: i32, plane: usize, scratch: usize,
): void {
  weights(4, true, x, y, outputs, channels, turns, plane, scratch);
}
