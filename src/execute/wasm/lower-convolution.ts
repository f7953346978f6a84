/** convolution and gemm to kernel calls. One geometry serves all: a matrix product is a convolution of one tap. */
import type { Instruction, Window } from '../../program/instructions.js';
import { type CentredProduct, centreProduct, type Product, rangeRead } from './centre.js';
import { type Address, type Context, shift } from './context.js';
import {
  chooseArithmetic,
  chooseSums,
  fusedRescaling,
  type Layer,
  placeFloatLayer,
  sumsOf,
} from './layer.js';
import { lowerAccumulate } from './lower-accumulate.js';
import { lowerDepthwise } from './lower-depthwise.js';
import { movePadded } from './lower-movement.js';
import { chooseTiling, lowerWinograd } from './lower-winograd.js';
import { fitsSegments, type ProductSegments, segmentProduct } from './pack-segments.js';
import { placeWeights } from './place-weights.js';
import { elementBytes } from './prepared.js';
import { areCodes, prepareRescale, SUMS_BYTES, type Sums, sumBytes } from './rescale.js';
import { evenStep, fairStep, unitsFor } from './schedule.js';
import { type Geometry, pixelCount, placeTaps, tapCount } from './taps.js';

/** Up to this many channels, the taps of a kernel row are joined into one. */
const FEW_CHANNELS = 8;

/** What one call may touch, so that it stays in the second-level cache. */
const CACHE_BYTES = 128 * 1024;

/** Channels whose weights and records lie together, whatever the kernel. */
const PANEL = 16;

/** Where kernels of tiles put those that are not whole. */
const SPARE_BYTES = 128;

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
  const product = centreProduct(context, instruction);
  if (isEmulated(instruction, context, product)) lowerAccumulate(instruction, context, geometry, 1, product);
  else lowerProduct(instruction, context, context.address(instruction.inputs[0]), geometry, k, 1, product);
}

/** True where no kernel's sums become the accumulator, or they would take too many segments. */
function isEmulated(instruction: Product, context: Context, product: CentredProduct): boolean {
  if (instruction.arithmetic === null) return false;
  const sums = sumsOf(instruction, product, context.counters !== undefined);
  const depth = product.weights.length / product.outputs;
  return sums === undefined || (sums.kind === 'i64' && !fitsSegments(depth));
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
  const product = centreProduct(context, instruction);
  if (isEmulated(instruction, context, product)) {
    lowerAccumulate(instruction, context, geometry, groups, product);
    return;
  }
  if (groups > 1 && groups === channels && outputs[3] === channels) {
    lowerDepthwise(instruction, context, geometry, product);
    return;
  }
  const x = context.address(inputs[0]);
  if (groups === 1 && channels <= FEW_CHANNELS && window.kernel[1] > 1 && window.dilations[1] === 1)
    lowerRows(instruction, context, x, geometry, channels, product);
  else lowerProduct(instruction, context, x, geometry, channels, groups, product);
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
  product: CentredProduct,
): void {
  const { input, output, window } = geometry;
  const { kernel, strides, pads, dilations } = window;
  const padded: [number, number] = [
    (output[0] - 1) * strides[0] + (kernel[0] - 1) * dilations[0] + 1,
    (output[1] - 1) * strides[1] + kernel[1],
  ];
  const fits = pads[0] === 0 && pads[1] === 0 && padded[0] <= input[0] && padded[1] <= input[1];
  const source = fits
    ? x
    : movePadded(context, x, geometry, channels, instruction.inputs[0], padded, product.zero);
  const joined: Window = {
    kernel: [kernel[0], 1],
    strides,
    pads: [0, 0, 0, 0],
    dilations: [dilations[0], 1],
  };
  const rows: Geometry = { ...geometry, input: fits ? input : padded, window: joined };
  lowerProduct(instruction, context, source, rows, channels * kernel[1], 1, product);
}

