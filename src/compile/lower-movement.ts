/** Data movement: the elements stay what they are. The output has the format of what it is made from. */
import { at, codeRange, type Format, stepSize } from '../formats/format.js';
import { roundReal } from '../formats/rounding.js';
import type { Node } from '../graph/graph.js';
import { inOrder, plainOrder } from './axis-order.js';
import type { Context } from './context.js';
import { type Interval, union } from './ranges.js';

export function lowerConcat(context: Context, node: Node, axis: number): void {
  const { builder } = context;
  const [value] = node.outputs;
  const format = context.format(value);
  const { order } = context.read(node.inputs[0], format);
  const inputs = node.inputs.map((name) => context.read(name, format, order).tensor);
  const range =
    format === null ? undefined : inputs.map((tensor): Interval => builder.range(tensor)).reduce(union);
  const shape = inOrder(context.type(value).shape, order);
  const draft = { op: 'concat', axis: order.indexOf(axis), inputs } as const;
  const tensor = builder.emit(node, draft, { name: value, shape, format, range });
  context.define(value, { tensor, order }, node.inputs);
}

export function lowerSlice(
  context: Context,
  node: Node,
  value: string,
  starts: readonly number[],
  steps: readonly number[],
): void {
  const { builder } = context;
  const format = context.format(value);
  const { tensor: input, order } = context.read(node.inputs[0], format);
  const shape = inOrder(context.type(value).shape, order);
  const draft = {
    op: 'slice',
    starts: inOrder(starts, order),
    steps: inOrder(steps, order),
    inputs: [input],
  } as const;
  const range = format === null ? undefined : builder.range(input);
  const tensor = builder.emit(node, draft, { name: value, shape, format, range });
  context.define(value, { tensor, order }, node.inputs);
}

export function lowerPad(
  context: Context,
  node: Node,
  before: readonly number[],
  after: readonly number[],
  value: number,
): void {
  const { builder } = context;
  const [output] = node.outputs;
  const format = context.format(output);
  const { tensor: input, order } = context.read(node.inputs[0], format);
  const filler = format === null ? Math.fround(value) : padCode(value, format);
  const range = format === null ? undefined : union(builder.range(input), { low: filler, high: filler });
  const shape = inOrder(context.type(output).shape, order);
  const draft = {
    op: 'pad',
    before: inOrder(before, order),
    after: inOrder(after, order),
    interior: [],
    value: filler,
    inputs: [input],
  } as const;
  const tensor = builder.emit(node, draft, { name: output, shape, format, range });
  context.define(output, { tensor, order }, node.inputs);
}

function padCode(value: number, format: Format): number {
  const { low, high } = codeRange(format);
  const code = roundReal(value / stepSize(format), 'halfEven') + at(format.zeroPoint, 0);
  return Math.min(Math.max(code, low), high);
}

/** A transposition only renames axes; elements move where a later instruction needs another order. */
export function lowerTranspose(context: Context, node: Node, permutation: readonly number[]): void {
  const [value] = node.outputs;
  const format = context.format(value);
  const { tensor, order } = context.read(node.inputs[0], format);
  context.define(value, { tensor, order: order.map((axis) => permutation.indexOf(axis)) }, node.inputs);
}

export function lowerReshape(context: Context, node: Node): void {
  const [value] = node.outputs;
  const format = context.format(value);
  const { shape } = context.type(value);
  const input = context.read(node.inputs[0], format, plainOrder(context.type(node.inputs[0]).shape.length));
  const tensor = context.builder.reshape(input.tensor, shape, value);
  context.define(value, { tensor, order: plainOrder(shape.length) }, node.inputs);
}

/** Hands on the input; or quantises it, where it is float32 and the output has a format. */
export function lowerAlias(context: Context, node: Node): void {
  const [value] = node.outputs;
  const format = context.format(value);
  const isReal = format !== null && context.format(node.inputs[0]) === null;
  const stored = isReal ? context.quantize(node, format) : context.read(node.inputs[0], format);
  context.define(value, stored, node.inputs);
}
