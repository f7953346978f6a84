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

/** Calls `visit` for every weight with the index of its panel's turn, its place among the turn's channels, and its side. */
function forEachWeight(
  group: WeightGroup,
  panel: number,
  visit: (weight: number, turn: number, lane: number, side: number) => void,
): void {
  const { data, start, outputs, taps, channels, part } = group;
  const perTap = parts(group);
  const perEntry = turns(group);
  let index = start;
  for (let output = 0; output < outputs; output++)
    for (let tap = 0; tap < taps; tap++) {
      const entry = (Math.floor(output / panel) * taps + tap) * perTap;
      for (let channel = 0; channel < channels; channel++) {
        const within = channel % part;
        const turn = (entry + Math.floor(channel / part)) * perEntry + (within >> 1);
        visit(data[index++], turn, output % panel, within & 1);
      }
    }
}

/** Panels of 8 channels, into `target` from `position` on. */
export function packPairs(group: WeightGroup, target: Int8Array | Int16Array, position: number): void {
  forEachWeight(group, 8, (weight, turn, lane, side) => {
    target[position + turn * 16 + lane * 2 + side] = weight;
  });
}

/** Panels of 4 channels, per turn the low bytes (unsigned) of 4 pairs and then the high bytes (signed). */
export function packSplit(group: WeightGroup, target: Int8Array, position: number): void {
  forEachWeight(group, 4, (weight, turn, lane, side) => {
    const byte = position + turn * 16 + lane * 2 + side;
    target[byte] = weight;
    target[byte + 8] = weight >> 8;
  });
}

/** Largest sum of magnitudes that one output channel has in one table entry: of weights, or of their bytes. */
export function largestEntrySum(group: WeightGroup, split: boolean): number {
  const { data, start, outputs, taps, channels, part } = group;
  let largest = 0;
  for (let row = 0; row < outputs * taps; row++)
    for (let first = 0; first < channels; first += part) {
      let low = 0;
      let high = 0;
      const end = Math.min(first + part, channels);
      for (let channel = first; channel < end; channel++) {
        const weight = data[start + row * channels + channel];
        low += split ? weight & 255 : Math.abs(weight);
        high += split ? Math.abs(weight >> 8) : 0;
      }
      largest = Math.max(largest, low, high);
    }
  return largest;
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
