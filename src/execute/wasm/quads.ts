/** The kernels of assembly/relaxed/quads.ts and assembly/dot/index.ts: when they serve a layer, and their records. */
import { type CentredProduct, type Product, rangeRead } from './centre.js';
import type { Context } from './context.js';
import type { Rescaling } from './lane-records.js';
import type { Layer } from './layer.js';
import { panelRecords } from './tiles.js';

/** Records of a panel. */
const PANEL_BYTES = 256;

/** Channels whose records lie together. */
const PANEL = 16;

/** The first that the variant has serves. */
const KERNELS = ['convolutionDots_u8_i8_i32', 'convolutionQuads_u8_i8_i32'] as const;

/** Undefined where the variant lacks both kernels, or they do not compute the layer. */
export function chooseQuads(
  context: Context,
  instruction: Product,
  product: CentredProduct,
  groups: number,
  rescaling: Rescaling,
): Layer | undefined {
  const kernel = KERNELS.find((name) => context.has(name));
  if (kernel === undefined) return undefined;
  const { constants } = context;
  const { inputs, arithmetic } = instruction;
  const bits = arithmetic!.accumulator.provedBits;
  if (context.kind(inputs[0]) !== 'i16' || product.bits !== 8) return undefined;
  if (bits > 32 || product.outputs / groups <= 8) return undefined;
  const { low, high } = rangeRead(context, instruction, product);
  if (low < 0 || high > 127) return undefined;
  const dots = kernel === 'convolutionDots_u8_i8_i32';
  if (!dots && !servesQuads(instruction, product, high)) return undefined;
  const records = panelRecords(product, groups, rescaling, bits, PANEL);
  if (records === undefined) return undefined;
  const { blocks, layer } = records;
  const lanes = dots ? PANEL / 2 : PANEL;
  return {
    kernel,
    rowKernel: undefined,
    weights: 'i8',
    tile: { depth: 4, lanes: Array.from({ length: lanes }, (_, lane) => lane) },
    blocks: constants.place(blocks.byteLength, () => blocks),
    groupBytes: Math.ceil(product.outputs / groups / PANEL) * PANEL_BYTES,
    layer: constants.place(layer.byteLength, () => layer),
  };
}

/** Of a single tap only: windows of several are left to minimal filtering where it serves them, else to plain convolution. */
function servesQuads(instruction: Product, { weights, outputs }: CentredProduct, high: number) {
  const window = instruction.op === 'convolution' && instruction.window.kernel.some((size) => size > 1);
  return !window && fitsShorts(weights, weights.length / outputs, high);
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
