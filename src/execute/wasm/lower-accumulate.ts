/** convolution and gemm whose accumulator is emulated step by step, to kernel calls. */
import { codeRange } from '../../formats/format.js';
import { accumulatorPlan, type Place, productSequence } from './accumulator-plan.js';
import type { CentredProduct, Product } from './centre.js';
import { type Address, type Arguments, type Context, shift } from './context.js';
import { movePadded } from './lower-movement.js';
import { elementBytes } from './prepared.js';
import { prepareRescale, SUMS_BYTES, type Sums, sumBytes } from './rescale.js';
import { evenStep, unitsFor } from './schedule.js';
import type { Geometry } from './taps.js';

const LARGEST = 2 ** 31 - 1;

/** Blocks of output channels that read the same input: one per group, or one for all where each has its own. */
interface Blocks {
  readonly count: number;
  readonly outputs: number;
  /** 1 where lane i reads channel i. */
  readonly spread: 0 | 1;
  /** Channels of x from block to block. */
  readonly depth: number;
}

export function lowerAccumulate(
  instruction: Product,
  context: Context,
  geometry: Geometry,
  groups: number,
  product: CentredProduct,
): void {
  const { accumulator, requantize } = instruction.arithmetic!;
  const { window, batch, output } = geometry;
  const channels = context.tensor(instruction.inputs[0]).shape.at(-1)!;
  const { outputs } = product;
  const depth = channels / groups;
  const blocks: Blocks =
    groups > 1 && depth === 1 && outputs === groups
      ? { count: 1, outputs, spread: 1, depth: channels }
      : { count: groups, outputs: outputs / groups, spread: 0, depth };
  const [row, column] = window.kernel;
  const places = productSequence(accumulator, { row, column, channel: depth });
  const words = context.counters === undefined && fitsWords(instruction, context, product, places);
  const sums: Sums = { kind: words ? 'i32' : 'i64', bits: accumulator.bits, above: 0 };
  const size = sumBytes(sums);
  const { x, extent } = writePadding(instruction, context, geometry, channels, product.zero);
  const pixel = channels * elementBytes('i16');
  const line = extent[1] * pixel;
  const shared = {
    ...placeTables(context, instruction, product, places, blocks, words, { pixel, line, geometry }),
    zero: product.zero,
    spread: blocks.spread,
    rowStep: window.strides[0] * line,
    columnStep: window.strides[1] * pixel,
    channels: blocks.outputs,
    yStride: outputs * size,
  };
  const panels = Math.ceil(blocks.outputs / 8);
  const { clamp } = instruction;
  const { overflow } = requantize;
  const rescale = prepareRescale(context, instruction, [requantize], { overflow, clamp, sums });
  const tile = tileOf(
    output,
    outputs * size,
    unitsFor(context.sharing, output[0] * output[1] * outputs * places.length),
  );
  const scratch = context.unitScratch(tile[0] * tile[1] * outputs * size);
  const emitBlock = (block: number, at: Pick<CallArguments, 'x' | 'rows' | 'columns'>, first: number) =>
    emitCall(context, words, {
      ...shared,
      ...at,
      x: shift(at.x, block * blocks.depth * 2),
      y: shift(scratch, block * blocks.outputs * size),
      weights: shared.weights + block * panels * places.length * 32,
      biases: shared.biases + block * panels * 8 * size,
      first: first + block * blocks.outputs,
    });
  for (let n = 0; n < batch; n++)
    for (let i = 0; i < output[0]; i += tile[0])
      for (let j = 0; j < output[1]; j += tile[1]) {
        const rows = Math.min(tile[0], output[0] - i);
        const columns = Math.min(tile[1], output[1] - j);
        const first = ((n * output[0] + i) * output[1] + j) * outputs;
        const start = n * extent[0] * line + i * shared.rowStep + j * shared.columnStep;
        context.unit();
        for (let block = 0; block < blocks.count; block++)
          emitBlock(block, { x: shift(x, start), rows, columns }, first);
        rescale(scratch, first, rows * columns * outputs);
      }
}

type CallArguments = Arguments<'accumulate_i16_i32_i64'>;

function emitCall(context: Context, words: boolean, args: CallArguments): void {
  const { counters } = context;
  if (counters !== undefined) context.emit('accumulateCounted_i16_i32_i64', { ...args, counters });
  else context.emit(words ? 'accumulate_i16_i32_i32' : 'accumulate_i16_i32_i64', args);
}

