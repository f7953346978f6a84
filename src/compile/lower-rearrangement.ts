/** Elements chosen by index, and blocks of pixels that become channels or the other way round. */
import type { Node } from '../graph/graph.js';
import { plainOrder } from './axis-order.js';
import type { Context } from './context.js';

export function lowerGather(
  context: Context,
  node: Node,
  indices: readonly (readonly number[] | null)[],
): void {
  const { builder } = context;
  const [value] = node.outputs;
  const format = context.format(value);
  const input = context.read(node.inputs[0], format);
  const lead = indices.length - input.order.length;
  const order = [...plainOrder(lead), ...input.order.map((axis) => axis + lead)];
  const lifted = [...plainOrder(lead).map(() => 1), ...builder.tensors[input.tensor].shape];
  const growth = (axis: number) => indices[order[axis]]!.length / lifted[axis];
  // What shrinks comes first; of axes that grow alike the last one, so that long runs are copied often and short ones seldom.
  const axes = plainOrder(order.length)
    .filter((axis) => indices[order[axis]] !== null)
    .sort((a, b) => growth(a) - growth(b) || b - a);
  let tensor = builder.reshape(input.tensor, lifted, node.inputs[0]);
  const range = format === null ? undefined : builder.range(tensor);
  axes.forEach((axis, step) => {
    const list = indices[order[axis]]!;
    const shape = builder.tensors[tensor].shape.with(axis, list.length);
    const last = step === axes.length - 1;
    const output = { name: last ? value : builder.derive(value, `axis${order[axis]}`), shape, format, range };
    const draft = { op: 'gather', axis, indices: list, inputs: [tensor] } as const;
    tensor = builder.emit(last ? node : null, draft, output);
  });
  const { shape } = context.type(value);
  const gathered = plainOrder(order.length).map((axis) => builder.tensors[tensor].shape[order.indexOf(axis)]);
  if (shape.join() === gathered.join()) {
    context.define(value, { tensor, order }, node.inputs);
    return;
  }
  const plain = builder.reorder({ tensor, order }, plainOrder(order.length)).tensor;
  const stored = { tensor: builder.reshape(plain, shape, value), order: plainOrder(shape.length) };
  context.define(value, stored, node.inputs);
}

/** [N, C, H, W], stored channels last. */
const PIXELS = [0, 2, 3, 1];

/** Gives the input the axes `split`, permutes them, and joins them to the output's shape. */
function rearrange(
  context: Context,
  node: Node,
  split: (batch: number, height: number, width: number, channels: number) => number[],
  permutation: readonly number[],
): void {
  const { builder } = context;
  const [value] = node.outputs;
  const format = context.format(value);
  const input = context.read(node.inputs[0], format, PIXELS).tensor;
  const [batch, height, width, channels] = builder.tensors[input].shape;
  const blocks = builder.reshape(input, split(batch, height, width, channels), node.inputs[0]);
  const shape = permutation.map((axis) => builder.tensors[blocks].shape[axis]);
  const range = format === null ? undefined : builder.range(input);
  const draft = { op: 'transpose', permutation, inputs: [blocks] } as const;
  const moved = builder.emit(node, draft, { name: builder.derive(value, 'blocks'), shape, format, range });
  const onnx = context.type(value).shape;
  const pixels = PIXELS.map((axis) => onnx[axis]);
  context.define(value, { tensor: builder.reshape(moved, pixels, value), order: PIXELS }, node.inputs);
}

export function lowerDepthToSpace(context: Context, node: Node, size: number, mode: 'DCR' | 'CRD'): void {
  const depth = (channels: number) => channels / size ** 2;
  if (mode === 'DCR')
    rearrange(context, node, (n, h, w, c) => [n, h, w, size, size, depth(c)], [0, 1, 3, 2, 4, 5]);
  else rearrange(context, node, (n, h, w, c) => [n, h, w, depth(c), size, size], [0, 1, 4, 2, 5, 3]);
}

export function lowerSpaceToDepth(context: Context, node: Node, size: number): void {
  rearrange(context, node, (n, h, w, c) => [n, h / size, size, w / size, size, c], [0, 1, 3, 2, 4, 5]);
}
