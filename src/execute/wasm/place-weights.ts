/** Packs the weights of a convolution or matrix product as its kernel wants them. */
import type { Constants } from './constants.js';
import type { Layer } from './layer.js';
import { packWholePairs, stagedBytes } from './pack-pairs.js';
import { packSegments } from './pack-segments.js';
import { packTiles, tileElements } from './pack-tiles.js';
import {
  isFull,
  type ProductShape,
  packBroadPairs,
  packedPairs,
  packFloats,
  packPairs,
  turns,
  weightGroup,
} from './pack-weights.js';

export interface PlacedWeights {
  readonly address: number;
  readonly groupBytes: number;
  /** Of 16 channels, of which all but the last panel are full. */
  readonly panelBytes: number;
  readonly turns: number;
}

export function placeWeights(
  constants: Constants,
  data: ArrayLike<number>,
  shape: ProductShape,
  layer: Pick<Layer, 'weights' | 'tile' | 'segments'>,
): PlacedWeights {
  const { taps, channels, outputs, groups } = shape;
  const group = (index: number) => weightGroup(data, shape, index);
  if (layer.weights === 'f32') {
    const length = Math.ceil(outputs / 8) * taps * channels * 8;
    const address = constants.compute(length * groups * 4, 0, ({ memory: { buffer }, address: to }) => {
      const target = new Float32Array(buffer, to, length * groups);
      if (outputs % 8 !== 0) target.fill(0);
      for (let index = 0; index < groups; index++) packFloats(group(index), target, index * length);
    });
    const panelBytes = taps * channels * 16 * 4;
    return { address, groupBytes: length * 4, panelBytes, turns: channels };
  }
  const { tile } = layer;
  if (tile !== undefined) {
    const first = group(0);
    const length = tileElements(first, tile);
    const Codes = layer.weights === 'i16' ? Int16Array : Int8Array;
    const address = constants.place(length * groups * Codes.BYTES_PER_ELEMENT, () => {
      const target = new Codes(length * groups);
      for (let index = 0; index < groups; index++) packTiles(group(index), tile, target, index * length);
      return target;
    });
    return {
      address,
      groupBytes: length * Codes.BYTES_PER_ELEMENT,
      panelBytes: tileElements({ ...first, outputs: 16 }, tile) * Codes.BYTES_PER_ELEMENT,
      turns: Math.ceil(channels / tile.depth),
    };
  }
  const broad = layer.weights === 'broad';
  const size = broad || layer.weights === 'i16' ? 2 : 1;
  const { segments } = layer;
  if (segments !== undefined) {
    const { panelBytes } = segments;
    const groupBytes = Math.ceil(outputs / 16) * panelBytes;
    const address = constants.compute(groupBytes * groups, 0, ({ memory: { buffer }, address: to }) => {
      new Uint8Array(buffer, to, groupBytes * groups).fill(0);
      for (const [index, one] of segments.groups.entries())
        packSegments(group(index), one, panelBytes, buffer, to + index * groupBytes);
    });
    return { address, groupBytes, panelBytes, turns: 0 };
  }
  const first = group(0);
  const length = packedPairs(first);
  const staged = broad || layer.weights === 'i8' ? stagedBytes(first) : undefined;
  const address = constants.compute(length * groups * size, staged ?? 0, (place) => {
    const { buffer } = place.memory;
    const count = length * groups;
    const { address: to } = place;
    const target = size === 2 ? new Int16Array(buffer, to, count) : new Int8Array(buffer, to, count);
    if (!isFull(first)) target.fill(0);
    for (let index = 0; index < groups; index++)
      if (staged !== undefined) packWholePairs(group(index), place, index * length * size, size);
      else if (broad) packBroadPairs(group(index), target as Int16Array, index * length);
      else packPairs(group(index), target, index * length);
  });
  const panelBytes = packedPairs({ ...first, outputs: 16 }) * size;
  return { address, groupBytes: length * size, panelBytes, turns: turns(first) };
}
