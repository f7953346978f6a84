/** Weights in the order of kernels that work for panels of more than 8 channels: [outputs/panel][tap][turn][lane][depth]. */
import type { Tile } from './layer.js';
import type { WeightGroup } from './pack-weights.js';

/** Elements of a packed group. */
export function tileElements({ outputs, taps, channels }: WeightGroup, { depth, lanes }: Tile): number {
  const panel = lanes.length;
  return Math.ceil(outputs / panel) * taps * Math.ceil(channels / depth) * depth * panel;
}

/** Packs a group into `target` from `position` on, which is filled with zeros. */
export function packTiles(
  group: WeightGroup,
  tile: Tile,
  target: Int8Array | Int16Array,
  position: number,
): void {
  const { data, start, outputs, taps, channels } = group;
  const { depth, lanes } = tile;
  const panel = lanes.length;
  const turns = Math.ceil(channels / depth);
  const laneOf = lanes.map((_, channel) => lanes.indexOf(channel));
  for (let output = 0; output < outputs; output++)
    for (let tap = 0; tap < taps; tap++) {
      const source = start + (output * taps + tap) * channels;
      const first = (Math.floor(output / panel) * taps + tap) * turns * panel + laneOf[output % panel];
      for (let channel = 0; channel < channels; channel++) {
        const turn = Math.floor(channel / depth);
        target[position + (first + turn * panel) * depth + (channel % depth)] = data[source + channel];
      }
    }
}
