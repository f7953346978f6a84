/** Pooling over the spatial axes, and the float32 normalisations. */
import type { Format } from '../formats/format.js';
import type { Node } from '../graph/graph.js';
import type { Window } from '../program/instructions.js';
import { averagedCounts } from '../program/windows.js';
import { channelsLastOrder, inOrder, spatialShape } from './axis-order.js';
import type { Context } from './context.js';
import { reinterpret } from './lower-given-chains.js';
import { createScaling } from './scaling.js';

/** Rank-3 values are pooled as rank 4 with height 1. */
export function spatial(
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
  const source = builder.reshape(input, spatialShape(builder.tensors[input].shape), node.inputs[0]);
  const outputOrder = channelsLastOrder(onnxShape.length);
  const shape = inOrder(onnxShape, outputOrder);
  const pooled = shape.length === 2 ? [shape[0], 1, 1, shape[1]] : spatialShape(shape);
  const tensor = builder.reshape(emit(source, pooled), shape, value);
  context.define(value, { tensor, order: outputOrder }, node.inputs);
}

export function lowerMaxPool(context: Context, node: Node, window: Window): void {
  const [value] = node.outputs;
  const format = context.format(value);
  spatial(context, node, format, (input, shape) => {
    const range = format === null ? undefined : context.builder.range(input);
    const draft = { op: 'maxPool', window, inputs: [input] } as const;
    return context.builder.emit(node, draft, { name: value, shape, format, range });
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
  const float = { scalings: [], overflow: 'saturate' } as const;
  // The input keeps its own format: the scaling of the sum converts to that of the output.
  const lowered = (input: number, shape: number[]) => {
    const draft = { op: 'averagePool', window, countIncludePad } as const;
    if (from === null || format === null)
      return builder.emit(node, { ...draft, ...float, inputs: [input] }, { name: value, shape, format });
    const geometry = { window, countIncludePad, shape };
    const counts = averagedCounts(window, builder.tensors[input].shape, shape, countIncludePad);
    // A sum over an odd number has no ties, of which alone the zero point changes the rounding.
    const ties = counts.some((count) => count % 2 === 0);
    if (!ties || context.given(node)?.kind !== 'codeAverage') {
      const codes = averageCodes(context, node, input, format, geometry);
      return builder.emit(node, { ...draft, ...codes, inputs: [input] }, { name: value, shape, format });
    }
    const plain = { ...format, zeroPoint: 0 };
    const source = reinterpret(context, null, input, builder.derive(node.inputs[0], 'plain'), plain);
    const codes = averageCodes(context, node, source, plain, geometry);
    const output = { name: builder.derive(value, 'plain'), shape, format: plain };
    const tensor = builder.emit(null, { ...draft, ...codes, inputs: [source] }, output);
    return reinterpret(context, node, tensor, value, format);
  };
  spatial(context, node, from, lowered);
}

function averageCodes(
  context: Context,
  node: Node,
  input: number,
  format: Format,
  { window, countIncludePad, shape }: { window: Window; countIncludePad: boolean; shape: number[] },
) {
  const { builder } = context;
  const from = builder.tensors[input].format!;
  const { reciprocals, scaling, rounding, overflow } = context.arithmetic(node);
  const given = context.scaling(node);
  const counts = averagedCounts(window, builder.tensors[input].shape, shape, countIncludePad);
  const scalings = counts
    .filter((count) => count > 0)
    .map((count) => {
      const ratio = { operands: [from], result: format, divisor: count, reciprocals };
      return { count, scaling: given ?? createScaling(scaling, rounding, ratio, node.name) };
    });
  return { scalings, overflow };
}

export function lowerSoftmax(context: Context, node: Node, axis: number, beta: number): void {
  const { builder } = context;
  const [value] = node.outputs;
  const input = context.read(node.inputs[0], null);
  const { shape } = builder.tensors[input.tensor];
  let exponents = input.tensor;
  if (beta !== 1) {
    const factor = builder.constant(builder.derive(value, 'beta'), [1], null, Float32Array.of(beta));
    const product = { op: 'multiply', clamp: null, requantize: null, inputs: [exponents, factor] } as const;
    exponents = builder.emit(null, product, {
      name: builder.derive(value, 'exponents'),
      shape,
      format: null,
    });
  }
  const draft = { op: 'softmax', axis: input.order.indexOf(axis), inputs: [exponents] } as const;
  const tensor = builder.emit(node, draft, { name: value, shape, format: null });
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
