/** ArgMax: the index of the largest element along an axis, an integer that is computed as float32 or as a code. */
import { intAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import { normalizeAxis, outputType, rejectConstantInput, required } from './check.js';
import type { Operator } from './operator.js';

function axisOf(node: Node, rank: number): number {
  return normalizeAxis(node, intAttribute(node, 'axis', 0), rank);
}

export const argMax: Operator = {
  name: 'ArgMax',
  since: 1,
  types: ['int64'],
  infer(node, inputs) {
    const { shape } = required(node, inputs, 0);
    const axis = axisOf(node, shape.length);
    const keep = intAttribute(node, 'keepdims', 1) !== 0;
    return [outputType(node, 'int64', keep ? shape.with(axis, 1) : shape.toSpliced(axis, 1))];
  },
  reject: rejectConstantInput,
  lower(node, lowering) {
    const axis = axisOf(node, lowering.type(node.inputs[0]).shape.length);
    lowering.argMax(node, axis, intAttribute(node, 'select_last_index', 0) !== 0);
  },
};
