/** Pooling over the spatial axes, and the float32 normalisations. */
import { at, codeRange, type Format } from '../formats/format.js';
import { roundReal } from '../formats/rounding.js';
import type { Node } from '../graph/graph.js';
import type { Window } from '../program/instructions.js';
import { channelsLastOrder } from './axis-order.js';
import { type Context, requirePowerOfTwo } from './context.js';
import type { Stored } from './program-builder.js';
import { bitsFor } from './ranges.js';

/** Rank-3 values are pooled as rank 4 with height 1. */
function spatial(
  context: Context,
  node: Node,
  format: Format | null,
  emit: (input: number, shape: number[]) => number,
): void {
  const { builder } = context;
  const [value] = node.outputs;
  const { shape: onnxShape } = context.type(value);
  const order = channelsLastOrder(context.type(node.inputs[0]).shape.length);
  const input = context.read(node.inputs[0], format, order).tensor;
  const lift = (shape: readonly number[]) =>
    shape.length === 3 ? [shape[0], 1, shape[1], shape[2]] : [...shape];
  const source = builder.reshape(input, lift(builder.tensors[input].shape), node.inputs[0]);
  const outputOrder = channelsLastOrder(onnxShape.length);
  const shape = outputOrder.map((axis) => onnxShape[axis]);
  const pooled = shape.length === 2 ? [shape[0], 1, 1, shape[1]] : lift(shape);
  const tensor = builder.reshape(emit(source, pooled), shape, value);
  const stored: Stored = { tensor, order: outputOrder };
  context.define(value, stored, node.inputs);
}

export function lowerMaxPool(context: Context, node: Node, window: Window): void {
  const [value] = node.outputs;
  const format = context.format(value);
  spatial(context, node, format, (input, shape) => {
    const range = format === null ? undefined : context.builder.range(input);
    const draft = { op: 'maxPool', window, inputs: [input] } as const;
    return context.builder.emit(node, draft, { name: poolName(context, value), shape, format, range });
  });
}

export function lowerAveragePool(
  context: Context,
  node: Node,
  window: Window,
  countIncludePad: boolean,
): void {
  const { builder } = context;
  const [value] = node.outputs;
  const format = context.format(value);
  const from = format === null ? null : (context.format(node.inputs[0]) ?? format);
  const float = { reciprocals: [], rounding: 'halfEven', overflow: 'saturate', accumulatorBits: 0 } as const;
  // The input keeps its own format: the shift of the reciprocal converts to the output's.
  const lowered = (input: number, shape: number[]) => {
    const codes =
      from === null || format === null
        ? float
        : averageCodes(context, node, input, window, countIncludePad, shape);
    const draft = { op: 'averagePool', window, countIncludePad, ...codes, inputs: [input] } as const;
    return builder.emit(node, draft, { name: poolName(context, value), shape, format });
  };
  spatial(context, node, from, lowered);
}

/** The name of the 4-D tensor that pooling writes: the value's own where the value has four axes. */
function poolName(context: Context, value: string): string {
  return context.type(value).shape.length === 4 ? value : `${value}@2d`;
}

function averageCodes(
  context: Context,
  node: Node,
  input: number,
  window: Window,
  countIncludePad: boolean,
  shape: number[],
) {
  const { builder } = context;
  const format = context.format(node.outputs[0])!;
  const from = builder.tensors[input].format!;
  requirePowerOfTwo(from, node.inputs[0]);
  requirePowerOfTwo(format, node.outputs[0]);
  const difference = at(from.fractionBits, 0) - at(format.fractionBits, 0);
  const counts = windowCounts(window, builder.tensors[input].shape, shape, countIncludePad);
  const reciprocals = counts.map((count) => {
    const { multiplier, exponent } = reciprocal(count);
    return { count, multiplier, shift: exponent + difference };
  });
  const { low, high } = codeRange(from);
  const bits = reciprocals.map(({ count, multiplier }) => {
    const largest = Math.max(-low, high) * count * multiplier;
    return bitsFor({ low: -largest, high: largest });
  });
  const { rounding, overflow } = context.arithmetic(node);
  return { reciprocals, rounding, overflow, accumulatorBits: Math.max(...bits) };
}

/** 1 / count as multiplier * 2^-exponent with a 16-bit multiplier, reduced to lowest terms: exact for powers of two. */
function reciprocal(count: number): { multiplier: number; exponent: number } {
  let exponent = 15 + Math.ceil(Math.log2(count));
  let multiplier = roundReal(2 ** exponent / count, 'halfEven');
  for (; multiplier % 2 === 0; multiplier /= 2) exponent--;
  return { multiplier, exponent };
}

/** The numbers of elements that windows average over, ascending: fewer at the border where padding does not count. */
export function windowCounts(
  window: Window,
  input: readonly number[],
  output: readonly number[],
  countIncludePad: boolean,
): number[] {
  const axis = (spatialAxis: 0 | 1) => {
    const { kernel, strides, pads, dilations } = window;
    const size = input[spatialAxis + 1];
    const counts = new Set<number>();
    for (let position = 0; position < output[spatialAxis + 1]; position++) {
      const start = position * strides[spatialAxis] - pads[spatialAxis];
      let count = 0;
      for (let tap = 0; tap < kernel[spatialAxis]; tap++) {
        const index = start + tap * dilations[spatialAxis];
        const low = countIncludePad ? -pads[spatialAxis] : 0;
        const high = countIncludePad ? size + pads[spatialAxis + 2] : size;
        if (index >= low && index < high) count++;
      }
      counts.add(count);
    }
    return counts;
  };
  const products = [...axis(0)].flatMap((height) => [...axis(1)].map((width) => height * width));
  return [...new Set(products)].filter((count) => count > 0).sort((a, b) => a - b);
}

export function lowerSoftmax(context: Context, node: Node, axis: number): void {
  const [value] = node.outputs;
  const input = context.read(node.inputs[0], null);
  const { shape } = context.builder.tensors[input.tensor];
  const draft = { op: 'softmax', axis: input.order.indexOf(axis), inputs: [input.tensor] } as const;
  const tensor = context.builder.emit(node, draft, { name: value, shape, format: null });
  context.define(value, { tensor, order: input.order }, node.inputs);
}

export function lowerLocalResponseNormalization(
  context: Context,
  node: Node,
  parameters: { size: number; alpha: number; beta: number; bias: number },
): void {
  const [value] = node.outputs;
  const order = channelsLastOrder(context.type(value).shape.length);
  const input = context.read(node.inputs[0], null, order);
  const { shape } = context.builder.tensors[input.tensor];
  const draft = { op: 'localResponseNormalization', ...parameters, inputs: [input.tensor] } as const;
  const tensor = context.builder.emit(node, draft, { name: value, shape, format: null });
  context.define(value, { tensor, order }, node.inputs);
}
