/**
 * 3x3 convolution at stride 1 by minimal filtering (Winograd; Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks",
 * 2016), exactly: the output is cut into tiles of N x N pixels (N: 2 or 4), each with its (N+2) x (N+2) input pixels. Those, and the
 * weights, are transformed by small integers; products are summed per transformed position, and a last transform makes
 * N x N sums of them, each 4 times (N = 2) or 576 times (N = 4) too large. All of it is arithmetic modulo 2^32, where 9 has an
 * inverse, so 2 or 6 bits are all that is lost: docs/kernels.md.
 *
 * Transformed input: [position][tile][channel] i16, `plane` bytes from position to position. Sums: [panel of 8 channels]
 * [position][tile][8] i32. A table holds four words (i32) per tile: byte offset of its input, byte offset of its output, and how many
 * rows and columns of the output it has; the number of tiles is a multiple of 4.
 */
import { storeShorts } from './lanes';
import { BLOCK, roundEight } from './round';

/** 9 times this is 1 modulo 2^32. */
const NINTH: i32 = 954437177;

/** Transforms six vectors `step` apart (of rows or columns), and stores them `next` apart. */
// @ts-ignore: decorator
@inline
function inputSix(from: usize, step: usize, to: usize, next: usize): void {
  const v0 = v128.load(from);
  const v1 = v128.load(from + step);
  const v2 = v128.load(from + 2 * step);
  const v3 = v128.load(from + 3 * step);
  const v4 = v128.load(from + 4 * step);
  const v5 = v128.load(from + 5 * step);
  const even = i16x8.sub(v4, v2);
  const odd = i16x8.sub(v3, v1);
  const twice = i16x8.shl(odd, 1);
  v128.store(to, i16x8.add(i16x8.shl(i16x8.sub(v0, v2), 2), even));
  v128.store(to + 3 * next, i16x8.add(even, twice));
  v128.store(to + 4 * next, i16x8.sub(even, twice));
  v128.store(to + 5 * next, i16x8.sub(i16x8.sub(v5, v3), i16x8.shl(odd, 2)));
  const left = i16x8.sub(v4, i16x8.shl(v2, 2));
  const right = i16x8.sub(v3, i16x8.shl(v1, 2));
  v128.store(to + next, i16x8.add(left, right));
  v128.store(to + 2 * next, i16x8.sub(left, right));
}

// @ts-ignore: decorator
@inline
function inputFour(from: usize, step: usize, to: usize, next: usize): void {
  const v0 = v128.load(from);
  const v1 = v128.load(from + step);
  const v2 = v128.load(from + 2 * step);
  const v3 = v128.load(from + 3 * step);
  v128.store(to, i16x8.sub(v0, v2));
  v128.store(to + next, i16x8.add(v1, v2));
  v128.store(to + 2 * next, i16x8.sub(v2, v1));
  v128.store(to + 3 * next, i16x8.sub(v1, v3));
}

// @ts-ignore: decorator
@inline
function input(
  size: i32, x: usize, y: usize, table: usize, scratch: usize, tiles: i32, channels: i32, xRow: usize, xStride: usize, plane: usize,
): void {
  const row = <usize>((channels + 7) & ~7) << 1;
  for (let tile = 0; tile < tiles; tile++) {
    let from = x + <usize>load<i32>(table);
    const end = y + row;
    for (let to = y; to < end; to += 16) {
      for (let i = 0; i < size; i++) {
        const line = from + <usize>i * xRow;
        const kept = scratch + <usize>(i * size) * 16;
        if (size == 6) inputSix(line, xStride, kept, 16);
        else inputFour(line, xStride, kept, 16);
      }
      for (let j = 0; j < size; j++) {
        const kept = scratch + <usize>j * 16;
        const column = to + <usize>j * plane;
        if (size == 6) inputSix(kept, 96, column, 6 * plane);
        else inputFour(kept, 64, column, 4 * plane);
      }
      from += 16;
    }
    y = end;
    table += 16;
  }
}

