/** Weights in the order in which kernels read them: panels of 8 output channels, zeros where a panel is not full. */

/** Weights of one group, stored (output, tap, channel). */
export interface WeightGroup {
  readonly data: ArrayLike<number>;
  /** Index of the group's first element. */
  readonly start: number;
  readonly outputs: number;
  readonly taps: number;
  readonly channels: number;
}

type Integers = Int8Array | Int16Array;

/** Loop turns per tap: a pair of channels each. */
export function pairs(channels: number): number {
  return Math.ceil(channels / 2);
}

/** Elements of a packed group: [outputs/8][tap][pair][8][2]. */
export function packedPairs({ outputs, taps, channels }: WeightGroup): number {
  return Math.ceil(outputs / 8) * taps * pairs(channels) * 16;
}

/** Packs into `target` from `position` on. */
export function packPairs(group: WeightGroup, target: Integers, position: number): void {
  const { data, start, outputs, taps, channels } = group;
  const turns = pairs(channels);
  for (let output = 0; output < outputs; output++)
    for (let tap = 0; tap < taps; tap++) {
      const source = start + (output * taps + tap) * channels;
      const panel = ((output >> 3) * taps + tap) * turns;
      for (let channel = 0; channel < channels; channel++)
        target[position + (panel + (channel >> 1)) * 16 + (output & 7) * 2 + (channel & 1)] =
          data[source + channel];
    }
}

/**
 * As packPairs with every tap twice: its even channels first, then its odd ones. No pair then has two weights, whose
 * products could overflow their 32-bit sum.
 */
export function packSingles(group: WeightGroup, target: Integers, position: number): void {
  const { data, start, outputs, taps, channels } = group;
  const turns = pairs(channels);
  for (let output = 0; output < outputs; output++)
    for (let tap = 0; tap < taps; tap++) {
      const source = start + (output * taps + tap) * channels;
      for (let channel = 0; channel < channels; channel++) {
        const panel = ((output >> 3) * taps * 2 + tap * 2 + (channel & 1)) * turns;
        target[position + (panel + (channel >> 1)) * 16 + (output & 7) * 2 + (channel & 1)] =
          data[source + channel];
      }
    }
}

/** True where two products of one pair could leave 32 bits: both weights -32768. */
export function hasExtremePair(packed: Int16Array): boolean {
  for (let i = 0; i < packed.length; i += 2)
    if (packed[i] === -32768 && packed[i + 1] === -32768) return true;
  return false;
}

/** Float32: [outputs/8][tap][channel][8]. */
export function packFloats(group: WeightGroup, target: Float32Array, position: number): void {
  const { data, start, outputs, taps, channels } = group;
  for (let output = 0; output < outputs; output++)
    for (let tap = 0; tap < taps; tap++) {
      const source = start + (output * taps + tap) * channels;
      const panel = position + ((output >> 3) * taps + tap) * channels * 8 + (output & 7);
      for (let channel = 0; channel < channels; channel++)
        target[panel + channel * 8] = data[source + channel];
    }
}

/** Depthwise weights (channel, tap): [channels/8][tap pair][8][2]; `spread` puts each tap into a pair of its own. */
export function packDepthwise(
  data: ArrayLike<number>,
  channels: number,
  taps: number,
  spread: boolean,
): Int16Array {
  const slots = spread ? 2 * taps : taps + (taps % 2);
  const packed = new Int16Array(Math.ceil(channels / 8) * slots * 8);
  for (let channel = 0; channel < channels; channel++)
    for (let tap = 0; tap < taps; tap++) {
      const slot = spread ? 2 * tap : tap;
      const pair = (channel >> 3) * slots + (slot & ~1);
      packed[pair * 8 + (channel & 7) * 2 + (slot & 1)] = data[channel * taps + tap];
    }
  return packed;
}

/** Taps (row * 3 + column) that share a pair in the 3x3 kernel; -1: none. */
const PAIRS_3X3 = [0, 3, 1, 4, 2, 5, 6, 7, 8, -1];

/** Depthwise 3x3 weights (channel, tap): [channels/8][5 pairs][8][2]. */
export function packDepthwise3x3(data: ArrayLike<number>, channels: number): Int16Array {
  const packed = new Int16Array(Math.ceil(channels / 8) * 80);
  for (let channel = 0; channel < channels; channel++)
    for (const [slot, tap] of PAIRS_3X3.entries())
      if (tap >= 0)
        packed[(channel >> 3) * 80 + (slot >> 1) * 16 + (channel & 7) * 2 + (slot & 1)] =
          data[channel * 9 + tap];
  return packed;
}

/** Float32: [channels/8][tap][8]. */
export function packDepthwiseFloats(data: ArrayLike<number>, channels: number, taps: number): Float32Array {
  const packed = new Float32Array(Math.ceil(channels / 8) * taps * 8);
  for (let channel = 0; channel < channels; channel++)
    for (let tap = 0; tap < taps; tap++)
      packed[((channel >> 3) * taps + tap) * 8 + (channel & 7)] = data[channel * taps + tap];
  return packed;
}
