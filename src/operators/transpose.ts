/** Transpose: another order of the axes. */
import { intsAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import { nodeError, outputType, required, shapeText } from './check.js';
import type { Operator } from './operator.js';
import { permute } from './strided.js';

function permutationOf(node: Node, rank: number): readonly number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  const permutation = intsAttribute(node, 'perm') ?? axes.toReversed();
  if ([...permutation].sort((a, b) => a - b).join() !== axes.join())
    throw nodeError(node, 'perm is not a permutation', `of ${shapeText(axes)}`, shapeText(permutation));
  return permutation;
}

export const transpose: Operator = {
  name: 'Transpose',
  since: 1,
  infer(node, inputs) {
    const { type, shape } = required(node, inputs, 0);
    return [
      outputType(
        node,
        type,
        permutationOf(node, shape.length).map((axis) => shape[axis]),
      ),
    ];
  },
  fold(node, inputs) {
    const x = required(node, inputs, 0);
    return [permute(node, x, permutationOf(node, x.shape.length))];
  },
  lower(node, lowering) {
    lowering.transpose(node, permutationOf(node, lowering.type(node.inputs[0]).shape.length));
  },
};
