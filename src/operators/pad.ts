/** Pad: elements added around a tensor, of one value or repeated, or removed where an amount is negative. */
import { floatAttribute, stringAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import type { Tensor } from '../graph/tensor.js';
import {
  constantInput,
  constantsOf,
  integers,
  nodeError,
  normalizeAxes,
  outputType,
  required,
  requiredIntegers,
  scalar,
  shapeText,
  typeOf,
} from './check.js';
import { rejectLongAxes } from './expand.js';
import type { ConstantInput, Operator } from './operator.js';
import { allocate } from './storage.js';
import { copyElements, rowMajor } from './strided.js';

/** Amounts per axis of the input. */
export function padAmounts(node: Node, rank: number, constant: ConstantInput) {
  const amounts = requiredIntegers(node, constant, 1, 'pads');
  const given = integers(node, constant, 3);
  const axes = given ? normalizeAxes(node, given, rank) : Array.from({ length: rank }, (_, axis) => axis);
  if (amounts.length !== 2 * axes.length)
    throw nodeError(node, 'the pads do not fit', `${2 * axes.length} of them`, shapeText(amounts));
  const before = Array.from({ length: rank }, () => 0);
  const after = [...before];
  axes.forEach((axis, i) => {
    before[axis] = amounts[i];
    after[axis] = amounts[i + axes.length];
  });
  return { before, after };
}

function modeOf(node: Node): string {
  return stringAttribute(node, 'mode', 'constant');
}

const modulo = (index: number, size: number) => ((index % size) + size) % size;

/** Modes that repeat elements: the one at an index, which may lie outside. */
const repetitions: Readonly<Record<string, (index: number, size: number) => number>> = {
  edge: (index, size) => Math.min(Math.max(index, 0), size - 1),
  wrap: modulo,
  reflect(index, size) {
    const turned = modulo(index, Math.max(1, 2 * size - 2));
    return Math.min(turned, 2 * size - 2 - turned);
  },
};

export const pad: Operator = {
  name: 'Pad',
  since: 2,
  infer(node, inputs, constant) {
    const { type, shape } = required(node, inputs, 0);
    const { before, after } = padAmounts(node, shape.length, constant);
    return [
      outputType(
        node,
        type,
        shape.map((size, axis) => size + before[axis] + after[axis]),
      ),
    ];
  },
  fold(node, inputs, [{ type, shape }]) {
    if (modeOf(node) !== 'constant')
      throw nodeError(node, 'cannot be computed', 'mode constant', modeOf(node));
    const x = required(node, inputs, 0);
    const { before } = padAmounts(node, shape.length, (index) => inputs[index]);
    const data = allocate(node, type, shape);
    const value = constantInput(node, (index) => inputs[index], 2);
    if (value !== undefined || type === 'float32' || type === 'float64')
      (data as unknown[]).fill(value === undefined ? floatAttribute(node, 'value', 0) : value.data[0]);
    copyInside(x, before, { type, shape, data });
    return [{ type, shape, data }];
  },
  reject(node, graph) {
    const isRepeated = Object.hasOwn(repetitions, modeOf(node));
    if (modeOf(node) !== 'constant' && !isRepeated) return `unknown mode ${modeOf(node)}`;
    const { before, after } = padAmounts(
      node,
      typeOf(graph, node.inputs[0]).shape.length,
      constantsOf(graph, node),
    );
    if ([...before, ...after].some((amount) => amount < 0)) return 'a negative amount of padding';
    if (isRepeated) return rejectLongAxes(node, graph);
    return !node.inputs[2] || graph.constants.has(node.inputs[2])
      ? undefined
      : 'the padding value is computed';
  },
  lower(node, lowering) {
    const constant = constantsOf(lowering.graph, node);
    const { before, after } = padAmounts(node, lowering.type(node.inputs[0]).shape.length, constant);
    const repeat = repetitions[modeOf(node)];
    if (repeat !== undefined) {
      const { shape } = lowering.type(node.inputs[0]);
      const indices = shape.map((size, axis) =>
        Array.from({ length: before[axis] + size + after[axis] }, (_, i) => repeat(i - before[axis], size)),
      );
      lowering.gather(
        node,
        indices.map((list, axis) => (before[axis] === 0 && after[axis] === 0 ? null : list)),
      );
      return;
    }
    lowering.pad(node, before, after, scalar(node, constant, 2) ?? floatAttribute(node, 'value', 0));
  },
};

/** Copies the part of a tensor that lies inside the result when it is placed at `before`. */
function copyInside(x: Tensor, before: readonly number[], result: Tensor): void {
  const read = rowMajor(x.shape);
  const write = rowMajor(result.shape);
  const first = before.map((amount) => Math.max(0, -amount));
  const extent = x.shape.map((size, axis) =>
    Math.max(0, Math.min(size, result.shape[axis] - before[axis]) - first[axis]),
  );
  const dot = (strides: number[], index: number[]) =>
    strides.reduce((sum, stride, i) => sum + stride * index[i], 0);
  copyElements(
    extent,
    { data: x.data, offset: dot(read, first), strides: read },
    {
      data: result.data,
      offset: dot(
        write,
        before.map((amount) => Math.max(0, amount)),
      ),
      strides: write,
    },
  );
}
