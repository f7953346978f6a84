/** The kernel of assembly/relaxed/quads.ts: when it serves a layer, and its records. */
import { type CentredProduct, type Product, rangeRead } from './centre.js';
import type { Context } from './context.js';
import type { Rescaling } from './lane-records.js';
import type { Layer } from './layer.js';
import { panelRecords } from './tiles.js';

/** Records of a panel. */
const PANEL_BYTES = 256;

/** Channels of a panel of weights, in their own order. */
const LANES = Array.from({ length: 16 }, (_, lane) => lane);

/**
 * Undefined where the variant lacks the kernel, or it does not compute the layer. Windows of several taps are left to minimal
 * filtering.
 */
export function chooseQuads(
  context: Context,
  instruction: Product,
  product: CentredProduct,
  groups: number,
  rescaling: Rescaling,
): Layer | undefined {
  const { constants } = context;
  const { inputs, arithmetic } = instruction;
  const bits = arithmetic!.accumulator.provedBits;
  if (!context.has('convolutionQuads_u8_i8_i32') || context.kind(inputs[0]) !== 'i16') return undefined;
  if (product.bits !== 8 || bits > 32 || product.outputs / groups <= 8) return undefined;
  if (instruction.op === 'convolution' && instruction.window.kernel.some((size) => size > 1))
    return undefined;
  const { low, high } = rangeRead(context, instruction, product);
  const channels = product.weights.length / product.outputs;
  if (low < 0 || high > 127 || !fitsShorts(product.weights, channels, high)) return undefined;
  const records = panelRecords(product, groups, rescaling, bits, LANES.length);
  if (records === undefined) return undefined;
  const { blocks, layer } = records;
  return {
    kernel: 'convolutionQuads_u8_i8_i32',
    rowKernel: undefined,
    weights: 'i8',
    tile: { depth: 4, lanes: LANES },
    blocks: constants.place(blocks.byteLength, () => blocks),
    groupBytes: Math.ceil(product.outputs / groups / LANES.length) * PANEL_BYTES,
    layer: constants.place(layer.byteLength, () => layer),
  };
}

/** True where, for codes 0 to `high`, 16 bits hold the two pairs of products that meet in one lane, out of eight that follow each other. */
function fitsShorts(weights: ArrayLike<number>, channels: number, high: number): boolean {
  const most = Math.floor((2 ** 15 - 1) / high);
  for (let start = 0; start < weights.length; start += channels)
    for (let channel = 0; channel < channels; channel += 8)
      for (const pair of [0, 2]) {
        let positive = 0;
        let negative = 0;
        for (const offset of [pair, pair + 1, pair + 4, pair + 5]) {
          if (channel + offset >= channels) continue;
          const weight = weights[start + channel + offset];
          if (weight > 0) positive += weight;
          else negative -= weight;
        }
        if (Math.max(positive, negative) > most) return false;
      }
  return true;
}
