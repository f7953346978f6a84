/** Cast: between element types on constants; between float32, integers and truth values on computed values. */
import { intAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import type { ElementType, Tensor } from '../graph/tensor.js';
import { nodeError, outputType, required, typeOf } from './check.js';
import { isHalf } from './half.js';
import type { Operator } from './operator.js';
import { allocate, fromIntegers, integersOf, integerWidth, isFloat, toFloats, truncate } from './storage.js';

/** Element types by their number in ONNX's TensorProto.DataType. */
const elementTypes: readonly (ElementType | undefined)[] = [
  undefined,
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
  'float8e8m0',
  'uint2',
  'int2',
];

/** The element type that an attribute names; undefined where it is left out or 0. */
export function elementTypeAttribute(node: Node, name: string): ElementType | undefined {
  const number = intAttribute(node, name, 0);
  const type = elementTypes[number];
  if (type === undefined && number !== 0)
    throw nodeError(node, `attribute "${name}" is not an element type`, '1 to 26', `${number}`);
  return type;
}

/** Out of range, ONNX lets 2- and 4-bit integers wrap around and leaves the others open: they saturate. */
function toWhole(value: number, type: ElementType): bigint {
  return truncate(value, integerWidth(type)!.bits < 8 ? 'int64' : type);
}

function convert(node: Node, from: Tensor, type: ElementType): Tensor {
  if (from.type === type) return from;
  const { shape } = from;
  const real = isFloat(from.type) || isHalf(from.type);
  if (!(real || integerWidth(from.type)) || !(isFloat(type) || integerWidth(type)))
    throw nodeError(node, `constants of type ${from.type} cannot be cast to ${type}`);
  if (!isFloat(type) && type !== 'bool') {
    if (!real) return fromIntegers(node, type, shape, integersOf(node, from));
    const values = toFloats(node, from);
    return fromIntegers(node, type, shape, (i) => toWhole(values[i], type));
  }
  const values = real ? toFloats(node, from) : (from.data as Int32Array);
  const data = allocate(node, type, shape) as Float32Array;
  for (let i = 0; i < data.length; i++) {
    const value = Number(values[i]);
    data[i] = type === 'bool' ? Number(value !== 0) : value;
  }
  return { type, shape, data };
}

/** Computed integers do not wrap around: says why a cast would have to; undefined where it keeps every value. */
export function rejectWrapping(from: ElementType, to: ElementType): string | undefined {
  const [source, target] = [integerWidth(from), integerWidth(to)];
  if (source === undefined || target === undefined || to === 'bool') return undefined;
  const room = target.bits - source.bits;
  const holds = source.signed === target.signed ? room >= 0 : target.signed && room > 0;
  return holds ? undefined : `from ${from} to ${to}, which does not hold all its values`;
}

export const cast: Operator = {
  name: 'Cast',
  since: 6,
  infer(node, inputs) {
    const type = elementTypeAttribute(node, 'to');
    if (type === undefined) throw nodeError(node, 'attribute "to" is missing');
    return [outputType(node, type, required(node, inputs, 0).shape)];
  },
  fold: (node, inputs, [{ type }]) => [convert(node, required(node, inputs, 0), type)],
  types: ['bool', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'],
  float: true,
  reject: (node, graph) =>
    rejectWrapping(typeOf(graph, node.inputs[0]).type, typeOf(graph, node.outputs[0]).type),
  lower(node, lowering) {
    const [from, to] = [node.inputs[0], node.outputs[0]].map((name) => lowering.type(name).type);
    if (to === 'bool' && from !== 'bool') lowering.unary(node, { name: 'isNotZero' });
    else if (from === 'float32') lowering.unary(node, { name: 'truncate' });
    else lowering.alias(node);
  },
};
