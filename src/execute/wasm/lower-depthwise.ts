/** Depthwise convolution (as many groups as channels, one output each) to kernel calls. */
import type { Instruction } from '../../program/instructions.js';
import { elementCount } from '../../shape.js';
import { type CentredProduct, sumBits } from './centre.js';
import { type Address, type Context, shift } from './context.js';
import { joinedRecords, laneRecords, type Rescaling, reducedRecords, wideShifts } from './lane-records.js';
import { fusedRescaling, placeFloatClamp, placeStart, sumsOf } from './layer.js';
import { emitSums, pixelsPerCall, placeFilled } from './lower-convolution.js';
import { fits3x3, lowerDepthwise3x3 } from './lower-depthwise3x3.js';
import { hasExtremePair, packDepthwise, packDepthwiseFloats, splitPairs } from './pack-depthwise.js';
import { elementBytes } from './prepared.js';
import { type Sums, sumBytes } from './rescale.js';
import { type LaneRecords, wideRecords } from './rounding.js';
import { evenStep, unitsFor } from './schedule.js';
import { type Geometry, pixelCount, placeTaps, tapCount } from './taps.js';

type Depthwise = Instruction<'convolution'>;

interface Plan {
  readonly kernel:
    | 'depthwise_i16_i16_i32'
    | 'depthwise_i16_i16_i40'
    | 'depthwise_i16_i16_i64'
    | 'depthwise_f32_f32_f32'
    | 'depthwiseSums_i16_i16_i32'
    | 'depthwiseSums_i16_i16_i64';
  /** Where codes are made of sums in a pass of its own. */
  readonly sums?: Sums;
  readonly entries: Pick<Geometry, 'parts' | 'even'>;
  /** Places the weights and returns their address. */
  readonly weights: () => number;
  readonly blocks: number;
  readonly layer: number;
}

export function lowerDepthwise(
  instruction: Depthwise,
  context: Context,
  geometry: Geometry,
  product: CentredProduct,
): void {
  const [input, weightsIndex] = instruction.inputs;
  const { weights, outputs: channels, zero } = product;
  const taps = elementCount(context.tensor(weightsIndex).shape.slice(1));
  const plan =
    instruction.arithmetic === null
      ? planFloats(context, instruction, weights, channels, taps, product.bias as Float32Array | undefined)
      : planCodes(context, instruction, product, taps);
  if (plan.kernel === 'depthwise_i16_i16_i32' && fits3x3(geometry)) {
    lowerDepthwise3x3(instruction, context, geometry, product, plan);
    return;
  }
  const listed: Geometry = { ...geometry, ...plan.entries };
  const table = placeTaps(context.constants, listed, `instruction "${instruction.name}"`);
  const padding = placeFilled(context, 64, zero);
  const pixels = pixelCount(geometry);
  const units = unitsFor(context.sharing, 0, pixels * channels * taps * 4);
  const step = evenStep(pixels, pixelsPerCall(geometry, taps), units, 4);
  const placed = plan.weights();
  const emit = (first: number, count: number, y: Address, element: number) =>
    context.emit(plan.kernel, {
      x: context.address(input),
      y,
      table: table + (first / 4) * tapCount(listed) * 16,
      weights: placed,
      blocks: plan.blocks,
      layer: plan.layer,
      padding,
      pixels: count,
      channels,
      yStride: channels * element,
      taps: tapCount(listed),
    });
  const { sums } = plan;
  if (sums !== undefined) {
    emitSums(instruction, context, sums, { pixels, step, outputs: channels }, (first, count, y) =>
      emit(first, count, y, sumBytes(sums)),
    );
    return;
  }
  const size = elementBytes(context.kind(input));
  const y = context.address(instruction.output);
  for (let first = 0; first < pixels; first += step) {
    context.unit();
    emit(first, Math.min(step, pixels - first), shift(y, first * channels * size), size);
  }
}

function planCodes(context: Context, instruction: Depthwise, product: CentredProduct, taps: number): Plan {
  const rescaling = fusedRescaling(context, instruction, product);
  const fused = rescaling && planFused(context, instruction, product, taps, rescaling);
  return fused ?? planSums(context, instruction, product, taps);
}

