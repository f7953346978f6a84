/** Expand and Tile: repetition; Where: choice on constants. */
import type { Graph, Node } from '../graph/graph.js';
import {
  describe,
  nodeError,
  outputType,
  required,
  requiredIntegers,
  requireOneType,
  shapeText,
  typeOf,
} from './check.js';
import type { Lowering } from './lowering.js';
import type { Operator } from './operator.js';
import { allocate } from './storage.js';
import { broadcast, broadcastShapes, gatherElements, rowMajor } from './strided.js';

export const expand: Operator = {
  name: 'Expand',
  since: 8,
  infer(node, inputs, constant) {
    const { type, shape } = required(node, inputs, 0);
    return [outputType(node, type, broadcastShapes(node, [shape, requiredIntegers(node, constant, 1)]))];
  },
  fold: (node, inputs, [{ shape }]) => [broadcast(node, required(node, inputs, 0), shape)],
  reject: rejectLongAxes,
  lower: lowerRepetition,
};

/** Most elements along an axis that are listed one by one. */
export const MOST_LISTED = 2 ** 20;

/** A repetition lists the elements of the axes that it makes longer: says where they are too many. */
export function rejectLongAxes(node: Node, graph: Graph): string | undefined {
  const from = typeOf(graph, node.inputs[0]).shape;
  const to = typeOf(graph, node.outputs[0]).shape;
  const period = (axis: number) => from[axis - to.length + from.length] ?? 1;
  const long = to.find((size, axis) => size > MOST_LISTED && size !== period(axis));
  return long === undefined ? undefined : `an axis of ${long} repeated elements`;
}

/** Every axis of the input, lifted to the rank of the output, as often as it fits the output's. */
function lowerRepetition(node: Node, lowering: Lowering): void {
  const from = lowering.type(node.inputs[0]).shape;
  const to = lowering.type(node.outputs[0]).shape;
  const lead = to.length - from.length;
  lowering.gather(
    node,
    to.map((size, axis) => {
      const period = from[axis - lead] ?? 1;
      return size === period ? null : Array.from({ length: size }, (_, index) => index % period);
    }),
  );
}

export const tile: Operator = {
  name: 'Tile',
  since: 6,
  infer(node, inputs, constant) {
    const { type, shape } = required(node, inputs, 0);
    const repeats = requiredIntegers(node, constant, 1);
    if (repeats.length !== shape.length)
      throw nodeError(node, 'the repeats do not fit', `${shape.length} of them`, shapeText(repeats));
    return [
      outputType(
        node,
        type,
        shape.map((size, axis) => size * repeats[axis]),
      ),
    ];
  },
  fold(node, inputs, [{ shape }]) {
    const x = required(node, inputs, 0);
    const strides = rowMajor(x.shape);
    // Each axis as a pair: how often it repeats, and its elements.
    const pairs = x.shape.flatMap((size, axis) => [size === 0 ? 0 : shape[axis] / size, size]);
    const steps = strides.flatMap((stride) => [0, stride]);
    const { type, data } = gatherElements(node, x, pairs, { data: x.data, offset: 0, strides: steps });
    return [{ type, shape, data }];
  },
  reject: rejectLongAxes,
  lower: lowerRepetition,
};

export const where: Operator = {
  name: 'Where',
  since: 9,
  types: ['bool'],
  float: true,
  lower: (node, lowering) => lowering.select(node),
  infer(node, inputs) {
    const condition = required(node, inputs, 0);
    const { type, shape } = required(node, inputs, 1);
    requireOneType(node, inputs.slice(1, 3));
    if (condition.type !== 'bool')
      throw nodeError(node, 'the condition has the wrong type', 'bool', describe(condition));
    return [
      outputType(
        node,
        type,
        broadcastShapes(node, [condition.shape, shape, required(node, inputs, 2).shape]),
      ),
    ];
  },
  fold(node, inputs, [{ type, shape }]) {
    const [condition, yes, no] = [0, 1, 2].map((i) => broadcast(node, required(node, inputs, i), shape).data);
    const data = allocate(node, type, shape);
    for (let i = 0; i < data.length; i++) data[i] = condition[i] ? yes[i] : no[i];
    return [{ type, shape, data }];
  },
};
