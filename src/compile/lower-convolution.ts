/** Convolution and matrix product with constant weights. */
import { ConstraintError } from '../errors.js';
import { dequantizeCodes, quantizeValues } from '../formats/convert.js';
import { at, type Codes, type Format, fixed, formatOfChannel, stepSize } from '../formats/format.js';
import { roundShift } from '../formats/rounding.js';
import type { Node } from '../graph/graph.js';
import type { Tensor } from '../graph/tensor.js';
import type { Arithmetic, Window } from '../program/instructions.js';
import { elementCount } from '../shape.js';
import {
  channelsLastOrder,
  inOrder,
  keepsElements,
  permuteData,
  plainOrder,
  spatialShape,
} from './axis-order.js';
import { type Context, clampCodes, clampFloat, floatData, outputRange } from './context.js';
import type { NodeArithmetic } from './model-formats.js';
import { accumulatorRange, bitsFor, union } from './ranges.js';
import { channelCount, createScaling } from './scaling.js';

interface Named {
  readonly name: string;
  readonly tensor: Tensor;
  /** Given codes, where the tensor is not the constant of the graph as it is. */
  readonly codes?: Codes;
}

/** Constant weights as the program stores them: their shape, and how elements come from the order of the graph. */
interface Weights extends Named {
  readonly shape: readonly number[];
  arrange<T extends Codes | Float32Array>(elements: T): T;
}

/** Weights [O, C/groups, ...kernel] of ONNX as [O, kh, kw, C/groups]. */
function canonicalWeights({ tensor, ...named }: Named): Weights {
  const [outputs, channels, ...kernel] = tensor.shape;
  const [height, width] = kernel.length === 1 ? [1, kernel[0]] : kernel;
  const onnx = [outputs, channels, height, width];
  const order = [0, 2, 3, 1];
  const arrange = <T extends Codes | Float32Array>(elements: T) =>
    keepsElements(onnx, order) ? elements : permuteData(elements, onnx, order, elements.slice() as T);
  return { ...named, tensor, shape: inOrder(onnx, order), arrange };
}

export function lowerConvolution(
  context: Context,
  node: Node,
  weights: Named,
  bias: Named | undefined,
  window: Window,
  groups: number,
  interior: readonly [number, number] = [0, 0],
): void {
  const { builder } = context;
  const [value] = node.outputs;
  const format = context.format(value);
  const order = channelsLastOrder(context.type(value).shape.length);
  const input = context.read(
    node.inputs[0],
    format === null ? null : inputFormat(context, node),
    order,
  ).tensor;
  const shape = inOrder(context.type(value).shape, order);
  const operands = product(context, node, input, canonicalWeights(weights), bias, format);
  const planar = builder.reshape(input, spatialShape(builder.tensors[input].shape), node.inputs[0]);
  const source = crop(context, spread(context, planar, interior), window.pads);
  const [top, left, bottom, right] = window.pads.map((pad) => Math.max(0, pad));
  const padded: Window = { ...window, pads: [top, left, bottom, right] };
  const tensor = builder.emit(
    node,
    { op: 'convolution', window: padded, groups, ...operands.fields, inputs: [source, ...operands.inputs] },
    { name: value, shape: spatialShape(shape), ...operands.output },
  );
  context.define(value, { tensor: builder.reshape(tensor, shape, value), order }, node.inputs);
}

/** Zeros between the rows and columns of [N, H, W, C]. */
function spread({ builder }: Context, tensor: number, interior: readonly [number, number]): number {
  if (interior.every((count) => count === 0)) return tensor;
  const { name, shape, format } = builder.tensors[tensor];
  const zeros = [0, ...interior, 0];
  const target = shape.map((size, axis) => size + (size - 1) * zeros[axis]);
  const value = format === null ? 0 : at(format.zeroPoint, 0);
  const none = [0, 0, 0, 0];
  const draft = { op: 'pad', before: none, after: none, interior: zeros, value, inputs: [tensor] } as const;
  const range = format === null ? undefined : union(builder.range(tensor), { low: value, high: value });
  return builder.emit(null, draft, { name: builder.derive(name, 'spread'), shape: target, format, range });
}

