/** Weights in the order in which kernels read them: panels of output channels, zeros where a panel is not full. */

export interface ProductShape {
  readonly taps: number;
  /** Per group. */
  readonly channels: number;
  readonly outputs: number;
  readonly groups: number;
}

/** Weights of one group, stored (output, tap, channel). */
export interface WeightGroup {
  readonly data: ArrayLike<number>;
  /** Index of the group's first element. */
  readonly start: number;
  readonly outputs: number;
  readonly taps: number;
  readonly channels: number;
}

/** One of the groups that lie one after another in `data`. */
export function weightGroup(
  data: ArrayLike<number>,
  { taps, channels, outputs }: ProductShape,
  index: number,
): WeightGroup {
  return { data, start: index * outputs * taps * channels, outputs, taps, channels };
}

/** Loop turns per tap: a pair of channels each. */
export function turns({ channels }: Pick<WeightGroup, 'channels'>): number {
  return Math.ceil(channels / 2);
}

/** Elements of a packed group: [outputs/8][tap][pair][8][2]. */
export function packedPairs(group: WeightGroup): number {
  return Math.ceil(group.outputs / 8) * group.taps * turns(group) * 16;
}

/** True where the packed weights have no zeros beside the weights: no panel or pair that is not full. */
export function isFull({ outputs, channels }: WeightGroup): boolean {
  return outputs % 8 === 0 && channels % 2 === 0;
}

/** Panels of 8 channels, into `target` from `position` on. */
export function packPairs(group: WeightGroup, target: Int8Array | Int16Array, position: number): void {
  const { data, start, outputs, taps, channels } = group;
  const perTap = turns(group);
  for (let output = 0; output < outputs; output++)
    for (let tap = 0; tap < taps; tap++) {
      const source = start + (output * taps + tap) * channels;
      const base = position + ((output >> 3) * taps + tap) * perTap * 16 + (output & 7) * 2;
      for (let i = 0; i < channels; i++) target[base + (i >> 1) * 16 + (i & 1)] = data[source + i];
    }
}

/** Panels of 16 channels, and of 8 for the last 1 to 8. */
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
