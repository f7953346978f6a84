/** MatMul: numpy's matrix product, of two computed operands or with a constant matrix on the right. */

import type { Node } from '../graph/graph.js';
import type { TensorType } from '../graph/tensor.js';
import { describe, nodeError, outputType, required, requireOneType } from './check.js';
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
  lower(node, lowering) {
    const [x, name] = node.inputs;
    const constant = lowering.constant(name);
    if (lowering.constant(x) !== undefined || constant?.shape.length !== 2) return lowering.matmul(node);
    lowering.gemm(node, { name, tensor: permute(node, constant, [1, 0]) }, undefined);
  },
};