/** Without the rows and columns that negative pads name. */
function crop({ builder }: Context, tensor: number, pads: Window['pads']): number {
  const [top, left, bottom, right] = pads.map((pad) => Math.max(0, -pad));
  if (top + left + bottom + right === 0) return tensor;
  const { name, shape, format } = builder.tensors[tensor];
  const [batch, height, width, channels] = shape;
  const target = [batch, height - top - bottom, width - left - right, channels];
  const draft = { op: 'slice', starts: [0, top, left, 0], steps: [1, 1, 1, 1], inputs: [tensor] } as const;
  const range = format === null ? undefined : builder.range(tensor);
  return builder.emit(null, draft, { name: builder.derive(name, 'cropped'), shape: target, format, range });
}

export function lowerGemm(context: Context, node: Node, weights: Named, bias: Named | undefined): void {
  const { builder } = context;
  const [value] = node.outputs;
  const format = context.format(value);
  const { shape } = context.type(value);
  const plain = plainOrder(context.type(node.inputs[0]).shape.length);
  const input = context.read(
    node.inputs[0],
    format === null ? null : inputFormat(context, node),
    plain,
  ).tensor;
  const [outputs, depth] = weights.tensor.shape;
  const canonical: Weights = { ...weights, shape: [outputs, depth], arrange: (elements) => elements };
  const operands = product(context, node, input, canonical, bias, format);
  const rows = elementCount(shape) / outputs;
  const source = builder.reshape(input, [rows, depth], node.inputs[0]);
  const tensor = builder.emit(
    node,
    { op: 'gemm', ...operands.fields, inputs: [source, ...operands.inputs] },
    { name: value, shape: [rows, outputs], ...operands.output },
  );
  context.define(
    value,
    { tensor: builder.reshape(tensor, shape, value), order: plainOrder(shape.length) },
    node.inputs,
  );
}

function inputFormat(context: Context, node: Node): Format {
  const format = context.format(node.inputs[0]);
  if (format !== null) return format;
  throw new ConstraintError({
    where: `node "${node.name}"`,
    what: `input "${node.inputs[0]}" has no format`,
  });
}

/** Constant operands, arithmetic and output format that convolution and gemm have in common. */
function product(
  context: Context,
  node: Node,
  input: number,
  weights: Weights,
  bias: Named | undefined,
  format: Format | null,
) {
  const { builder } = context;
  const channels = weights.shape[0];
  if (format === null) {
    const values = weights.arrange(floatData(weights.tensor));
    const inputs = [builder.constant(weights.name, weights.shape, null, values)];
    if (bias) inputs.push(builder.constant(bias.name, [channels], null, floatData(bias.tensor)));
    return {
      inputs,
      fields: { clamp: clampFloat(node.clamp), arithmetic: null },
      output: { format, range: undefined },
    };
  }
  const arithmetic = context.arithmetic(node);
  const from = builder.tensors[input].format!;
  const weightFormat = context.constantFormat(weights.name, node, weights.shape);
  const folded = foldScales(weights, from);
  const stored = weights.codes ?? context.constantCodes(folded, weightFormat, node);
  const codes = weights.arrange(stored);
  const inputs = [builder.constant(weights.name, weights.shape, weightFormat, codes)];
  let biasCodes: Codes | undefined;
  if (bias) {
    const biasFormat = productFormat(from, weightFormat, arithmetic.biasBits);
    biasCodes =
      context.givenCodes(bias.name) ?? quantizeBias(floatData(bias.tensor), biasFormat, arithmetic, node);
    inputs.push(builder.constant(bias.name, [channels], biasFormat, biasCodes));
  }
  const zero = at(from.zeroPoint, 0);
  const { low, high } = builder.range(input);
  const centred = aboveZeroPoints(codes as ArrayLike<number>, channels, weightFormat.zeroPoint);
  const range = accumulatorRange(centred, channels, biasCodes, { low: low - zero, high: high - zero });
  const clamp = clampCodes(node, format, arithmetic);
  const { scaling, rounding, overflow } = arithmetic;
  const ratio = { operands: [formatOfChannel(from, 0), weightFormat], result: format };
  const own = context.scaling(node) ?? createScaling(scaling, rounding, ratio, node.name);
  const full: Arithmetic = {
    accumulator: { ...arithmetic.accumulator, provedBits: bitsFor(range) },
    requantize: { ...own, overflow },
  };
  return {
    inputs,
    fields: { clamp, arithmetic: full },
    output: { format, range: outputRange(format, clamp) },
  };
}

