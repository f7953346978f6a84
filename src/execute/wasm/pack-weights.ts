/** Weights in the order in which kernels read them: panels of output channels, zeros where a panel is not full. */

/** Weights of one group, stored (output, tap, channel). */
export interface WeightGroup {
  readonly data: ArrayLike<number>;
  /** Index of the group's first element. */
  readonly start: number;
  readonly outputs: number;
  readonly taps: number;
  readonly channels: number;
  /** Channels that one entry of the table of taps stands for; a tap of more is listed several times. */
  readonly part: number;
}

/** Table entries per tap. */
export function parts({ channels, part }: Pick<WeightGroup, 'channels' | 'part'>): number {
  return Math.ceil(channels / part);
}

/** Loop turns per table entry: a pair of channels each. */
export function turns({ part }: Pick<WeightGroup, 'part'>): number {
  return Math.ceil(part / 2);
}

/** Elements of a packed group: [outputs/panel][entry][pair][panel][2]. */
export function packedPairs(group: WeightGroup, panel: number): number {
  return Math.ceil(group.outputs / panel) * group.taps * parts(group) * turns(group) * panel * 2;
}

/** True where the packed weights have no zeros beside the weights: no panel, pair or part that is not full. */
export function isFull({ outputs, channels, part }: WeightGroup): boolean {
  return outputs % 8 === 0 && channels % 2 === 0 && part === channels;
}

/** Calls `pack` for every output, tap and part: its first weight, their number, and where its first pair goes. */
function forEachPart(
  group: WeightGroup,
  panel: number,
  pack: (source: number, count: number, target: number) => void,
): void {
  const { start, outputs, taps, channels, part } = group;
  const perTap = parts(group);
  const turnsPerPart = turns(group);
  for (let output = 0; output < outputs; output++)
    for (let tap = 0; tap < taps; tap++)
      for (let index = 0; index < perTap; index++) {
        const entry = (Math.floor(output / panel) * taps + tap) * perTap + index;
        const source = start + (output * taps + tap) * channels + index * part;
        const count = Math.min(part, channels - index * part);
        pack(source, count, entry * turnsPerPart * 16 + (output % panel) * 2);
      }
}

/** Panels of 8 channels, into `target` from `position` on. */
export function packPairs(group: WeightGroup, target: Int8Array | Int16Array, position: number): void {
  const { data } = group;
  forEachPart(group, 8, (source, count, first) => {
    const base = position + first;
    for (let i = 0; i < count; i++) target[base + (i >> 1) * 16 + (i & 1)] = data[source + i];
  });
}

/** Panels of 16 channels, and of 8 for the last 1 to 8, for a table of whole taps. */
export function packBroadPairs(group: WeightGroup, target: Int16Array, position: number): void {
  const { data, start, outputs, taps, channels } = group;
  const perTap = turns(group);
  const broad = outputs - ((outputs & 15) <= 8 ? outputs & 15 : 0);
  for (let output = 0; output < outputs; output++) {
    const width = output < broad ? 32 : 16;
    const panel = position + (output >> 4) * taps * perTap * 32 + (output & 15) * 2;
    for (let tap = 0; tap < taps; tap++) {
      const source = start + (output * taps + tap) * channels;
      const base = panel + tap * perTap * width;
      for (let i = 0; i < channels; i++) target[base + (i >> 1) * width + (i & 1)] = data[source + i];
    }
  }
}

/** Panels of 4 channels, per turn the low bytes (unsigned) of 4 pairs and then the high bytes (signed). */
export function packSplit(group: WeightGroup, target: Int8Array, position: number): void {
  const { data } = group;
  forEachPart(group, 4, (source, count, first) => {
    const base = position + first;
    for (let i = 0; i < count; i++) {
      const byte = base + (i >> 1) * 16 + (i & 1);
      target[byte] = data[source + i];
      target[byte + 8] = data[source + i] >> 8;
    }
  });
}

/**
 * Largest sum of magnitudes that one output channel has in one table entry: of weights, or of their bytes, low ones or both. Where it is
 * above `limit`, any sum that is.
 */
export function largestEntrySum(group: WeightGroup, bytes: 'none' | 'low' | 'both', limit: number): number {
  const { data, start, outputs, taps, channels, part } = group;
  let largest = 0;
  for (let row = 0; row < outputs * taps; row++)
    for (let first = 0; first < channels; first += part) {
      let low = 0;
      let high = 0;
      const end = Math.min(first + part, channels);
      for (let channel = first; channel < end; channel++) {
        const weight = data[start + row * channels + channel];
        low += bytes === 'none' ? Math.abs(weight) : weight & 255;
        high += bytes === 'both' ? Math.abs(weight >> 8) : 0;
      }
      largest = Math.max(largest, low, high);
      if (largest > limit) return largest;
    }
  return largest;
}

/** Float32: panels [tap][channel][16] of 16 outputs; the last 1 to 8 outputs have a panel of 8. */
export function packFloats(group: WeightGroup, target: Float32Array, position: number): void {
  const { data, start, outputs, taps, channels } = group;
  const depth = taps * channels;
  for (let first = 0; first < outputs; first += 16) {
    const panel = outputs - first > 8 ? 16 : 8;
    const count = Math.min(panel, outputs - first);
    const source = start + first * depth;
    const base = position + first * depth;
    for (let k = 0; k < depth; k++)
      for (let lane = 0; lane < count; lane++)
        target[base + k * panel + lane] = data[source + lane * depth + k];
  }
}
