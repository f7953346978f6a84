/** Depthwise weights, stored (channel, tap), in the order in which kernels read them: blocks of 8 channels. */

/** True where two products of one pair could leave 32 bits: both weights -32768. */
export function hasExtremePair(packed: Int16Array): boolean {
  for (let i = 0; i < packed.length; i += 2)
    if (packed[i] === -32768 && packed[i + 1] === -32768) return true;
  return false;
}

/** [channels/8][tap pair][8][2]; `spread` puts each tap into a pair of its own, the other side of which is zero. */
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

/** Packed pairs as [channels/8][tap pair][2][8][2]: the low bytes (unsigned), then the high bytes. */
export function splitPairs(packed: Int16Array): Int16Array {
  const split = new Int16Array(2 * packed.length);
  for (let i = 0; i < packed.length; i++) {
    const target = 2 * (i & ~15) + (i & 15);
    split[target] = packed[i] & 255;
    split[target + 16] = packed[i] >> 8;
  }
  return split;
}

/** Taps (row * 3 + column) that share a pair in the 3x3 kernel; -1: none. */
const PAIRS_3X3 = [0, 3, 1, 4, 2, 5, 6, 7, 8, -1];

/** 3x3: [channels/8][5 pairs][8][2]. */
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