/** Tiles of 2 x 2. `scratch`: 256 bytes, or 576 for tiles of 4 x 4; `xRow`: bytes from row to row of x. */
export function winogradInput2_i16_i16(
  x: usize, y: usize, table: usize, scratch: usize, tiles: i32, channels: i32, xRow: usize, xStride: usize, plane: usize,
): void {
  input(4, x, y, table, scratch, tiles, channels, xRow, xStride, plane);
}

/** Tiles of 4 x 4. */
export function winogradInput4_i16_i16(
  x: usize, y: usize, table: usize, scratch: usize, tiles: i32, channels: i32, xRow: usize, xStride: usize, plane: usize,
): void {
  input(6, x, y, table, scratch, tiles, channels, xRow, xStride, plane);
}

/**
 * A matrix product per position: weights [panel][position][turn][8][2] i16. `xStride`: bytes from tile to tile of x.
 */
export function winogradProduct_i16_i16_i32(
  x: usize, y: usize, weights: usize, positions: i32, tiles: i32, panels: i32, turns: i32, xStride: usize, xPlane: usize, yPlane: usize,
): void {
  const panel = <usize>turns * 32;
  for (let index = 0; index < panels; index++) {
    let source = x;
    for (let position = 0; position < positions; position++) {
      let row = source;
      let out = y;
      for (let tile = 0; tile < tiles; tile += 4) {
        let b = weights - 32;
        let a0 = row - 4;
        let a1 = a0 + xStride;
        let a2 = a1 + xStride;
        let a3 = a2 + xStride;
        const end = b + panel;
        let c00 = i32x4.splat(0);
        let c01 = c00;
        let c10 = c00;
        let c11 = c00;
        let c20 = c00;
        let c21 = c00;
        let c30 = c00;
        let c31 = c00;
        while (b < end) {
          a0 += 4;
          a1 += 4;
          a2 += 4;
          a3 += 4;
          b += 32;
          const b0 = v128.load(b);
          const b1 = v128.load(b, 16);
          const s0 = v128.load32_splat(a0);
          c00 = i32x4.add(c00, i32x4.dot_i16x8_s(s0, b0));
          c01 = i32x4.add(c01, i32x4.dot_i16x8_s(s0, b1));
          const s1 = v128.load32_splat(a1);
          c10 = i32x4.add(c10, i32x4.dot_i16x8_s(s1, b0));
          c11 = i32x4.add(c11, i32x4.dot_i16x8_s(s1, b1));
          const s2 = v128.load32_splat(a2);
          c20 = i32x4.add(c20, i32x4.dot_i16x8_s(s2, b0));
          c21 = i32x4.add(c21, i32x4.dot_i16x8_s(s2, b1));
          const s3 = v128.load32_splat(a3);
          c30 = i32x4.add(c30, i32x4.dot_i16x8_s(s3, b0));
          c31 = i32x4.add(c31, i32x4.dot_i16x8_s(s3, b1));
        }
        v128.store(out, c00);
        v128.store(out, c01, 16);
        v128.store(out, c10, 32);
        v128.store(out, c11, 48);
        v128.store(out, c20, 64);
        v128.store(out, c21, 80);
        v128.store(out, c30, 96);
        v128.store(out, c31, 112);
        out += 128;
        row += 4 * xStride;
      }
      weights += panel;
      source += xPlane;
      y += yPlane;
    }
  }
}

/** Four sums of six, from 32-byte rows `step` apart to 32-byte rows `next` apart. */
// @ts-ignore: decorator
@inline
function outputSix(from: usize, step: usize, to: usize, next: usize): void {
  const v1 = v128.load(from + step);
  const v2 = v128.load(from + 2 * step);
  const v3 = v128.load(from + 3 * step);
  const v4 = v128.load(from + 4 * step);
  const near = i32x4.add(v1, v2);
  const far = i32x4.add(v3, v4);
  const nearOdd = i32x4.sub(v1, v2);
  const farOdd = i32x4.shl(i32x4.sub(v3, v4), 1);
  v128.store(to, i32x4.add(i32x4.add(v128.load(from), near), far));
  v128.store(to + next, i32x4.add(nearOdd, farOdd));
  v128.store(to + 2 * next, i32x4.add(near, i32x4.shl(far, 2)));
  const last = i32x4.shl(v128.load(from + 5 * step), 2);
  v128.store(to + 3 * next, i32x4.add(i32x4.add(nearOdd, i32x4.shl(farOdd, 2)), last));
}