/** `channels` is what one tap reads, over all groups. */
function lowerProduct(
  instruction: Product,
  context: Context,
  x: Address,
  geometry: Geometry,
  channels: number,
  groups: number,
  product: CentredProduct,
): void {
  const { outputs } = product;
  const taps = geometry.window.kernel[0] * geometry.window.kernel[1];
  const pixels = pixelCount(geometry);
  const shape = { taps, channels: channels / groups, outputs: outputs / groups, groups };
  let segments: ProductSegments | undefined;
  const segment = () => {
    segments ??= segmentProduct(product, shape, rangeRead(context, instruction, product));
    return segments;
  };
  const { layer, sums } = chooseLayer(instruction, context, product, groups, pixels === 1, segment);
  const tiling =
    layer.kernel === 'convolutionBroad_i16_i16_i32' && product.bits === 8 && groups === 1
      ? chooseTiling(context, instruction, geometry, product)
      : undefined;
  if (tiling !== undefined) {
    lowerWinograd(instruction, context, x, geometry, product, layer, tiling);
    return;
  }
  const packed = placeWeights(context.constants, product.weights, shape, layer);
  const kept = elementBytes(context.kind(instruction.inputs[0]));
  const source = layer.tile?.depth === 4 ? narrowToBytes(context, x, geometry) : x;
  const row = layer.tile?.depth === 4 ? 1 : kept;
  const pixelBytes = (geometry.pixelBytes / kept) * row;
  const listed: Geometry = { ...geometry, pixelBytes };
  const spare = layer.tile === undefined ? 0 : context.unitScratch(SPARE_BYTES);
  const table = placeTaps(context.constants, listed, `instruction "${instruction.name}"`);
  const padding = placeFilled(context, shape.channels * row, product.zero, row);
  const kernel = pixels === 1 ? (layer.rowKernel ?? layer.kernel) : layer.kernel;
  const panels = Math.ceil(shape.outputs / PANEL);
  const panelRecords =
    layer.tile === undefined
      ? (2 * layer.groupBytes) / Math.ceil(shape.outputs / 8)
      : layer.groupBytes / panels;
  const emitGroup = (
    group: number,
    [panel, panelCount]: readonly [number, number],
    first: number,
    count: number,
    y: Address,
    element: number,
  ) =>
    context.emit(kernel, {
      x: shift(source, group * shape.channels * row),
      y: shift(y, (group * shape.outputs + panel * PANEL) * element),
      table: table + (first / 4) * tapCount(listed) * 16,
      weights: packed.address + group * packed.groupBytes + panel * packed.panelBytes,
      blocks: layer.blocks + group * layer.groupBytes + panel * panelRecords,
      layer: layer.layer,
      padding,
      pixels: count,
      channels: Math.min(panelCount * PANEL, shape.outputs - panel * PANEL),
      yStride: outputs * element,
      turns: packed.turns,
      taps: tapCount(listed),
      panelBytes: packed.panelBytes,
      spare,
    });
  const most = pixelsPerCall(listed, taps);
  const units = unitsFor(context.sharing, 0, pixels * outputs * taps * shape.channels);
  if (sums === undefined) {
    const y = context.address(instruction.output);
    const { step, panelStep } = sharePixels(context, pixels, most, panels, units / groups);
    for (let group = 0; group < groups; group++)
      for (let first = 0; first < pixels; first += step)
        for (let panel = 0; panel < panels; panel += panelStep) {
          const count = Math.min(step, pixels - first);
          context.unit();
          emitGroup(group, [panel, panelStep], first, count, shift(y, first * outputs * kept), kept);
        }
    return;
  }
  const step = evenStep(pixels, most, units, 4);
  emitSums(instruction, context, sums, { pixels, step, outputs }, (first, count, y) => {
    for (let group = 0; group < groups; group++)
      emitGroup(group, [0, panels], first, count, y, sumBytes(sums));
  });
}

