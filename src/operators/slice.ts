/** Slice and Split: parts of a tensor. */
import { intAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import {
  constantsOf,
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
import { gatherElements, rowMajor } from './strided.js';

/** Per axis of the input: the first element, the step to the next, and how many. */
interface Parts {
  readonly starts: number[];
  readonly steps: number[];
  readonly sizes: number[];
}

const clampTo = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);

function sliceParts(node: Node, shape: readonly number[], constant: ConstantInput): Parts {
  const from = requiredIntegers(node, constant, 1, 'starts');
  const to = requiredIntegers(node, constant, 2, 'ends');
  const given = integers(node, constant, 3, 'axes');
  const axes = normalizeAxes(node, given ?? from.map((_, i) => i), shape.length);
  const by = integers(node, constant, 4) ?? from.map(() => 1);
  if (to.length !== from.length || axes.length !== from.length || by.length !== from.length)
    throw nodeError(node, 'starts, ends, axes and steps have different lengths', `${from.length}`);
  const parts = { starts: shape.map(() => 0), steps: shape.map(() => 1), sizes: [...shape] };
  axes.forEach((axis, i) => {
    const size = shape[axis];
    const step = by[i];
    if (step === 0) throw nodeError(node, 'a step is 0', 'another step');
    const low = step > 0 ? 0 : -1;
    const high = step > 0 ? size : size - 1;
    const start = clampTo(from[i] < 0 ? from[i] + size : from[i], 0, Math.max(0, high));
    const end = clampTo(to[i] < 0 ? to[i] + size : to[i], low, high);
    parts.starts[axis] = start;
    parts.steps[axis] = step;
    parts.sizes[axis] = size === 0 ? 0 : Math.max(0, Math.ceil((end - start) / step));
  });
  return parts;
}

export const slice: Operator = {
  name: 'Slice',
  since: 1,
  infer(node, inputs, constant) {
    const { type, shape } = required(node, inputs, 0);
    return [outputType(node, type, sliceParts(node, shape, constant).sizes)];
  },
  fold(node, inputs, [{ shape }]) {
    const x = required(node, inputs, 0);
    const { starts, steps } = sliceParts(node, x.shape, (index) => inputs[index]);
    const strides = rowMajor(x.shape);
    const offset = starts.reduce((sum, start, axis) => sum + start * strides[axis], 0);
    const view = { data: x.data, offset, strides: strides.map((stride, axis) => stride * steps[axis]) };
    return [gatherElements(node, x, shape, view)];
  },
  lower(node, lowering) {
    const { shape } = lowering.type(node.inputs[0]);
    const { starts, steps } = sliceParts(node, shape, constantsOf(lowering.graph, node));
    lowering.slice(node, node.outputs[0], starts, steps);
  },
};

/** Sizes of the parts of a Split: given, or equal but for a smaller last one. */
function splitSizes(node: Node, size: number, constant: ConstantInput): readonly number[] {
  const given = integers(node, constant, 1, 'split');
  const count = node.outputs.length;
  const declared = intAttribute(node, 'num_outputs', count);
  if (declared !== count) throw nodeError(node, 'num_outputs is wrong', `${count}`, `${declared}`);
  const each = Math.ceil(size / count);
  const sizes = given ?? node.outputs.map((_, i) => (i < count - 1 ? each : size - each * (count - 1)));
  const total = sizes.reduce((sum, part) => sum + part, 0);
  if (sizes.length !== count || total !== size || sizes.some((part) => part < 0))
    throw nodeError(node, 'the parts do not fit', `${count} parts of ${size}`, shapeText(sizes));
  return sizes;
}

export const split: Operator = {
  name: 'Split',
  since: 2,
  infer(node, inputs, constant) {
    const { type, shape } = required(node, inputs, 0);
    const axis = normalizeAxis(node, intAttribute(node, 'axis', 0), shape.length);
    return splitSizes(node, shape[axis], constant).map((part) =>
      outputType(node, type, shape.with(axis, part)),
    );
  },
  fold(node, inputs, outputs) {
    const x = required(node, inputs, 0);
    const axis = normalizeAxis(node, intAttribute(node, 'axis', 0), x.shape.length);
    const strides = rowMajor(x.shape);
    let offset = 0;
    return outputs.map(({ shape }) => {
      const part = gatherElements(node, x, shape, { data: x.data, offset, strides });
      offset += shape[axis] * strides[axis];
      return part;
    });
  },
  lower(node, lowering) {
    const { shape } = lowering.type(node.inputs[0]);
    const axis = normalizeAxis(node, intAttribute(node, 'axis', 0), shape.length);
    const sizes = splitSizes(node, shape[axis], constantsOf(lowering.graph, node));
    const origin = shape.map(() => 0);
    const steps = shape.map(() => 1);
    let start = 0;
    node.outputs.forEach((output, i) => {
      if (output !== '') lowering.slice(node, output, origin.with(axis, start), steps);
      start += sizes[i];
    });
  },
};
