/** Which kernel a convolution or matrix product runs on, and the records that its rounding needs. */
import { isExact } from '../../program/accumulator.js';
import { wrapsAsOne } from './accumulator-plan.js';
import { type CentredProduct, type Product, sumBits } from './centre.js';
import type { Context } from './context.js';
import type { Kernel } from './kernels.js';
import {
  JOINED_WORDS,
  joinedRecords,
  laneRecords,
  NARROW_WORDS,
  REDUCED_WORDS,
  type Rescaling,
  reducedRecords,
  rescalingOf,
  wideShifts,
} from './lane-records.js';
import type { ProductSegments } from './pack-segments.js';
import { byPanels } from './panels.js';
import { chooseQuads } from './quads.js';
import type { Sums } from './rescale.js';
import { type LaneRecords, WIDE_BYTES, wideRecords } from './rounding.js';
import { chooseTiles } from './tiles.js';

type ProductKernel = Extract<Kernel, `convolution${string}`>;

/** How weights are packed for kernels that take more than panels of 8. */
export interface Tile {
  /** Input channels of one turn: 2 codes of 16 bits or 4 bytes. */
  readonly depth: 2 | 4;
  /** The channel of a panel that each lane works for. */
  readonly lanes: readonly number[];
}

export interface Layer {
  readonly kernel: ProductKernel;
  /** For a single pixel, where there is one. */
  readonly rowKernel: ProductKernel | undefined;
  /** `broad`: 16 bits in panels of 16 channels. */
  readonly weights: 'i8' | 'i16' | 'broad' | 'f32';
  /** Output channels side by side in a panel of weights, and input channels of one turn, where `weights` does not say it. */
  readonly tile?: Tile;
  /** Where sums need more than 32 bits. */
  readonly segments?: ProductSegments;
  /** Addresses of the records per channel, with the bytes from group to group, and per layer. */
  readonly blocks: number;
  readonly groupBytes: number;
  readonly layer: number;
}

const zeros = (length: number) => new Array<number>(length).fill(0);

/** What kernels can make of their own sums, where these are exact. */
export function fusedRescaling(
  context: Context,
  instruction: Product,
  { bits }: CentredProduct,
): Rescaling | undefined {
  const { accumulator, requantize } = instruction.arithmetic!;
  const able = context.counters === undefined && isExact(accumulator) && bits <= 16;
  return able ? rescalingOf(context, instruction.output, requantize, instruction.clamp) : undefined;
}

/** True where sums in 32 or 64 bits are the accumulator, or become it modulo its width; undefined where they do not. */
export function sumsOf(
  { arithmetic }: Product,
  { bits }: CentredProduct,
  counted: boolean,
): Sums | undefined {
  const { accumulator } = arithmetic!;
  const exact = isExact(accumulator);
  if (bits > 16 || !(exact || (!counted && wrapsAsOne(accumulator)))) return undefined;
  const width = exact ? accumulator.provedBits : accumulator.bits;
  return { kind: width <= 32 ? 'i32' : 'i64', bits: width, above: exact ? 0 : 64 - width };
}

/** Which kernel sums up the products, for codes that a pass of its own makes. `segment` finds the segments of wide sums. */
export function chooseSums(
  context: Context,
  product: CentredProduct,
  groups: number,
  { kind }: Sums,
  segment: () => ProductSegments,
): Layer {
  const short = product.bits === 8 && kind === 'i32';
  const segments = kind === 'i64' ? segment() : undefined;
  const values = segments?.start ?? product.start ?? zeros(product.outputs);
  const start = placeStart(context, byPanels<number | bigint>(values, groups, 0), kind);
  return {
    kernel:
      kind === 'i64' ? 'convolutionSums_i16_i16_i64' : `convolutionSums_i16_${short ? 'i8' : 'i16'}_i32`,
    rowKernel: undefined,
    weights: short ? 'i8' : 'i16',
    segments,
    blocks: start.address,
    groupBytes: start.bytes / groups,
    layer: 0,
  };
}

