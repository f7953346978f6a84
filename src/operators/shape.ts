/** Shape and Size: what exporters ask of types, not of values. */
import { intAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import { int64 } from '../graph/tensor.js';
import { elementCount } from '../shape.js';
import { required } from './check.js';
import type { Operator } from './operator.js';

function range(node: Node, rank: number): [number, number] {
  const bound = (value: number) => Math.min(Math.max(value < 0 ? value + rank : value, 0), rank);
  return [bound(intAttribute(node, 'start', 0)), bound(intAttribute(node, 'end', rank))];
}

export const shape: Operator = {
  name: 'Shape',
  since: 1,
  infer(node, inputs) {
    const [start, end] = range(node, required(node, inputs, 0).shape.length);
    return [{ type: 'int64', shape: [Math.max(0, end - start)] }];
  },
  foldTypes(node, inputs) {
    const x = required(node, inputs, 0);
    const sizes = x.shape.slice(...range(node, x.shape.length));
    return [int64([sizes.length], sizes)];
  },
};

export const size: Operator = {
  name: 'Size',
  since: 1,
  infer: () => [{ type: 'int64', shape: [] }],
  foldTypes: (node, inputs) => [int64([], [elementCount(required(node, inputs, 0).shape)])],
};
