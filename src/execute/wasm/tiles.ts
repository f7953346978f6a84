/** The kernels of assembly/simd256/tile.ts: when they serve a layer, and their records. */
import { type CentredProduct, type Product, rangeRead } from './centre.js';
import type { Context } from './context.js';
import type { Layer } from './layer.js';
import { byPanels } from './panels.js';
import { type ByShift, type CodeRange, narrowRecords } from './rounding.js';

/** The order in which two vectors of 32-bit lanes become one of 16-bit lanes, for 256 bits at once. */
const LANES = [0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15];

export interface Rounded {
  readonly shifts: readonly number[];
  readonly rounding: ByShift['rounding'];
  readonly range: CodeRange;
}

/** Undefined where no such kernel computes the layer, or it would work for channels that there are not. */
export function chooseTiles(
  context: Context,
  instruction: Product,
  product: CentredProduct,
  groups: number,
  rounded: Rounded,
): Layer | undefined {
  const { constants } = context;
  const bits = instruction.arithmetic!.accumulator.provedBits;
  const kernel = tilesKernel(context, instruction, product);
  if (kernel === undefined || bits > 32 || product.outputs / groups <= 8) return undefined;
  const records = panelRecords(product, groups, rounded, bits, LANES.length);
  if (records === undefined || records.layer[FORM] !== AS_FLOATS) return undefined;
  const blocks = tileBlocks(records.blocks);
  const layer = tileLayer(rounded.range);
  return {
    kernel,
    rowKernel: undefined,
    weights: product.bits === 8 ? 'i8' : 'i16',
    tile: { depth: kernel === 'convolutionTiles_u8_i8_i32' ? 4 : 2, lanes: LANES },
    sums: 32,
    blocks: constants.place(blocks.byteLength, () => blocks),
    groupBytes: blocks.byteLength / groups,
    layer: constants.place(layer.byteLength, () => layer),
  };
}

/** Records of the 32-bit form for panels of `lanes` channels; undefined where a sum could overflow 32 bits. */
export function panelRecords(
  { start }: CentredProduct,
  groups: number,
  { shifts, rounding, range }: Rounded,
  bits: number,
  lanes: number,
) {
  const panelShifts = byPanels(shifts, groups, shifts[0], lanes);
  const biases = byPanels(start ?? shifts.map(() => 0), groups, 0, lanes);
  return narrowRecords(panelShifts, rounding, range, bits, biases);
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

/** The word of a layer's record that names the form, and the one that these kernels have. */
const FORM = 21;
const AS_FLOATS = 2;

/** Biases and multipliers of 16 channels, in the order of the lanes. */
function tileBlocks(records: Int32Array): Int32Array {
  return Int32Array.from({ length: records.length / 2 }, (_, word) => {
    const channel = (word >> 5) * 16 + LANES[word & 15];
    return records[(channel >> 3) * 32 + (channel & 7) + (word & 16 ? 24 : 0)];
  });
}

/** 1.5 * 2^23 in float32, a pair of ones, low and high: see assembly/simd256/tile.ts. */
function tileLayer({ low, high }: CodeRange): Int32Array {
  return Int32Array.of(0x4b400000, 0x10001, (low & 0xffff) | (high << 16));
}
