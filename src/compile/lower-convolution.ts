/** Convolution and matrix product with constant weights. */
import { ConstraintError } from '../errors.js';
import { dequantizeCodes, quantizeValues } from '../formats/convert.js';
import { at, type Codes, type Format, fixed } from '../formats/format.js';
import type { Node } from '../graph/graph.js';
import { elementCount, type Tensor } from '../graph/tensor.js';
import type { Arithmetic, Window } from '../program/instructions.js';
import { channelsLastOrder, inOrder, permuteData, plainOrder, spatialShape } from './axis-order.js';
import {
  type Context,
  clampCodes,
  clampFloat,
  floatData,
  outputRange,
  requirePowerOfTwo,
} from './context.js';
import type { NodeArithmetic } from './model-formats.js';
import { accumulatorRange, bitsFor, union } from './ranges.js';

interface Named {
  readonly name: string;
  readonly tensor: Tensor;
}

/** Weights [O, C/groups, ...kernel] of ONNX as [O, kh, kw, C/groups]. */
function canonicalWeights({ shape, data }: Tensor): { shape: number[]; data: Float32Array } {
  const [outputs, channels, ...kernel] = shape;
  const [height, width] = kernel.length === 1 ? [1, kernel[0]] : kernel;
  const onnx = [outputs, channels, height, width];
  const values = floatData({ type: 'float32', shape, data });
  const permutation = [0, 2, 3, 1];
  return {
    shape: [outputs, height, width, channels],
    data: permuteData(values, onnx, permutation, new Float32Array(values.length)),
  };
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
  const canonical = canonicalWeights(weights.tensor);
  const operands = product(context, node, input, { name: weights.name, ...canonical }, bias, format);
  const planar = builder.reshape(input, spatialShape(builder.tensors[input].shape), node.inputs[0]);
  const source = crop(context, spread(context, planar, interior), window.pads);
  const [top, left, bottom, right] = window.pads.map((pad) => Math.max(0, pad));
  const padded: Window = { ...window, pads: [top, left, bottom, right] };
  const name = shape.length === 3 ? `${value}@2d` : value;
  const tensor = builder.emit(
    node,
    { op: 'convolution', window: padded, groups, ...operands.fields, inputs: [source, ...operands.inputs] },
    { name, shape: spatialShape(shape), ...operands.output },
  );
  context.define(
    value,
    {
      tensor: shape.length === 3 ? builder.reshape(tensor, shape, value) : tensor,
      order,
    },
    node.inputs,
  );
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
  return builder.emit(null, draft, { name: `${name}@spread`, shape: target, format, range });
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
  return builder.emit(null, draft, { name: `${name}@cropped`, shape: target, format, range });
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
  const canonical = { name: weights.name, shape: [outputs, depth], data: floatData(weights.tensor) };
  const operands = product(context, node, input, canonical, bias, format);
  const rows = elementCount(shape) / outputs;
  const source = builder.reshape(input, [rows, depth], node.inputs[0]);
  const name = shape.length === 2 ? value : `${value}@2d`;
  const tensor = builder.emit(
    node,
    { op: 'gemm', ...operands.fields, inputs: [source, ...operands.inputs] },
    { name, shape: [rows, outputs], ...operands.output },
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
  weights: { name: string; shape: readonly number[]; data: Float32Array },
  bias: Named | undefined,
  format: Format | null,
) {
  const { builder } = context;
  const channels = weights.shape[0];
  if (format === null) {
    const inputs = [builder.constant(weights.name, weights.shape, null, weights.data)];
    if (bias) inputs.push(builder.constant(bias.name, [channels], null, floatData(bias.tensor)));
    return {
      inputs,
      fields: { clamp: clampFloat(node.clamp), arithmetic: null },
      output: { format, range: undefined },
    };
  }
  const arithmetic = context.arithmetic(node);
  const from = builder.tensors[input].format!;
  requirePowerOfTwo(from, node.inputs[0]);
  requirePowerOfTwo(format, node.outputs[0]);
  const weightFormat = context.constantFormat(weights.name, node, weights.shape);
  const codes = quantizeValues(weights.data, weights.shape, weightFormat, arithmetic.rounding, 'saturate');
  const inputs = [builder.constant(weights.name, weights.shape, weightFormat, codes)];
  const fraction = (channel: number) => at(from.fractionBits, 0) + at(weightFormat.fractionBits, channel);
  const positions =
    typeof weightFormat.fractionBits === 'number'
      ? fraction(0)
      : weightFormat.fractionBits.map((_, channel) => fraction(channel));
  let biasCodes: Codes | undefined;
  if (bias) {
    const biasFormat = fixed(arithmetic.biasBits, positions);
    biasCodes = quantizeBias(floatData(bias.tensor), biasFormat, arithmetic, node);
    inputs.push(builder.constant(bias.name, [channels], biasFormat, biasCodes));
  }
  const range = accumulatorRange(codes as ArrayLike<number>, channels, biasCodes, builder.range(input));
  const outputFraction = at(format.fractionBits, 0);
  const shift =
    typeof positions === 'number'
      ? positions - outputFraction
      : positions.map((position) => position - outputFraction);
  const clamp = clampCodes(node.clamp, format, arithmetic);
  const full: Arithmetic = {
    accumulator: { ...arithmetic.accumulator, provedBits: bitsFor(range) },
    requantize: { style: 'shift', shift, rounding: arithmetic.rounding, overflow: arithmetic.overflow },
  };
  return {
    inputs,
    fields: { clamp, arithmetic: full },
    output: { format, range: outputRange(format, clamp) },
  };
}

/**
 * Bias codes at the accumulator's position. A bias with a format of its own is stored in that and then shifted. One that does
 * not fit its register is an error.
 */
function quantizeBias(values: Float32Array, format: Format, arithmetic: NodeArithmetic, node: Node): Codes {
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
