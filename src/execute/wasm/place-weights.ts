/** Packs the weights of a convolution or matrix product as its kernel wants them. */
import { codeRange, type Format } from '../../formats/format.js';
import type { Constants } from './constants.js';
import type { Layer } from './layer.js';
import { packWholePairs, stagedBytes } from './pack-pairs.js';
import { packTiles, tileElements } from './pack-tiles.js';
import {
  isFull,
  largestEntrySum,
  packBroadPairs,
  packedPairs,
  packFloats,
  packPairs,
  packSplit,
  parts,
  turns,
  type WeightGroup,
} from './pack-weights.js';

export interface ProductShape {
  readonly taps: number;
  /** Per group. */
  readonly channels: number;
  readonly outputs: number;
  readonly groups: number;
}

export interface PlacedWeights {
  readonly address: number;
  readonly groupBytes: number;
  /** Of 16 channels, of which all but the last panel are full. */
  readonly panelBytes: number;
  readonly turns: number;
  /** How often a tap is listed, and the channels from one to the next. */
  readonly parts: number;
  readonly part: number;
  /** Table entries whose sums fit 32 bits together. */
  readonly run: number;
}

/** `input` is the format of x, whose codes bound the sums; null for float32. */
export function placeWeights(
  constants: Constants,
  data: ArrayLike<number>,
  { taps, channels, outputs, groups }: ProductShape,
  layer: Pick<Layer, 'weights' | 'sums' | 'tile'>,
  input: Format | null,
): PlacedWeights {
  const group = (index: number, part: number): WeightGroup => ({
    data,
    start: index * outputs * taps * channels,
    outputs,
    taps,
    channels,
    part,
  });
  if (layer.weights === 'f32') {
    const length = Math.ceil(outputs / 8) * taps * channels * 8;
    const address = constants.compute(length * groups * 4, 0, ({ memory: { buffer }, address: to }) => {
      const target = new Float32Array(buffer, to, length * groups);
      if (outputs % 8 !== 0) target.fill(0);
      for (let index = 0; index < groups; index++) packFloats(group(index, channels), target, index * length);
    });
    const panelBytes = taps * channels * 16 * 4;
    return {
      address,
      groupBytes: length * 4,
      panelBytes,
      turns: channels,
      parts: 1,
      part: channels,
      run: taps,
    };
  }
  const { tile } = layer;
  if (tile !== undefined) {
    const first = group(0, channels);
    const length = tileElements(first, tile);
    const Codes = layer.weights === 'i16' ? Int16Array : Int8Array;
    const address = constants.place(length * groups * Codes.BYTES_PER_ELEMENT, () => {
      const target = new Codes(length * groups);
      for (let index = 0; index < groups; index++)
        packTiles(group(index, channels), tile, target, index * length);
      return target;
    });
    return {
      address,
      groupBytes: length * Codes.BYTES_PER_ELEMENT,
      panelBytes: tileElements({ ...first, outputs: 16 }, tile) * Codes.BYTES_PER_ELEMENT,
      turns: Math.ceil(channels / tile.depth),
      parts: 1,
      part: channels,
      run: taps,
    };
  }
  const split = layer.weights === 'split';
  const all = { ...group(0, channels), outputs: outputs * groups };
  const { part, run } = layer.sums === 32 ? { part: channels, run: taps } : planRuns(all, layer, input!);
  const first = group(0, part);
  const length = split ? 2 * packedPairs(first, 4) : packedPairs(first, 8);
  const broad = layer.weights === 'broad';
  const size = broad || layer.weights === 'i16' ? 2 : 1;
  const staged = broad || layer.weights === 'i8' ? stagedBytes(first) : undefined;
  const address = constants.compute(length * groups * size, staged ?? 0, (place) => {
    const { buffer } = place.memory;
    const count = length * groups;
    const { address: to } = place;
    const target = size === 2 ? new Int16Array(buffer, to, count) : new Int8Array(buffer, to, count);
    if (!isFull(first)) target.fill(0);
    for (let index = 0; index < groups; index++)
      if (staged !== undefined) packWholePairs(group(index, part), place, index * length * size, size);
      else if (split) packSplit(group(index, part), target as Int8Array, index * length);
      else if (broad) packBroadPairs(group(index, part), target as Int16Array, index * length);
      else packPairs(group(index, part), target, index * length);
  });
  const panelBytes = packedPairs({ ...first, outputs: 16 }, 8) * (split ? 2 : size);
  return {
    address,
    groupBytes: length * size,
    panelBytes,
    turns: turns(first),
    parts: parts(first),
    part,
    run,
  };
}

/** The largest parts, and as many of them in a row, whose sums of products and 8 bits more fit 32 bits whatever the input. */
function planRuns(
  group: WeightGroup,
  { weights, sums }: Pick<Layer, 'weights' | 'sums'>,
  input: Format,
): { part: number; run: number } {
  const { low, high } = codeRange(input);
  const limit = Math.floor((2 ** 31 - 256) / Math.max(-low, high));
  const bytes = weights !== 'split' ? 'none' : sums === 40 ? 'low' : 'both';
  for (let count = 1; ; count *= 2) {
    const part = 2 * Math.ceil(group.channels / count / 2);
    const candidate = { ...group, part };
    const sum = largestEntrySum(candidate, bytes, part > 2 ? limit : Number.POSITIVE_INFINITY);
    if (sum > limit && part > 2) continue;
    const entries = group.taps * parts(candidate);
    return { part, run: Math.max(1, Math.min(entries, Math.floor(limit / Math.max(1, sum)))) };
  }
}
