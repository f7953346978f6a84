/** Reshape, Flatten, Squeeze and Unsqueeze: other shapes for the same elements. */
import { intAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import type { TensorType } from '../graph/tensor.js';
import { elementCount } from '../shape.js';
import {
  integers,
  nodeError,
  normalizeAxes,
  normalizeAxis,
  outputType,
  required,
  requiredIntegers,
  shapeText,
} from './check.js';
import type { ConstantInput, Operator } from './operator.js';

/** An operator that changes only the shape, given how it computes that. */
function reshaping(
  name: string,
  since: number,
  shapeOf: (node: Node, shape: readonly number[], constant: ConstantInput) => number[],
): Operator {
  return {
    name,
    since,
    infer(node, inputs, constant): TensorType[] {
      const { type, shape } = required(node, inputs, 0);
      return [outputType(node, type, shapeOf(node, shape, constant))];
    },
    fold(node, inputs, [{ shape }]) {
      return [{ ...required(node, inputs, 0), shape }];
    },
    lower(node, lowering) {
      lowering.reshape(node);
    },
  };
}

export const reshape = reshaping('Reshape', 5, (node, from, constant) => {
  const wanted = requiredIntegers(node, constant, 1);
  const allowZero = intAttribute(node, 'allowzero', 0) !== 0;
  const count = elementCount(from);
  const fail = () => nodeError(node, 'the shape does not fit', `${count} elements`, shapeText(wanted));
  const shape = wanted.map((size, axis) => {
    if (size !== 0 || allowZero) return size;
    if (axis >= from.length) throw fail();
    return from[axis];
  });
  const free = shape.indexOf(-1);
  if (free >= 0) {
    if (allowZero && wanted.includes(0)) throw fail();
    const rest = elementCount(shape.toSpliced(free, 1));
    shape[free] = rest === 0 ? 0 : count / rest;
  }
  if (shape.some((size) => size < 0 || !Number.isInteger(size)) || elementCount(shape) !== count)
    throw fail();
  return shape;
});

export const flatten = reshaping('Flatten', 1, (node, from) => {
  const axis = intAttribute(node, 'axis', 1);
  const split = axis === from.length ? axis : normalizeAxis(node, axis, from.length);
  return [elementCount(from.slice(0, split)), elementCount(from.slice(split))];
});

export const squeeze = reshaping('Squeeze', 1, (node, from, constant) => {
  const given = integers(node, constant, 1, 'axes');
  if (given === undefined) return from.filter((size) => size !== 1);
  const axes = normalizeAxes(node, given, from.length);
  for (const axis of axes)
    if (from[axis] !== 1) throw nodeError(node, `axis ${axis} cannot be removed`, 'size 1', `${from[axis]}`);
  return from.filter((_, axis) => !axes.includes(axis));
});

export const unsqueeze = reshaping('Unsqueeze', 1, (node, from, constant) => {
  const given = requiredIntegers(node, constant, 1, 'axes');
  const axes = normalizeAxes(node, given, from.length + given.length);
  const rest = [...from];
  return Array.from({ length: from.length + axes.length }, (_, axis) =>
    axes.includes(axis) ? 1 : rest.shift()!,
  );
});