/** Undefined where no kernel makes codes of its own sums. */
function planFused(
  context: Context,
  instruction: Depthwise,
  product: CentredProduct,
  taps: number,
  rescaling: Rescaling,
): Plan | undefined {
  const { weights: data, outputs: channels } = product;
  const { constants } = context;
  const bits = sumBits(context, instruction, product);
  const lanes = Array.from({ length: channels }, (_, channel) => channel);
  const pairs = () => packDepthwise(data, channels, taps, false);
  const placeCodes = (codes: Int16Array) => constants.place(codes.byteLength, () => codes);
  const place = ({ layer, blocks }: LaneRecords) => ({
    blocks: constants.place(blocks.byteLength, () => blocks),
    layer: constants.place(layer.byteLength, () => layer),
  });
  const narrow = laneRecords(rescaling, lanes, bits, product.start);
  if (narrow !== undefined)
    return {
      kernel: 'depthwise_i16_i16_i32',
      entries: { parts: 1, even: true },
      weights: () => placeCodes(pairs()),
      ...place(narrow),
    };
  // The low bytes of so many taps, times codes of 16 bits, fit 32 bits.
  const joined = taps <= 256 ? joinedRecords(rescaling, lanes, bits, product.start) : undefined;
  if (joined !== undefined)
    return {
      kernel: 'depthwise_i16_i16_i40',
      entries: { parts: 1, even: true },
      weights: () => placeCodes(splitPairs(pairs())),
      ...place(joined),
    };
  const shared = {
    kernel: 'depthwise_i16_i16_i64',
    ...spreadPairs(context, pairs(), data, channels, taps),
  } as const;
  const reduced = reducedRecords(rescaling, lanes, bits, product.start);
  if (reduced !== undefined) return { ...shared, ...place(reduced) };
  const wide = wideShifts(rescaling, channels, bits);
  if (wide === undefined) return undefined;
  const records = wideRecords(wide.shifts, wide.rounding, rescaling.range, product.start);
  return { ...shared, blocks: constants.place(records.byteLength, () => records), layer: 0 };
}

/** Pairs of taps for 64-bit sums, in which no pair of products leaves 32 bits. */
function spreadPairs(
  { constants }: Context,
  pairs: Int16Array,
  data: ArrayLike<number>,
  channels: number,
  taps: number,
): Pick<Plan, 'entries' | 'weights'> {
  const spread = hasExtremePair(pairs);
  const packed = spread ? packDepthwise(data, channels, taps, true) : pairs;
  return {
    entries: { parts: spread ? 2 : 1, even: true },
    weights: () => constants.place(packed.byteLength, () => packed),
  };
}

function planSums(context: Context, instruction: Depthwise, product: CentredProduct, taps: number): Plan {
  const { weights: data, outputs: channels } = product;
  const sums = sumsOf(instruction, product, context.counters !== undefined)!;
  const pairs = packDepthwise(data, channels, taps, false);
  const start = new Array<number | bigint>(Math.ceil(channels / 8) * 8).fill(0);
  for (let channel = 0; channel < channels; channel++) start[channel] = product.start?.[channel] ?? 0;
  const placed = { blocks: placeStart(context, start, sums.kind).address, layer: 0, sums };
  if (sums.kind === 'i64')
    return {
      kernel: 'depthwiseSums_i16_i16_i64',
      ...spreadPairs(context, pairs, data, channels, taps),
      ...placed,
    };
  return {
    kernel: 'depthwiseSums_i16_i16_i32',
    entries: { parts: 1, even: true },
    weights: () => context.constants.place(pairs.byteLength, () => pairs),
    ...placed,
  };
}

function planFloats(
  context: Context,
  instruction: Depthwise,
  data: ArrayLike<number>,
  channels: number,
  taps: number,
  bias: Float32Array | undefined,
): Plan {
  const { constants } = context;
  const packed = packDepthwiseFloats(data, channels, taps);
  const biases = new Float32Array(Math.ceil(channels / 8) * 8);
  if (bias !== undefined) biases.set(bias);
  return {
    kernel: 'depthwise_f32_f32_f32',
    entries: { parts: 1, even: false },
    weights: () => constants.place(packed.byteLength, () => packed),
    blocks: constants.place(biases.byteLength, () => biases),
    layer: placeFloatClamp(context, instruction),
  };
}
