/** Constant, ConstantOfShape and Range: tensors out of nothing. */
import {
  floatAttribute,
  floatsAttribute,
  intAttribute,
  intsAttribute,
  stringAttribute,
  tensorAttribute,
} from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import { float32, int64, type Tensor } from '../graph/tensor.js';
import { describe, nodeError, outputType, required, requiredIntegers, requireOneType } from './check.js';
import type { Operator } from './operator.js';
import { allocate, fromIntegers, integersOf, integerWidth, isFloat, toFloats } from './storage.js';

/** The tensor that a Constant node holds in one of its attributes. */
function constantValue(node: Node): Tensor {
  const { attributes } = node;
  const tensor = tensorAttribute(node, 'value');
  if (tensor !== undefined) return tensor;
  if (attributes.value_float) return float32([], [floatAttribute(node, 'value_float', 0)]);
  if (attributes.value_int) return int64([], [intAttribute(node, 'value_int', 0)]);
  if (attributes.value_string)
    return { type: 'string', shape: [], data: [stringAttribute(node, 'value_string', '')] };
  const floats = floatsAttribute(node, 'value_floats');
  if (floats !== undefined) return float32([floats.length], floats);
  const ints = intsAttribute(node, 'value_ints');
  if (ints !== undefined) return int64([ints.length], ints);
  const names = Object.keys(attributes).join(', ') || 'none';
  throw nodeError(node, 'no supported attribute holds the constant', 'value', names);
}

export const constant: Operator = {
  name: 'Constant',
  since: 1,
  infer(node) {
    const { type, shape } = constantValue(node);
    return [outputType(node, type, shape)];
  },
  fold: (node) => [constantValue(node)],
};

function fillValue(node: Node): Tensor {
  const value = tensorAttribute(node, 'value') ?? float32([1], [0]);
  if (value.data.length === 1) return value;
  throw nodeError(node, 'attribute "value" is not one number', 'a tensor of one element', describe(value));
}

export const constantOfShape: Operator = {
  name: 'ConstantOfShape',
  since: 9,
  infer(node, _inputs, constantInput) {
    return [outputType(node, fillValue(node).type, requiredIntegers(node, constantInput, 0))];
  },
  fold(node, _inputs, [{ type, shape }]) {
    const data = allocate(node, type, shape);
    (data as unknown[]).fill(fillValue(node).data[0]);
    return [{ type, shape, data }];
  },
};

/** Number of elements from start to limit, the limit left out. */
function rangeLength(node: Node, [start, limit, delta]: readonly Tensor[]): number {
  if ([start, limit, delta].some(({ data }) => data.length !== 1))
    throw nodeError(node, 'an input is not one number', 'scalars');
  if (Number(delta.data[0]) === 0) throw nodeError(node, 'the step is 0', 'another step');
  if (integerWidth(start.type) === undefined) {
    const [first, end, step] = [start, limit, delta].map((tensor) => toFloats(node, tensor)[0]);
    return Math.max(0, Math.ceil((end - first) / step));
  }
  const [first, end, step] = [start, limit, delta].map((tensor) => integersOf(node, tensor)(0));
  const away = step > 0n ? end - first + step - 1n : first - end - step - 1n;
  return Math.max(0, Number(away / (step > 0n ? step : -step)));
}

export const range: Operator = {
  name: 'Range',
  since: 11,
  infer(node, inputs, constantInput) {
    const { type } = required(node, inputs, 0);
    requireOneType(node, inputs);
    const bounds = [0, 1, 2].map((index) => constantInput(index));
    if (bounds.some((bound) => bound === undefined))
      throw nodeError(node, 'an input is computed', 'constants');
    return [outputType(node, type, [rangeLength(node, bounds as Tensor[])])];
  },
  fold(node, inputs, [{ type, shape }]) {
    const [start, , delta] = inputs as readonly Tensor[];
    if (!isFloat(type)) {
      const [first, step] = [start, delta].map((tensor) => integersOf(node, tensor)(0));
      return [fromIntegers(node, type, shape, (i) => first + BigInt(i) * step)];
    }
    const [first, step] = [start, delta].map((tensor) => toFloats(node, tensor)[0]);
    const data = allocate(node, type, shape) as Float32Array;
    for (let i = 0; i < data.length; i++) data[i] = first + i * step;
    return [{ type, shape, data }];
  },
};