/** Rows and columns of pixels whose sums stay in the cache, in at least `parts` parts: whole rows, or a part of one. */
function tileOf(
  [height, width]: readonly [number, number],
  pixelBytes: number,
  parts: number,
): [number, number] {
  const most = Math.max(1, Math.floor(SUMS_BYTES / Math.max(1, pixelBytes)));
  const pixels = evenStep(height * width, most, parts, 1);
  return pixels < width ? [1, pixels] : [Math.min(height, Math.floor(pixels / Math.max(1, width))), width];
}

/** The input with its padding, and its rows and columns. */
function writePadding(
  instruction: Product,
  context: Context,
  geometry: Geometry,
  channels: number,
  zero: number,
): { x: Address; extent: readonly [number, number] } {
  const { input, output, window } = geometry;
  const { kernel, strides, pads, dilations } = window;
  const reach = ([0, 1] as const).map(
    (axis) => (output[axis] - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis] + 1,
  ) as [number, number];
  const x = context.address(instruction.inputs[0]);
  if (pads[0] === 0 && pads[1] === 0 && reach[0] <= input[0] && reach[1] <= input[1])
    return { x, extent: input };
  return {
    x: movePadded(context, x, geometry, channels, instruction.inputs[0], reach, zero),
    extent: reach,
  };
}

/** True where nothing that the registers meet leaves 32 bits. */
function fitsWords(
  instruction: Product,
  context: Context,
  { weights, outputs, bias, zero }: CentredProduct,
  places: readonly (Place | undefined)[],
): boolean {
  const { bits, productsPerStep } = instruction.arithmetic!.accumulator;
  if (bits > 31) return false;
  const { low, high } = codeRange(context.tensor(instruction.inputs[0]).format!);
  const largest = Math.max(zero - low, high - zero);
  const perOutput = weights.length / Math.max(1, outputs);
  const step = largestMagnitude(weights) * largest * Math.min(productsPerStep, perOutput, places.length);
  return 2 ** (bits - 1) + Math.max(step, largestMagnitude(bias ?? [])) <= LARGEST;
}

function largestMagnitude(values: ArrayLike<number | bigint>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(Number(values[i])));
  return most;
}

/** Offsets of the products from a pixel, the plan, weights [block][outputs/8][product][8] and biases [block][outputs/8][8]. */
function placeTables(
  { constants }: Context,
  instruction: Product,
  { weights, outputs, bias }: CentredProduct,
  places: readonly (Place | undefined)[],
  blocks: Blocks,
  words: boolean,
  { pixel, line, geometry }: { pixel: number; line: number; geometry: Geometry },
) {
  const { dilations, kernel } = geometry.window;
  const plan = accumulatorPlan(instruction.arithmetic!.accumulator, places.length, words ? 32 : 64);
  const offsets = Uint32Array.from(places, (place) => {
    if (place === undefined) return 0;
    return place.row * dilations[0] * line + place.column * dilations[1] * pixel + place.channel * 2;
  });
  const panels = Math.ceil(blocks.outputs / 8);
  const laneOf = (output: number) => {
    const [block, index] = [Math.floor(output / blocks.outputs), output % blocks.outputs];
    return { panel: block * panels + (index >> 3), lane: index & 7 };
  };
  const perOutput = weights.length / Math.max(1, outputs);
  const depth = perOutput / (kernel[0] * kernel[1]);
  const packWeights = () => {
    const packed = new Int32Array(blocks.count * panels * places.length * 8);
    for (let output = 0; output < outputs; output++) {
      const { panel, lane } = laneOf(output);
      for (const [index, place] of places.entries()) {
        if (place === undefined) continue;
        const tap = place.row * kernel[1] + place.column;
        packed[(panel * places.length + index) * 8 + lane] =
          weights[output * perOutput + tap * depth + place.channel];
      }
    }
    return packed;
  };
  const packBiases = () => {
    const count = blocks.count * panels * 8;
    const packed = words ? new Int32Array(count) : new BigInt64Array(count);
    for (let output = 0; output < outputs; output++) {
      const { panel, lane } = laneOf(output);
      const value = bias?.[output] ?? 0;
      packed[panel * 8 + lane] = words ? Number(value) : BigInt(value);
    }
    return packed;
  };
  return {
    offsets: constants.place(offsets.byteLength, () => offsets),
    plan: constants.place(plan.byteLength, () => plan),
    weights: constants.place(blocks.count * panels * places.length * 32, packWeights),
    biases: constants.place(blocks.count * panels * 8 * (words ? 4 : 8), packBiases),
  };
}