/** Rows of codes above the zero point of each. */
function aboveZeroPoints(codes: ArrayLike<number>, rows: number, zeroPoint: Format['zeroPoint']) {
  if (zeroPoint === 0) return codes;
  const length = codes.length / Math.max(rows, 1);
  return Int32Array.from(codes, (code, index) => code - at(zeroPoint, Math.floor(index / length)));
}

/** Weights [O, C/groups, ...] that hold what the scale of each input channel differs by from that of channel 0. */
function foldScales({ name, tensor }: Named, input: Format): Named {
  if (input.axis === null) return { name, tensor };
  const [outputs, depth] = tensor.shape;
  const groups = channelCount([input])! / depth;
  const inner = elementCount(tensor.shape.slice(2));
  const data = floatData(tensor).map((weight, index) => {
    const output = Math.floor(index / (inner * depth));
    const group = Math.floor(output / (outputs / groups));
    const channel = group * depth + (Math.floor(index / inner) % depth);
    return weight * (stepSize(input, channel) / stepSize(input, 0));
  });
  return { name, tensor: { type: 'float32', shape: tensor.shape, data } };
}

/**
 * The format in which one step is one step of the input times one step of the weights. It only describes the accumulator: a
 * mantissa that a format does not hold is rounded to 31 bits.
 */
function productFormat(input: Format, weights: Format, bits: number): Format {
  const channels = [weights.fractionBits, weights.mantissa].find((field) => typeof field !== 'number');
  const step = (channel: number) => {
    const product = at(input.mantissa, 0) * at(weights.mantissa, channel);
    const dropped = Math.max(0, Math.floor(Math.log2(product)) - 30);
    const position = at(input.fractionBits, 0) + at(weights.fractionBits, channel);
    return { mantissa: roundShift(product, dropped, 'halfTowardPositive'), fractionBits: position - dropped };
  };
  if (channels === undefined) {
    const { mantissa, fractionBits } = step(0);
    return fixed(bits, fractionBits, { mantissa });
  }
  const steps = (channels as readonly number[]).map((_, channel) => step(channel));
  const mantissas = steps.map(({ mantissa }) => mantissa);
  const uniform = mantissas.every((mantissa) => mantissa === mantissas[0]);
  const fractionBits = steps.map((entry) => entry.fractionBits);
  return fixed(bits, fractionBits, { mantissa: uniform ? mantissas[0] : mantissas });
}

/**
 * Bias codes at the accumulator's position. A bias with a format of its own is stored in that and then shifted. One that does
 * not fit its register is an error. `format` is that of the accumulator.
 */
export function quantizeBias(
  values: Float32Array,
  format: Format,
  arithmetic: NodeArithmetic,
  node: Node,
): Codes {
  const { rounding, biasFormat } = arithmetic;
  const shape = [values.length];
  try {
    if (biasFormat === undefined) return quantizeValues(values, shape, format, rounding, 'trap');
    const stored = quantizeValues(values, shape, biasFormat, rounding, 'saturate');
    return quantizeValues(dequantizeCodes(stored, shape, biasFormat), shape, format, rounding, 'trap');
  } catch (cause) {
    throw new ConstraintError({
      where: `node "${node.name}"`,
      what: `the bias does not fit ${format.bits} bits at the accumulator's position`,
      cause,
    });
  }
}
