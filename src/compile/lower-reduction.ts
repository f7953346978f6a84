/** Reductions over axes, and the index of the largest element. */
import { type Format, fixed } from '../formats/format.js';
import type { Node } from '../graph/graph.js';
import type { Reduction } from '../program/instructions.js';
import { inOrder, plainOrder } from './axis-order.js';
import type { Context } from './context.js';
import { createScaling } from './scaling.js';

const { fround } = Math;

/** Indices up to here are codes of 16 bits. */
const MOST_CODES = 2 ** 15;

/** Emits what keeps the reduced axes, and drops them where the output has not got them. */
function reduced(
  context: Context,
  node: Node,
  axes: readonly number[],
  from: Format | null,
  emit: (input: number, axes: number[], shape: number[]) => number,
): void {
  const { builder } = context;
  const [value] = node.outputs;
  const input = context.read(node.inputs[0], from);
  const isReduced = input.order.map((axis) => axes.includes(axis));
  const stored = plainOrder(input.order.length).filter((axis) => isReduced[axis]);
  const shape = builder.tensors[input.tensor].shape.map((size, axis) => (isReduced[axis] ? 1 : size));
  const tensor = emit(input.tensor, stored, shape);
  const target = context.type(value).shape;
  if (target.length === shape.length) {
    context.define(value, { tensor, order: input.order }, node.inputs);
    return;
  }
  const kept = input.order.filter((axis) => !axes.includes(axis));
  const order = kept.map((axis) => axis - axes.filter((other) => other < axis).length);
  context.define(
    value,
    { tensor: builder.reshape(tensor, inOrder(target, order), value), order },
    node.inputs,
  );
}

/** A mean is a sum whose requantisation divides; of float32, a sum times fround(1 / count). */
export function lowerReduce(
  context: Context,
  node: Node,
  fn: Reduction | 'mean',
  axes: readonly number[],
): void {
  const { builder } = context;
  const [value] = node.outputs;
  const format = context.format(value);
  const isSum = fn === 'sum' || fn === 'mean';
  const from = format && isSum ? (context.format(node.inputs[0]) ?? format) : format;
  const { shape: whole } = context.type(node.inputs[0]);
  const count = axes.reduce((product, axis) => product * whole[axis], 1);
  reduced(context, node, axes, from, (input, stored, shape) => {
    const output = { name: value, shape, format };
    if (!isSum) {
      const range = format === null ? undefined : builder.range(input);
      const draft = { op: 'reduce', function: fn, axes: stored, requantize: null, inputs: [input] } as const;
      return builder.emit(node, draft, { ...output, range });
    }
    const sum = { op: 'reduce', function: 'sum', axes: stored, inputs: [input] } as const;
    if (format !== null && from !== null) {
      const { scaling, rounding, overflow, reciprocals } = context.arithmetic(node);
      const ratio = { operands: [from], result: format, divisor: fn === 'mean' ? count : 1, reciprocals };
      const own = context.scaling(node) ?? createScaling(scaling, rounding, ratio, node.name);
      const requantize = { ...own, overflow };
      return builder.emit(node, { ...sum, requantize }, output);
    }
    if (fn === 'sum') return builder.emit(node, { ...sum, requantize: null }, output);
    const total = builder.emit(
      null,
      { ...sum, requantize: null },
      { ...output, name: builder.derive(value, 'sum') },
    );
    const reciprocal = builder.constant(
      builder.derive(value, 'count'),
      [1],
      null,
      Float32Array.of(fround(1 / count)),
    );
    const draft = { op: 'multiply', clamp: null, requantize: null, inputs: [total, reciprocal] } as const;
    return builder.emit(node, draft, output);
  });
}

/** Codes are compared as they are; their order is that of the values. */
export function lowerArgMax(context: Context, node: Node, axis: number, last: boolean): void {
  const { builder } = context;
  const [value] = node.outputs;
  const own = context.format(node.inputs[0]);
  // Wide codes are compared as the real numbers that they stand for.
  const from = own !== null && own.bits <= 16 ? own : null;
  const isSmall = context.type(node.inputs[0]).shape[axis] <= MOST_CODES;
  const format = from !== null && isSmall ? fixed(16, 0) : null;
  reduced(context, node, [axis], from, (input, [stored], shape) => {
    const draft = { op: 'argMax', axis: stored, last, inputs: [input] } as const;
    return builder.emit(node, draft, { name: value, shape, format });
  });
}