/** Pixels and panels per call for about `units` calls, as many for each thread: panels first, whose calls read each weight once. */
function sharePixels({ sharing }: Context, pixels: number, most: number, panels: number, units: number) {
  const rows = Math.ceil(pixels / most);
  const even = units > 1 && rows % sharing.threads !== 0 ? sharing.threads : 1;
  const columns = Math.min(panels, Math.ceil(units / rows / even) * even);
  const step = evenStep(pixels, most, Math.ceil(units / columns), 4);
  const panelStep = evenStep(panels, panels, columns, 1);
  if (units <= 1) return { step, panelStep };
  return { step, panelStep: fairStep(panels, Math.ceil(pixels / step), panelStep, sharing.threads) };
}

function chooseLayer(
  instruction: Product,
  context: Context,
  product: CentredProduct,
  groups: number,
  single: boolean,
  segment: () => ProductSegments,
): { layer: Layer; sums?: Sums } {
  if (instruction.arithmetic === null)
    return { layer: placeFloatLayer(context, instruction, product, groups) };
  const rescaling = fusedRescaling(context, instruction, product);
  const fused =
    rescaling && chooseArithmetic(context, instruction, product, groups, rescaling, single, segment);
  if (fused !== undefined) return { layer: fused };
  const sums = sumsOf(instruction, product, context.counters !== undefined)!;
  return { layer: chooseSums(context, product, groups, sums, segment), sums };
}

/** Sums of some pixels at a time, and the pass that makes codes of them. */
export function emitSums(
  instruction: Product,
  context: Context,
  sums: Sums,
  { pixels, step, outputs }: { pixels: number; step: number; outputs: number },
  emit: (first: number, count: number, y: Address) => void,
): void {
  const pixelBytes = outputs * sumBytes(sums);
  const { clamp, arithmetic } = instruction;
  const { requantize } = arithmetic!;
  if (areCodes(context, instruction.output, requantize, clamp, sums)) {
    const y = context.address(instruction.output);
    for (let first = 0; first < pixels; first += step) {
      context.unit();
      emit(first, Math.min(step, pixels - first), shift(y, first * pixelBytes));
    }
    return;
  }
  const most = Math.max(4, Math.floor(SUMS_BYTES / pixelBytes / 4) * 4);
  const size = Math.min(step, most);
  const scratch = context.unitScratch(Math.min(size, pixels) * pixelBytes);
  const { overflow } = requantize;
  const rescale = prepareRescale(context, instruction, [requantize], { overflow, clamp, sums });
  for (let first = 0; first < pixels; first += size) {
    const count = Math.min(size, pixels - first);
    context.unit();
    emit(first, count, scratch);
    rescale(scratch, first * outputs, count * outputs);
  }
}

/** The codes of a tensor as bytes. */
function narrowToBytes(context: Context, x: Address, { batch, input, pixelBytes }: Geometry): Address {
  const length = (batch * input[0] * input[1] * pixelBytes) / 2;
  const y = context.scratch(length);
  context.emit('narrow_i16_u8', { x, y, length });
  context.stage();
  return y;
}

/** A row of one code (or of zeros), which taps outside of the input read; `size` is that of an element. */
export function placeFilled(context: Context, bytes: number, code: number, size = 2): number {
  // Rounded up to a power of two, so that few sizes exist.
  const length = 2 ** Math.ceil(Math.log2(Math.max(bytes, 64)));
  const make = () => (size === 1 ? new Int8Array(length) : new Int16Array(length / 2)).fill(code);
  return context.constants.place(length, make, `row ${code} ${length} ${size}`);
}

/** A multiple of 4 pixels whose input, addresses and output stay in the cache between two panels of channels. */
export function pixelsPerCall({ window, pixelBytes }: Geometry, taps: number): number {
  const fresh = Math.min(taps, window.strides[0] * window.strides[1]);
  const bytes = pixelBytes * fresh + taps * 4 + 64;
  return Math.max(4, Math.floor(CACHE_BYTES / bytes / 4) * 4);
}
