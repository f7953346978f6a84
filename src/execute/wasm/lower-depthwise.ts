/** Depthwise convolution (as many groups as channels, one output each) to kernel calls. */
import type { Instruction } from '../../program/instructions.js';
import { type Context, elementCount, shift, unsupported } from './context.js';
import { placeFloatClamp, provedWidth } from './layer.js';
import { pixelsPerCall, placeZeros } from './lower-convolution.js';
import { hasExtremePair, packDepthwise, packDepthwiseFloats } from './pack-weights.js';
import { elementBytes } from './prepared.js';
import { channelShifts, narrowRecords, outputRange, wideRecords } from './rounding.js';
import { type Geometry, pixelCount, placeTaps, tapCount } from './taps.js';

type Depthwise = Instruction<'convolution'>;

interface Plan {
  readonly kernel: 'depthwise_i16_i16_i32' | 'depthwise_i16_i16_i64' | 'depthwise_f32_f32_f32';
  readonly repeat: Geometry['repeat'];
  readonly weights: number;
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
  const repeated: Geometry = { ...geometry, repeat: plan.repeat };
  const table = placeTaps(context.constants, repeated, `instruction "${instruction.name}"`);
  const padding = placeZeros(context, 64);
  const pixels = pixelCount(geometry);
  const stride = channels * elementBytes(context.kind(input));
  const step = pixelsPerCall(geometry, taps);
  for (let first = 0; first < pixels; first += step)
    context.emit(plan.kernel, {
      x: context.address(input),
      y: shift(context.address(instruction.output), first * stride),
      table: table + (first / 4) * tapCount(repeated) * 16,
      weights: plan.weights,
      blocks: plan.blocks,
      layer: plan.layer,
      padding,
      pixels: Math.min(step, pixels - first),
      channels,
      yStride: stride,
      taps: tapCount(repeated),
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
  const { requantize } = instruction.arithmetic!;
  const bits = provedWidth(instruction);
  const { format } = context.tensor(instruction.output);
  const range = outputRange(instruction, format!, requantize.overflow, instruction.clamp);
  const shifts = channelShifts(requantize, channels);
  const pairs = packDepthwise(data, channels, taps, false);
  const narrow = bits <= 32 ? narrowRecords(shifts, requantize.rounding, range, bits, bias) : undefined;
  if (narrow !== undefined)
    return {
      kernel: 'depthwise_i16_i16_i32',
      repeat: 'even',
      weights: constants.place(pairs.byteLength, () => pairs),
      blocks: constants.place(narrow.blocks.byteLength, () => narrow.blocks),
      layer: constants.place(narrow.layer.byteLength, () => narrow.layer),
    };
  const spread = hasExtremePair(pairs);
  const packed = spread ? packDepthwise(data, channels, taps, true) : pairs;
  const records = wideRecords(instruction, shifts, requantize.rounding, range, bits, bias);
  return {
    kernel: 'depthwise_i16_i16_i64',
    repeat: spread ? 2 : 'even',
    weights: constants.place(packed.byteLength, () => packed),
    blocks: constants.place(records.byteLength, () => records),
    layer: 0,
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
    repeat: 1,
    weights: constants.place(packed.byteLength, () => packed),
    blocks: constants.place(biases.byteLength, () => biases),
    layer: placeFloatClamp(context, instruction),
  };
}
