/** GlobalAveragePool, GlobalMaxPool and GlobalLpPool: one value per channel. */
import { intAttribute } from '../graph/attributes.js';
import type { Graph, Node } from '../graph/graph.js';
import type { TensorType } from '../graph/tensor.js';
import type { Window } from '../program/instructions.js';
import { describe, nodeError, outputType, required, typeOf } from './check.js';
import type { Operator } from './operator.js';

function infer(node: Node, inputs: readonly (TensorType | undefined)[]): TensorType[] {
  const x = required(node, inputs, 0);
  if (x.shape.length < 3) throw nodeError(node, 'the input has no spatial axis', '[N, C, ...]', describe(x));
  return [
    outputType(
      node,
      x.type,
      x.shape.map((size, axis) => (axis < 2 ? size : 1)),
    ),
  ];
}

function reject(node: Node, graph: Graph): string | undefined {
  return typeOf(graph, node.inputs[0]).shape.length > 4 ? 'more than two spatial axes' : undefined;
}

/** The window that covers all of an input [N, C, L] or [N, C, H, W]. */
export function wholeWindow(shape: readonly number[]): Window {
  const kernel = [1, ...shape.slice(2)].slice(-2) as [number, number];
  return { kernel, strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] };
}

export const globalAveragePool: Operator = {
  name: 'GlobalAveragePool',
  since: 1,
  infer,
  reject,
  lower(node, lowering) {
    lowering.averagePool(node, wholeWindow(lowering.type(node.inputs[0]).shape), false);
  },
};

export const globalMaxPool: Operator = {
  name: 'GlobalMaxPool',
  since: 1,
  infer,
  reject,
  lower(node, lowering) {
    lowering.maxPool(node, wholeWindow(lowering.type(node.inputs[0]).shape));
  },
};

export const globalLpPool: Operator = {
  name: 'GlobalLpPool',
  since: 2,
  float: true,
  infer,
  reject,
  lower(node, lowering) {
    const { shape } = lowering.type(node.inputs[0]);
    lowering.lpPool(node, wholeWindow(shape), intAttribute(node, 'p', 2));
  },
};
