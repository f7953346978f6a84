/** Weights of 8 bits whose channels come in whole pairs, packed by a kernel: what most networks consist of. */
import type { Target } from './constants.js';
import type { WeightGroup } from './pack-weights.js';

/** Bytes of scratch that `packWholePairs` needs; undefined where it does not apply. */
export function stagedBytes({ data, channels, taps }: WeightGroup): number | undefined {
  return data instanceof Int8Array && channels % 2 === 0 ? 16 * taps * channels : undefined;
}

/**
 * Panels of 16 channels of 16 bits, and of 8 for the last 1 to 8, or of 8 channels of 8 bits, `offset` bytes into the target. What fills a
 * last panel is left as it is.
 */
export function packWholePairs(
  { data, start, outputs, taps, channels }: WeightGroup,
  { memory, address, scratch, kernels }: Target,
  offset: number,
  size: 1 | 2,
): void {
  const depth = taps * channels;
  const pack = size === 2 ? kernels.packPairs_i8_i16 : kernels.packPairs_i8_i8;
  const panel = size * 8;
  for (let first = 0; first < outputs; first += panel) {
    const count = Math.min(panel, outputs - first);
    const source = start + first * depth;
    const rows = (data as Int8Array).subarray(source, source + count * depth);
    new Int8Array(memory.buffer, scratch, rows.length).set(rows);
    const y = address + offset + first * depth * size;
    pack(scratch, y, count, depth, count <= 8 ? 8 : 16);
  }
}
