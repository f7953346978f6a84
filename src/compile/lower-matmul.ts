/** The product of two matrices of which neither is prepared as weights. */
import { at, type Format } from '../formats/format.js';
import type { Node } from '../graph/graph.js';
import type { Arithmetic } from '../program/instructions.js';
import { plainOrder } from './axis-order.js';
import type { Context } from './context.js';
import { bitsFor, type Interval } from './ranges.js';
import { createScaling } from './scaling.js';

export function lowerMatmul(context: Context, node: Node): void {
  const { builder } = context;
  const [value] = node.outputs;
  const format = context.format(value);
  const { shape } = context.type(value);
  const [a, b] = node.inputs.map((name, operand) => {
    const own = context.type(name).shape;
    const { tensor } = context.read(name, operandFormat(context, node, name, format), plainOrder(own.length));
    if (own.length !== 1) return tensor;
    return builder.reshape(tensor, operand === 0 ? [1, own[0]] : [own[0], 1], name);
  });
  const [left, right] = [a, b].map((tensor) => builder.tensors[tensor]);
  const batch = shape.slice(0, shape.length - operandAxes(context, node));
  const target = [...batch, left.shape[left.shape.length - 2], right.shape[right.shape.length - 1]];
  const draft = { op: 'matmul', inputs: [a, b] } as const;
  const output = { name: value, shape: target, format };
  const tensor = builder.emit(
    node,
    { ...draft, arithmetic: arithmeticOf(context, node, format, a, b) },
    output,
  );
  const stored = { tensor: builder.reshape(tensor, shape, value), order: plainOrder(shape.length) };
  context.define(value, stored, node.inputs);
}

/** The way from products to codes of `format`; null for float32. */
function arithmeticOf(
  context: Context,
  node: Node,
  format: Format | null,
  a: number,
  b: number,
): Arithmetic | null {
  const [left, right] = [a, b].map((tensor) => context.builder.tensors[tensor]);
  if (format === null || left.format === null || right.format === null) return null;
  const { accumulator, scaling, rounding, overflow } = context.arithmetic(node);
  const depth = left.shape[left.shape.length - 1];
  const provedBits = bitsFor(sumRange(centredRange(context, a), centredRange(context, b), depth));
  const ratio = { operands: [left.format, right.format], result: format };
  const own = context.scaling(node) ?? createScaling(scaling, rounding, ratio, node.name);
  const requantize = { ...own, overflow };
  return { accumulator: { ...accumulator, provedBits }, requantize };
}

/** How many of the output's axes are rows or columns of a matrix. */
function operandAxes(context: Context, node: Node): number {
  return node.inputs.filter((name) => context.type(name).shape.length > 1).length;
}

function operandFormat(context: Context, node: Node, name: string, format: Format | null): Format | null {
  if (format === null) return null;
  const constant = context.constant(name);
  return constant === undefined
    ? (context.format(name) ?? format)
    : context.constantFormat(name, node, constant.shape);
}

/** Codes of a tensor above its zero point. */
function centredRange({ builder }: Context, tensor: number): Interval {
  const { low, high } = builder.range(tensor);
  const zero = at(builder.tensors[tensor].format!.zeroPoint, 0);
  return { low: low - zero, high: high - zero };
}

/** Interval of every partial sum of `depth` products. */
function sumRange(a: Interval, b: Interval, depth: number): Interval {
  const products = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high];
  return { low: depth * Math.min(0, ...products), high: depth * Math.max(0, ...products) };
}
