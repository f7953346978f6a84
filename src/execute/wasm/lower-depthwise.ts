/** Depthwise convolution (as many groups as channels, one output each) to kernel calls. */
import type { Instruction } from '../../program/instructions.js';
import { elementCount } from '../../program/shapes.js';
import { type Context, shift, unsupported } from './context.js';
import { placeFloatClamp, provedWidth } from './layer.js';
import { pixelsPerCall, placeZeros } from './lower-convolution.js';
import { hasExtremePair, packDepthwise, packDepthwise3x3, packDepthwiseFloats } from './pack-depthwise.js';
import { elementBytes } from './prepared.js';
import {
  channelShifts,
  narrowRecords,
  outputRange,
  reducedRecords,
  requireShift,
  wideRecords,
} from './rounding.js';
import { type Geometry, pixelCount, placeTaps, tapCount } from './taps.js';

/** What one call reads: it stays in the second-level cache from one block of channels to the next. */
const CALL_BYTES = 192 * 1024;

type Depthwise = Instruction<'convolution'>;

interface Plan {
  readonly kernel: 'depthwise_i16_i16_i32' | 'depthwise_i16_i16_i64' | 'depthwise_f32_f32_f32';
  readonly entries: Pick<Geometry, 'parts' | 'even'>;
  /** Places the weights and returns their address. */
  readonly weights: () => number;
  readonly blocks: number;
  readonly layer: number;
}

export function lowerDepthwise(instruction: Depthwise, context: Context, geometry: Geometry): void {
  const [input, weightsIndex, biasIndex] = instruction.inputs;
  const weights = context.tensor(weightsIndex);
  const bias = biasIndex === undefined ? undefined : context.tensor(biasIndex);
  if (weights.data === undefined || (bias !== undefined && bias.data === undefined))
    unsupported(instruction, 'weights or bias', 'constants', 'computed values');
  const channels = weights.shape[0];
  const taps = elementCount(weights.shape.slice(1));
  const data = weights.data as ArrayLike<number>;
  const plan =
    instruction.arithmetic === null
      ? planFloats(context, instruction, data, channels, taps, bias?.data as Float32Array | undefined)
      : planCodes(context, instruction, data, channels, taps, bias?.data as ArrayLike<number> | undefined);
  if (plan.kernel === 'depthwise_i16_i16_i32' && fits3x3(geometry)) {
    lower3x3(instruction, context, geometry, plan);
    return;
  }
  const listed: Geometry = { ...geometry, ...plan.entries };
  const table = placeTaps(context.constants, listed, `instruction "${instruction.name}"`);
  const padding = placeZeros(context, 64);
  const pixels = pixelCount(geometry);
  const stride = channels * elementBytes(context.kind(input));
  const step = pixelsPerCall(geometry, taps);
  for (let first = 0; first < pixels; first += step)
    context.emit(plan.kernel, {
      x: context.address(input),
      y: shift(context.address(instruction.output), first * stride),
      table: table + (first / 4) * tapCount(listed) * 16,
      weights: plan.weights(),
      blocks: plan.blocks,
      layer: plan.layer,
      padding,
      pixels: Math.min(step, pixels - first),
      channels,
      yStride: stride,
      taps: tapCount(listed),
    });
}

/** True where the kernel for 3x3 windows serves. */
function fits3x3({ window, input }: Geometry): boolean {
  const { kernel, strides, pads, dilations } = window;
  const square = kernel[0] === 3 && kernel[1] === 3 && dilations[1] === 1;
  return square && strides[1] <= 2 && pads[1] <= 1 && input[1] >= 2;
}

function lower3x3(instruction: Depthwise, context: Context, geometry: Geometry, plan: Plan): void {
  const { constants } = context;
  const { batch, input, output, window, pixelBytes } = geometry;
  const channels = context.tensor(instruction.output).shape[3];
  const data = context.tensor(instruction.inputs[1]).data as ArrayLike<number>;
  const height = batch * output[0];
  const rows = new Int32Array(height * 4).fill(-1);
  for (let row = 0; row < height; row++)
    for (let tap = 0; tap < 3; tap++) {
      const from = (row % output[0]) * window.strides[0] - window.pads[0] + tap * window.dilations[0];
      const image = Math.floor(row / output[0]) * input[0];
      if (from >= 0 && from < input[0]) rows[row * 4 + tap] = (image + from) * input[1] * pixelBytes;
    }
  const table = constants.place(rows.byteLength, () => rows);
  const packed = constants.place(Math.ceil(channels / 8) * 160, () => packDepthwise3x3(data, channels));
  const padding = placeZeros(context, input[1] * pixelBytes);
  const step = Math.max(1, Math.floor(CALL_BYTES / (input[1] * pixelBytes * window.strides[0])));
  for (let first = 0; first < height; first += step)
    context.emit(window.strides[1] === 1 ? 'depthwise3x3_i16_i16_i32' : 'depthwise3x3Half_i16_i16_i32', {
      x: context.address(instruction.inputs[0]),
      y: shift(context.address(instruction.output), first * output[1] * pixelBytes),
      rows: table + first * 16,
      weights: packed,
      blocks: plan.blocks,
      layer: plan.layer,
      padding,
      height: Math.min(step, height - first),
      width: output[1],
      columns: input[1],
      left: window.pads[1],
      channels,
      stride: pixelBytes,
    });
}

function planCodes(
  context: Context,
  instruction: Depthwise,
  data: ArrayLike<number>,
  channels: number,
  taps: number,
  bias: ArrayLike<number | bigint> | undefined,
): Plan {
  const { constants } = context;
  const requantize = requireShift(instruction, instruction.arithmetic!.requantize);
  const bits = provedWidth(instruction);
  const { format } = context.tensor(instruction.output);
  const range = outputRange(instruction, format!, requantize.overflow, instruction.clamp);
  const shifts = channelShifts(requantize, channels);
  const pairs = packDepthwise(data, channels, taps, false);
  const narrow = bits <= 32 ? narrowRecords(shifts, requantize.rounding, range, bits, bias) : undefined;
  if (narrow !== undefined)
    return {
      kernel: 'depthwise_i16_i16_i32',
      entries: { parts: 1, even: true },
      weights: () => constants.place(pairs.byteLength, () => pairs),
      blocks: constants.place(narrow.blocks.byteLength, () => narrow.blocks),
      layer: constants.place(narrow.layer.byteLength, () => narrow.layer),
    };
  const spread = hasExtremePair(pairs);
  const packed = spread ? packDepthwise(data, channels, taps, true) : pairs;
  const shared = {
    kernel: 'depthwise_i16_i16_i64',
    entries: { parts: spread ? 2 : 1, even: true },
    weights: () => constants.place(packed.byteLength, () => packed),
  } as const;
  const reduced = reducedRecords(shifts, requantize.rounding, range, bits, bias);
  if (reduced !== undefined)
    return {
      ...shared,
      blocks: constants.place(reduced.blocks.byteLength, () => reduced.blocks),
      layer: constants.place(reduced.layer.byteLength, () => reduced.layer),
    };
  const records = wideRecords(instruction, shifts, requantize.rounding, range, bits, bias);
  return { ...shared, blocks: constants.place(records.byteLength, () => records), layer: 0 };
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