/** Two sums of four. */
// @ts-ignore: decorator
@inline
function outputFour(from: usize, step: usize, to: usize, next: usize): void {
  const v1 = v128.load(from + step);
  const v2 = v128.load(from + 2 * step);
  v128.store(to, i32x4.add(i32x4.add(v128.load(from), v1), v2));
  v128.store(to + next, i32x4.sub(i32x4.sub(v1, v2), v128.load(from + 3 * step)));
}

/** A sum out of its multiple, with the bias, which keeps every partial result within what is proved of the sum. */
// @ts-ignore: decorator
@inline
function exact(size: i32, sum: v128, bias: v128): v128 {
  if (size == 4) return i32x4.shr_s(i32x4.add(sum, i32x4.shl(bias, 2)), 2);
  return i32x4.shr_s(i32x4.add(i32x4.mul(sum, i32x4.splat(NINTH)), i32x4.shl(bias, 6)), 6);
}

// @ts-ignore: decorator
@inline
function output(
  size: i32, x: usize, y: usize, table: usize, blocks: usize, layer: usize, scratch: usize,
  tiles: i32, channels: i32, plane: usize, yRow: usize, yStride: usize,
): void {
  const side = size - 2;
  const line = <usize>side * 32;
  for (let channel = 0; channel < channels; channel += 8) {
    const count = channels - channel;
    const low = v128.load(blocks);
    const high = v128.load(blocks, 16);
    let tileTable = table;
    for (let tile = 0; tile < tiles; tile++) {
      const from = x + <usize>tile * 32;
      const rows = load<i32>(tileTable, 8);
      const columns = load<i32>(tileTable, 12);
      for (let i = 0; i < size; i++) {
        const source = from + <usize>(i * size) * plane;
        const kept = scratch + <usize>i * line;
        if (size == 6) {
          outputSix(source, plane, kept, 32);
          outputSix(source + 16, plane, kept + 16, 32);
        } else {
          outputFour(source, plane, kept, 32);
          outputFour(source + 16, plane, kept + 16, 32);
        }
      }
      let out = y + <usize>load<i32>(tileTable, 4);
      for (let j = 0; j < columns; j++) {
        const kept = scratch + <usize>j * 32;
        if (size == 6) {
          outputSix(kept, line, kept, line);
          outputSix(kept + 16, line, kept + 16, line);
        } else {
          outputFour(kept, line, kept, line);
          outputFour(kept + 16, line, kept + 16, line);
        }
        let pixel = out;
        let sums = kept;
        for (let i = 0; i < rows; i++) {
          const a = exact(size, v128.load(sums), low);
          const b = exact(size, v128.load(sums, 16), high);
          storeShorts(pixel, roundEight(a, b, blocks, layer), count);
          pixel += yRow;
          sums += line;
        }
        out += yStride;
      }
      tileTable += 16;
    }
    x += <usize>(size * size) * plane;
    blocks += BLOCK;
    y += 16;
  }
}

/** Codes of tiles of 2 x 2. `blocks` and `layer`: see round.ts; `scratch`: 256 bytes, or 768 for tiles of 4 x 4. */
export function winogradOutput2_i32_i16(
  x: usize, y: usize, table: usize, blocks: usize, layer: usize, scratch: usize,
  tiles: i32, channels: i32, plane: usize, yRow: usize, yStride: usize,
): void {
  output(4, x, y, table, blocks, layer, scratch, tiles, channels, plane, yRow, yStride);
}

/** Codes of tiles of 4 x 4. */
export function winogradOutput4_i32_i16(
  x: usize, y: usize, table: usize, blocks: usize, layer: usize, scratch: usize,
  tiles: i32, channels: i32, plane: usize, yRow: usize, yStride: usize,
): void {
  output(6, x, y, table, blocks, layer, scratch, tiles, channels, plane, yRow, yStride);
}
