/** convolution and gemm to kernel calls. One geometry serves all: a matrix product is a convolution of one tap. */
import type { Instruction, Window } from '../../program/instructions.js';
import { type Address, type Context, shift, unsupported } from './context.js';
import { chooseArithmetic, type Layer, placeFloatLayer } from './layer.js';
import { lowerDepthwise } from './lower-depthwise.js';
import { movePadded } from './lower-movement.js';
import { placeWeights } from './place-weights.js';
import { elementBytes } from './prepared.js';
import { type Geometry, pixelCount, placeTaps, tapCount } from './taps.js';

type Product = Instruction<'convolution' | 'gemm'>;

/** Up to this many channels, the taps of a kernel row are joined into one. */
const FEW_CHANNELS = 8;

/** What one call may touch, so that it stays in the second-level cache. */
const CACHE_BYTES = 128 * 1024;

/** A table with one entry per tap. */
const whole = { parts: 1, partBytes: 0, even: false };

const point: Window = { kernel: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] };

export function lowerGemm(instruction: Instruction<'gemm'>, context: Context): void {
  const [m, k] = context.tensor(instruction.inputs[0]).shape;
  const pixelBytes = k * elementBytes(context.kind(instruction.inputs[0]));
  const geometry: Geometry = {
    batch: 1,
    input: [1, m],
    output: [1, m],
    window: point,
    pixelBytes,
    ...whole,
  };
  lowerProduct(instruction, context, context.address(instruction.inputs[0]), geometry, k, 1);
}

export function lowerConvolution(instruction: Instruction<'convolution'>, context: Context): void {
  const { window, groups, inputs, output } = instruction;
  const [batch, height, width, channels] = context.tensor(inputs[0]).shape;
  const outputs = context.tensor(output).shape;
  const size = elementBytes(context.kind(inputs[0]));
  const geometry: Geometry = {
    batch,
    input: [height, width],
    output: [outputs[1], outputs[2]],
    window,
    pixelBytes: channels * size,
    ...whole,
  };
  if (groups > 1 && groups === channels && outputs[3] === channels) {
    lowerDepthwise(instruction, context, geometry);
    return;
  }
  const x = context.address(inputs[0]);
  if (groups === 1 && channels <= FEW_CHANNELS && window.kernel[1] > 1 && window.dilations[1] === 1)
    lowerRows(instruction, context, x, geometry, channels);
  else lowerProduct(instruction, context, x, geometry, channels, groups);
}

/**
 * Few channels: with the padding written out, the taps of a kernel row lie side by side and make one long tap, whose
 * loop is worth starting.
 */
function lowerRows(
  instruction: Instruction<'convolution'>,
  context: Context,
  x: Address,
  geometry: Geometry,
  channels: number,
): void {
  const { input, output, window } = geometry;
  const { kernel, strides, pads, dilations } = window;
  const padded: [number, number] = [
    (output[0] - 1) * strides[0] + (kernel[0] - 1) * dilations[0] + 1,
    (output[1] - 1) * strides[1] + kernel[1],
  ];
  const fits = pads[0] === 0 && pads[1] === 0 && padded[0] <= input[0] && padded[1] <= input[1];
  const source = fits ? x : movePadded(context, x, geometry, channels, instruction.inputs[0], padded);
  const joined: Window = {
    kernel: [kernel[0], 1],
    strides,
    pads: [0, 0, 0, 0],
    dilations: [dilations[0], 1],
  };
  const rows: Geometry = { ...geometry, input: fits ? input : padded, window: joined };
  lowerProduct(instruction, context, source, rows, channels * kernel[1], 1);
}

/** `channels` is what one tap reads, over all groups. */
function lowerProduct(
  instruction: Product,
  context: Context,
  x: Address,
  geometry: Geometry,
  channels: number,
  groups: number,
): void {
  const [, weightsIndex, biasIndex] = instruction.inputs;
  const weights = context.tensor(weightsIndex);
  const bias = biasIndex === undefined ? undefined : context.tensor(biasIndex);
  if (weights.data === undefined || (bias !== undefined && bias.data === undefined))
    unsupported(instruction, 'weights or bias', 'constants', 'computed values');
  const outputs = weights.shape[0];
  const taps = geometry.window.kernel[0] * geometry.window.kernel[1];
  const layer: Layer =
    instruction.arithmetic === null
      ? placeFloatLayer(context, instruction, outputs, bias, groups)
      : chooseArithmetic(context, instruction, outputs, bias, groups);
  const shape = { taps, channels: channels / groups, outputs: outputs / groups, groups };
  const { format } = context.tensor(instruction.inputs[0]);
  const packed = placeWeights(context.constants, weights, shape, layer, format);
  const row = elementBytes(context.kind(instruction.inputs[0]));
  const listed: Geometry = { ...geometry, parts: packed.parts, partBytes: packed.part * row };
  const table = placeTaps(context.constants, listed, `instruction "${instruction.name}"`);
  const pixels = pixelCount(geometry);
  const padding = placeZeros(context, shape.channels * row);
  const y = context.address(instruction.output);
  const single = pixels === 1 && layer.rowKernel !== undefined;
  const kernel = single ? layer.rowKernel! : layer.kernel;
  const step = pixelsPerCall(geometry, taps);
  for (let group = 0; group < groups; group++)
    for (let first = 0; first < pixels; first += step)
      context.emit(kernel, {
        x: shift(x, group * shape.channels * row),
        y: shift(y, (first * outputs + group * shape.outputs) * row),
        table: table + (first / 4) * tapCount(listed) * 16,
        weights: packed.address + group * packed.groupBytes,
        blocks: layer.blocks + group * layer.groupBytes,
        layer: layer.layer + group * layer.layerGroupBytes,
        padding,
        pixels: Math.min(step, pixels - first),
        channels: shape.outputs,
        yStride: outputs * row,
        turns: packed.turns,
        taps: tapCount(listed),
        run: packed.run,
      });
}

/** A row of zeros, which taps outside of the input read. */
export function placeZeros(context: Context, bytes: number): number {
  // Rounded up to a power of two, so that few sizes exist.
  const size = 2 ** Math.ceil(Math.log2(Math.max(bytes, 64)));
  return context.constants.place(size, () => new Int8Array(size), `zeros ${size}`);
}

/** A multiple of 4 pixels whose input, addresses and output stay in the cache between two panels of channels. */
export function pixelsPerCall({ window, pixelBytes }: Geometry, taps: number): number {
  const fresh = Math.min(taps, window.strides[0] * window.strides[1]);
  const bytes = pixelBytes * fresh + taps * 4 + 64;
  return Math.max(4, Math.floor(CACHE_BYTES / bytes / 4) * 4);
}
