/** Functions of two variables and choice, which are always computed in float32. */
import type { Node } from '../graph/graph.js';
import type { BinaryFunction } from '../program/instructions.js';
import { inOrder } from './axis-order.js';
import type { Context } from './context.js';
import { operands } from './lower-elementwise.js';

export function lowerBinary(context: Context, node: Node, fn: BinaryFunction): void {
  const { inputs, order } = operands(context, node, null);
  emit(context, node, { op: 'binary', function: fn, inputs }, order);
}

export function lowerSelect(context: Context, node: Node): void {
  const { inputs, order } = operands(context, node, null);
  emit(context, node, { op: 'select', inputs }, order);
}

function emit(
  context: Context,
  node: Node,
  draft: Parameters<Context['builder']['emit']>[1],
  order: readonly number[],
): void {
  const [name] = node.outputs;
  const shape = inOrder(context.type(name).shape, order);
  const tensor = context.builder.emit(node, draft, { name, shape, format: null });
  context.define(name, { tensor, order }, node.inputs);
}
