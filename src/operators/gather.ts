/** Gather: slices chosen by constant indices. */
import { intAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import { numbers } from '../graph/tensor.js';
import { elementCount } from '../shape.js';
import { nodeError, normalizeAxis, outputType, required, typeOf } from './check.js';
import type { Operator } from './operator.js';
import { allocate } from './storage.js';
import { copyElements, rowMajor } from './strided.js';

function gatherAxis(node: Node, rank: number): number {
  return normalizeAxis(node, intAttribute(node, 'axis', 0), rank);
}

export const gather: Operator = {
  name: 'Gather',
  since: 1,
  infer(node, inputs) {
    const { type, shape } = required(node, inputs, 0);
    const indices = required(node, inputs, 1);
    if (indices.type !== 'int64' && indices.type !== 'int32')
      throw nodeError(node, 'the indices have the wrong type', 'int64 or int32', indices.type);
    return [outputType(node, type, shape.toSpliced(gatherAxis(node, shape.length), 1, ...indices.shape))];
  },
  fold(node, inputs, [{ type, shape }]) {
    const x = required(node, inputs, 0);
    const axis = gatherAxis(node, x.shape.length);
    const indices = numbers(required(node, inputs, 1));
    const data = allocate(node, type, shape);
    const outer = elementCount(x.shape.slice(0, axis));
    const inner = elementCount(x.shape.slice(axis + 1));
    const [read] = rowMajor([outer, x.shape[axis], inner]);
    const [write] = rowMajor([outer, indices.length, inner]);
    indices.forEach((index, i) => {
      const at = normalizeAxis(node, index, x.shape[axis]);
      copyElements(
        [outer, inner],
        { data: x.data, offset: at * inner, strides: [read, 1] },
        { data, offset: i * inner, strides: [write, 1] },
      );
    });
    return [{ type, shape, data }];
  },
  reject(node, graph) {
    const [x, indices] = node.inputs;
    if (!graph.constants.has(indices)) return 'the indices are computed, only constant ones are supported';
    const { shape } = typeOf(graph, x);
    const size = shape[gatherAxis(node, shape.length)];
    const outside = numbers(graph.constants.get(indices)!).find((index) => index < -size || index >= size);
    return outside === undefined ? undefined : `index ${outside} is outside an axis of size ${size}`;
  },
  lower(node, lowering) {
    const { shape } = lowering.type(node.inputs[0]);
    const axis = gatherAxis(node, shape.length);
    const indices = numbers(lowering.constant(node.inputs[1])!);
    const list = indices.map((index) => normalizeAxis(node, index, shape[axis]));
    lowering.gather(
      node,
      shape.map((_, other) => (other === axis ? list : null)),
    );
  },
};
