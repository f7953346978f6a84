/** Tables of input addresses: what turns any stride, dilation and padding into one kernel loop. */

import { ProgramError } from '../../errors.js';
import type { Window } from '../../program/instructions.js';
import type { Constants, Target } from './constants.js';

/** Windows over a tensor [batch, height, width, channels]; `pixelBytes` is the size of its last axis in memory. */
export interface Geometry {
  readonly batch: number;
  readonly input: readonly [height: number, width: number];
  readonly output: readonly [height: number, width: number];
  readonly window: Window;
  readonly pixelBytes: number;
  /** Entries per tap, and the bytes from one to the next. */
  readonly parts: number;
  readonly partBytes: number;
  /** True: an odd number of entries is filled up with one of padding. */
  readonly even: boolean;
}

/** Stands for a tap outside of the input. */
const PADDING = -1;

export function pixelCount({ batch, output }: Geometry): number {
  return batch * output[0] * output[1];
}

/** Entries per pixel: those of the window's taps, and the one that fills up. */
export function tapCount({ window, parts, even }: Geometry): number {
  const entries = window.kernel[0] * window.kernel[1] * parts;
  return even ? entries + (entries % 2) : entries;
}

/**
 * Address of the table [pixels / 4][taps][4] of byte offsets (i32) from the input's first element. The last block
 * repeats the last pixel.
 */
export function placeTaps(constants: Constants, geometry: Geometry, where: string): number {
  const { batch, input, pixelBytes } = geometry;
  const bytes = batch * input[0] * input[1] * pixelBytes;
  if (bytes >= 2 ** 31)
    throw new ProgramError({
      where,
      what: 'a tensor is too large',
      expected: 'below 2 GiB',
      got: `${bytes} bytes`,
    });
  const length = Math.ceil(pixelCount(geometry) / 4) * tapCount(geometry) * 4;
  const write = ({ memory, address }: Target) =>
    fillTable(geometry, new Int32Array(memory.buffer, address, length));
  return constants.compute(4 * length, 0, write, `taps ${JSON.stringify(geometry)}`);
}

function fillTable(geometry: Geometry, table: Int32Array): void {
  const { batch, input, output, window, pixelBytes, parts, partBytes } = geometry;
  const [height, width] = input;
  const { kernel, strides, pads, dilations } = window;
  const taps = tapCount(geometry);
  const pixels = pixelCount(geometry);
  table.fill(PADDING);
  for (let c = 0; c < kernel[1]; c++) {
    const left = c * dilations[1] - pads[1];
    const first = Math.max(0, Math.ceil(-left / strides[1]));
    const count = Math.min(output[1], Math.floor((width - 1 - left) / strides[1]) + 1) - first;
    for (let n = 0; n < batch; n++)
      for (let i = 0; i < output[0]; i++)
        for (let r = 0; r < kernel[0]; r++) {
          const row = i * strides[0] - pads[0] + r * dilations[0];
          if (row < 0 || row >= height) continue;
          const pixel = (n * output[0] + i) * output[1] + first;
          const offset = ((n * height + row) * width + first * strides[1] + left) * pixelBytes;
          const step = strides[1] * pixelBytes;
          for (let part = 0; part < parts; part++) {
            const tap = (r * kernel[1] + c) * parts + part;
            fillTap(table, taps, tap, pixel, count, offset + part * partBytes, step);
          }
        }
  }
  for (let pixel = pixels; pixel % 4 !== 0; pixel++)
    for (let tap = 0; tap < taps; tap++) {
      const entry = ((pixel >> 2) * taps + tap) * 4 + (pixel & 3);
      table[entry] = table[entry - 1];
    }
}

/** Entries of one tap for `count` pixels of a row, whose offsets lie `step` bytes apart. */
function fillTap(
  table: Int32Array,
  taps: number,
  tap: number,
  pixel: number,
  count: number,
  offset: number,
  step: number,
): void {
  for (let i = 0; i < count; i++)
    table[(((pixel + i) >> 2) * taps + tap) * 4 + ((pixel + i) & 3)] = offset + i * step;
}

/** For each output position, how many taps lie inside rows and columns low <= index < size + high. */
export function tapCounts(geometry: Geometry, includePadding: boolean): number[] {
  const { batch, input, output, window } = geometry;
  const along = (axis: 0 | 1) => {
    const before = includePadding ? window.pads[axis] : 0;
    const after = includePadding ? window.pads[axis + 2] : 0;
    return Array.from({ length: output[axis] }, (_, position) => {
      const start = position * window.strides[axis] - window.pads[axis];
      let count = 0;
      for (let tap = 0; tap < window.kernel[axis]; tap++) {
        const index = start + tap * window.dilations[axis];
        if (index >= -before && index < input[axis] + after) count++;
      }
      return count;
    });
  };
  const columns = along(1);
  const image = along(0).flatMap((rows) => columns.map((count) => rows * count));
  return Array.from({ length: batch }, () => image).flat();
}
