/** Gemm: alpha * A' * B' + beta * C with constant B and C. */
import { floatAttribute, intAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import { float32, type Tensor, type TensorType } from '../graph/tensor.js';
import { elementCount } from '../shape.js';
import {
  describe,
  nodeError,
  outputType,
  rejectConstantInput,
  required,
  requireOneType,
  shapeText,
  typeOf,
} from './check.js';

import type { Operator } from './operator.js';
import { broadcast, broadcastShapes, permute } from './strided.js';

function matrixShape(node: Node, operand: TensorType, transpose: string): readonly number[] {
  if (operand.shape.length !== 2)
    throw nodeError(node, 'an operand is not a matrix', '[rows, columns]', describe(operand));
  return intAttribute(node, transpose, 0) !== 0 ? operand.shape.toReversed() : operand.shape;
}

function scaled(tensor: Tensor, factor: number): Tensor {
  return factor === 1
    ? tensor
    : float32(
        tensor.shape,
        (tensor.data as Float32Array).map((value) => value * factor),
      );
}

export const gemm: Operator = {
  name: 'Gemm',
  since: 6,
  infer(node, inputs) {
    const a = required(node, inputs, 0);
    const b = required(node, inputs, 1);
    requireOneType(node, inputs);
    const [rows, depth] = matrixShape(node, a, 'transA');
    const [otherDepth, columns] = matrixShape(node, b, 'transB');
    if (depth !== otherDepth)
      throw nodeError(node, 'the matrices do not fit', `a depth of ${depth}`, `${otherDepth}`);
    const shape = [rows, columns];
    const c = inputs[2];
    if (c !== undefined && broadcastShapes(node, [c.shape, shape]).join() !== shape.join())
      throw nodeError(node, 'C does not broadcast', shapeText(shape), shapeText(c.shape));
    return [outputType(node, a.type, shape)];
  },
  reject(node, graph) {
    const [, b, c] = node.inputs;
    const reason = rejectConstantInput(node, graph);
    if (reason !== undefined) return reason;
    if (intAttribute(node, 'transA', 0) !== 0) return 'A is transposed';
    if (!graph.constants.has(b)) return 'B is computed, only a constant one is supported';
    if (!c || floatAttribute(node, 'beta', 1) === 0) return undefined;
    if (!graph.constants.has(c)) return 'C is computed, only a constant one is supported';
    const { shape } = typeOf(graph, c);
    return shape.length === 2 && shape[0] !== 1
      ? `C differs from row to row: ${shapeText(shape)}`
      : undefined;
  },
  lower(node, lowering) {
    const [, b, c] = node.inputs;
    const given = lowering.constant(b)!;
    const tensor = intAttribute(node, 'transB', 0) !== 0 ? given : permute(node, given, [1, 0]);
    const beta = floatAttribute(node, 'beta', 1);
    const weights = { name: b, tensor: scaled(tensor, floatAttribute(node, 'alpha', 1)) };
    if (!c || beta === 0) return lowering.gemm(node, weights, undefined);
    const [columns] = tensor.shape;
    const row = { ...lowering.constant(c)!, shape: [elementCount(lowering.type(c).shape)] };
    lowering.gemm(node, weights, { name: c, tensor: scaled(broadcast(node, row, [columns]), beta) });
  },
};
