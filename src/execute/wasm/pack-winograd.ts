/** Weights of 3x3 windows transformed for assembly/winograd.ts, in the order in which its product reads them. */
import { align } from '../memory-plan.js';
import type { Target } from './constants.js';

/** Pixels along a side of a tile, and whether codes have more than 8 bits: assembly/winograd-long.ts. */
export interface Tiling {
  readonly side: 2 | 4;
  readonly long: boolean;
}

/** Bytes that the transform needs beside its operands. */
const TRANSFORM_BYTES = 384;

const rowOf = (channels: number) => Math.ceil(channels / 8) * 8;

/** Bytes of `packWinograd`: weights of a panel of 8 outputs, their channels filled up to a multiple of 8. */
export function scratchBytes(channels: number): number {
  return align(8 * 9 * rowOf(channels)) + TRANSFORM_BYTES;
}

/**
 * Writes weights stored (output, row, column, channel) as [outputs/8][position][pair of channels][8][2] i16. They are of 8 bits,
 * so their transforms fit.
 */
export function packWinograd(
  { memory, address, scratch, kernels }: Target,
  data: ArrayLike<number>,
  outputs: number,
  channels: number,
  { side, long }: Tiling,
): void {
  const short = side === 2 ? kernels.winogradWeights2_i8_i16 : kernels.winogradWeights4_i8_i16;
  const transform = long ? kernels.winogradWeightsLong_i8_i16 : short;
  const positions = (side + 2) ** 2;
  const turns = Math.ceil(channels / 2);
  const row = rowOf(channels);
  const staged = new Int8Array(memory.buffer, scratch, 8 * 9 * row).fill(0);
  const panelBytes = positions * turns * 32;
  if (outputs % 8 !== 0 || channels % 2 !== 0)
    new Uint8Array(memory.buffer, address, Math.ceil(outputs / 8) * panelBytes).fill(0);
  for (let first = 0; first < outputs; first += 8) {
    const count = Math.min(8, outputs - first);
    const start = first * 9 * channels;
    if (row === channels && data instanceof Int8Array)
      staged.set(data.subarray(start, start + count * 9 * channels));
    else
      for (let tap = 0; tap < count * 9; tap++)
        for (let channel = 0; channel < channels; channel++)
          staged[tap * row + channel] = data[start + tap * channels + channel];
    const y = address + (first / 8) * panelBytes;
    transform(scratch, y, count, row, turns, turns * 32, scratch + align(staged.length));
  }
}