/** Places what sums start with, modulo their width. */
export function placeStart({ constants }: Context, values: ArrayLike<number | bigint>, kind: Sums['kind']) {
  const start =
    kind === 'i32'
      ? Int32Array.from(values, (value) => Number(BigInt.asIntN(32, BigInt(value))))
      : BigInt64Array.from(Array.from(values, BigInt));
  return { address: constants.place(start.byteLength, () => start), bytes: start.byteLength };
}

/**
 * The kernel for codes that it makes itself; `single`: of one pixel, `segment` finds the segments of wide sums. Undefined where no kernel
 * does.
 */
export function chooseArithmetic(
  context: Context,
  instruction: Product,
  product: CentredProduct,
  groups: number,
  rescaling: Rescaling,
  single: boolean,
  segment: () => ProductSegments,
): Layer | undefined {
  const { outputs } = product;
  const bits = sumBits(context, instruction, product);
  const short = product.bits === 8;
  const channels = Array.from({ length: outputs }, (_, channel) => channel);
  const lanes = byPanels(channels, groups, 0);
  const biases = byPanels(product.start ?? zeros(outputs), groups, 0);
  const perGroup = lanes.length / groups / 8;
  const place = ({ layer, blocks }: LaneRecords, words: number) => ({
    blocks: context.constants.place(blocks.byteLength, () => blocks),
    groupBytes: perGroup * words * 4,
    layer: context.constants.place(layer.byteLength, () => layer),
  });
  const tiles = single ? undefined : chooseTiles(context, instruction, product, groups, rescaling);
  if (tiles !== undefined) return tiles;
  const quads = single ? undefined : chooseQuads(context, instruction, product, groups, rescaling);
  if (quads !== undefined) return quads;
  const records = laneRecords(rescaling, lanes, bits, biases);
  const broad = !single && outputs / groups > 8;
  if (records !== undefined)
    return {
      kernel: broad ? 'convolutionBroad_i16_i16_i32' : `convolution_i16_${short ? 'i8' : 'i16'}_i32`,
      rowKernel: short ? 'convolutionRow_i16_i8_i32' : 'convolutionRow_i16_i16_i32',
      weights: broad ? 'broad' : short ? 'i8' : 'i16',
      ...place(records, NARROW_WORDS),
    };
  const segments = segment();
  const starts = byPanels<number | bigint>(segments.start, groups, 0);
  const joined = joinedRecords(rescaling, lanes, bits, starts);
  if (joined !== undefined)
    return {
      kernel: 'convolution_i16_i16_i40',
      rowKernel: undefined,
      weights: 'i16',
      segments,
      ...place(joined, JOINED_WORDS),
    };
  const wide = {
    kernel: 'convolution_i16_i16_i64',
    rowKernel: undefined,
    weights: 'i16',
    segments,
  } as const;
  const reduced = reducedRecords(rescaling, lanes, bits, starts);
  if (reduced !== undefined) return { ...wide, ...place(reduced, REDUCED_WORDS) };
  const shifts = wideShifts(rescaling, outputs, bits);
  if (shifts === undefined) return undefined;
  const scalar = wideRecords(byPanels(shifts.shifts, groups, 0), shifts.rounding, rescaling.range, starts);
  return {
    ...wide,
    blocks: context.constants.place(scalar.byteLength, () => scalar),
    groupBytes: perGroup * 8 * WIDE_BYTES,
    layer: 0,
  };
}

export function placeFloatLayer(
  context: Context,
  instruction: Product,
  { outputs, bias }: CentredProduct,
  groups: number,
): Layer {
  const biases = Float32Array.from(byPanels((bias as Float32Array) ?? zeros(outputs), groups, 0));
  return {
    kernel: 'convolution_f32_f32_f32',
    rowKernel: 'convolutionRow_f32_f32_f32',
    weights: 'f32',
    blocks: context.constants.place(biases.byteLength, () => biases),
    groupBytes: biases.byteLength / groups,
    layer: placeFloatClamp(context, instruction),
  };
}

/** low and high, 4 x f32 each. */
export function placeFloatClamp(context: Context, { clamp }: Product): number {
  const { low, high } = clamp ?? { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  const make = () => new Float32Array(8).fill(low, 0, 4).fill(high, 4, 8);
  return context.constants.place(
    32,
    make,
    `clamp ${Object.is(low, -0) ? '-0' : low} ${Object.is(high, -0) ? '-0' : high}`,
  );
}
