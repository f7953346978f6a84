/** The kernels of assembly/simd256/tile.ts: when they serve a layer, and their records. */
import { type CentredProduct, type Product, rangeRead } from './centre.js';
import type { Context } from './context.js';
import { laneRecords, type Rescaling } from './lane-records.js';
import type { Layer } from './layer.js';
import { byPanels } from './panels.js';
import { AS_FLOATS, type CodeEnds, WHOLE_BITS } from './rounding.js';

/** The order in which two vectors of 32-bit lanes become one of 16-bit lanes, for 256 bits at once. */
const LANES = [0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15];

/** Undefined where no such kernel computes the layer, or it would work for channels that there are not. */
export function chooseTiles(
  context: Context,
  instruction: Product,
  product: CentredProduct,
  groups: number,
  rescaling: Rescaling,
): Layer | undefined {
  const { constants } = context;
  const bits = instruction.arithmetic!.accumulator.provedBits;
  const kernel = tilesKernel(context, instruction, product);
  if (kernel === undefined || bits > 32 || product.outputs / groups <= 8) return undefined;
  const records = panelRecords(product, groups, rescaling, bits, LANES.length);
  if (records === undefined || records.layer[FORM] !== AS_FLOATS) return undefined;
  const blocks = tileBlocks(records.blocks);
  const layer = tileLayer(rescaling);
  return {
    kernel,
    rowKernel: undefined,
    weights: product.bits === 8 ? 'i8' : 'i16',
    tile: { depth: kernel === 'convolutionTiles_u8_i8_i32' ? 4 : 2, lanes: LANES },
    blocks: constants.place(blocks.byteLength, () => blocks),
    groupBytes: blocks.byteLength / groups,
    layer: constants.place(layer.byteLength, () => layer),
  };
}

/** Records for panels of `width` channels; undefined where there are none in 32 bits. */
export function panelRecords(
  { start, outputs }: CentredProduct,
  groups: number,
  rescaling: Rescaling,
  bits: number,
  width: number,
) {
  const channels = Array.from({ length: outputs }, (_, channel) => channel);
  const biases = byPanels(start ?? channels.map(() => 0), groups, 0, width);
  return laneRecords(rescaling, byPanels(channels, groups, 0, width), bits, biases);
}

function tilesKernel(context: Context, instruction: Product, product: CentredProduct) {
  if (context.kind(instruction.inputs[0]) !== 'i16') return undefined;
  const { low, high } = rangeRead(context, instruction, product);
  const short = product.bits === 8;
  if (short && low >= 0 && high <= 127 && context.has('convolutionTiles_u8_i8_i32'))
    return 'convolutionTiles_u8_i8_i32';
  const kernel = short ? 'convolutionTiles_i16_i8_i32' : 'convolutionTiles_i16_i16_i32';
  return context.has(kernel) ? kernel : undefined;
}

/** The word of a layer's record that names the form. */
const FORM = 21;

/** Biases and scales of 16 channels, in the order of the lanes. */
function tileBlocks(records: Int32Array): Int32Array {
  return Int32Array.from({ length: records.length / 2 }, (_, word) => {
    const channel = (word >> 5) * 16 + LANES[word & 15];
    return records[(channel >> 3) * 32 + (channel & 7) + (word & 16 ? 24 : 0)];
  });
}

/** See assembly/simd256/tile.ts. */
function tileLayer({ range, zeroPoint }: CodeEnds): Int32Array {
  const ends = (range.low & 0xffff) | (range.high << 16);
  return Int32Array.of(WHOLE_BITS, 0x10001, ends, WHOLE_BITS - zeroPoint);
}
