/** MatMul: numpy's matrix product; lowered where the right operand is a constant matrix. */

import type { Node } from '../graph/graph.js';
import type { TensorType } from '../graph/tensor.js';
import {
  describe,
  nodeError,
  outputType,
  rejectConstantInput,
  required,
  requireOneType,
  typeOf,
} from './check.js';
import type { Operator } from './operator.js';
import { broadcastShapes, permute } from './strided.js';

/** Shape of numpy's matrix product of two operands. */
export function productShape(node: Node, a: TensorType, b: TensorType): number[] {
  if (a.shape.length === 0 || b.shape.length === 0)
    throw nodeError(node, 'an operand is a scalar', 'at least one axis');
  const left = a.shape.length === 1 ? [1, ...a.shape] : a.shape;
  const right = b.shape.length === 1 ? [...b.shape, 1] : b.shape;
  if (left.at(-1) !== right.at(-2))
    throw nodeError(node, 'the matrices do not fit', 'equal depths', `${describe(a)} and ${describe(b)}`);
  const shape = broadcastShapes(node, [left.slice(0, -2), right.slice(0, -2)]);
  if (a.shape.length > 1) shape.push(left.at(-2)!);
  if (b.shape.length > 1) shape.push(right.at(-1)!);
  return shape;
}

export const matMul: Operator = {
  name: 'MatMul',
  since: 1,
  infer(node, inputs) {
    const a = required(node, inputs, 0);
    const b = required(node, inputs, 1);
    requireOneType(node, inputs);
    return [outputType(node, a.type, productShape(node, a, b))];
  },
  reject(node, graph) {
    const weights = node.inputs[1];
    if (!graph.constants.has(weights))
      return 'the right operand is computed, only a constant one is supported';
    const rank = typeOf(graph, weights).shape.length;
    return rank === 2
      ? rejectConstantInput(node, graph)
      : `the right operand has rank ${rank}, only matrices are supported`;
  },
  lower(node, lowering) {
    const name = node.inputs[1];
    const tensor = permute(node, lowering.constant(name)!, [1, 0]);
    lowering.gemm(node, { name, tensor }, undefined);
  },
};
