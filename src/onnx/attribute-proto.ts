/** Attributes of nodes. */
import { ModelError } from '../errors.js';
import type { Attribute } from '../graph/graph.js';
import type { ExternalData } from './external-data.js';
import { onnx } from './onnx.proto.js';
import { decodeMessage, decodeText, encodeText, toInteger64, toNumber } from './protobuf.js';
import { decodeTensor, encodeTensor } from './tensor-proto.js';

const { AttributeType } = onnx.AttributeProto;

/** The fields that say what an attribute of a pre-2017 file, which names no type, holds. */
const typesByField = {
  f: AttributeType.FLOAT,
  i: AttributeType.INT,
  s: AttributeType.STRING,
  t: AttributeType.TENSOR,
  g: AttributeType.GRAPH,
  floats: AttributeType.FLOATS,
  ints: AttributeType.INTS,
  strings: AttributeType.STRINGS,
  tensors: AttributeType.TENSORS,
  graphs: AttributeType.GRAPHS,
};

/**
 * The value of an attribute. Integers beyond 2^53 are rounded to the nearest double (see `toInteger64` for what is
 * written back); graphs, types, sparse tensors and references are kept as bytes. Throws a ModelError.
 */
export function decodeAttribute(proto: onnx.AttributeProto, node: string, external: ExternalData): Attribute {
  const where = `${node}: attribute ${JSON.stringify(proto.name)}`;
  const type = proto.type || typeByField(proto);
  if (!(type in AttributeType) || type === AttributeType.UNDEFINED)
    throw new ModelError({ where, what: 'has an unknown type', expected: 'a type of ONNX', got: `${type}` });
  if (proto.refAttrName) return opaque(proto, type);
  switch (type) {
    case AttributeType.FLOAT:
      return { kind: 'float', value: proto.f };
    case AttributeType.INT:
      return { kind: 'int', value: toNumber(proto.i) };
    case AttributeType.STRING:
      return { kind: 'string', value: decodeText(proto.s, where) };
    case AttributeType.TENSOR:
      return { kind: 'tensor', value: decodeTensor(proto.t ?? {}, where, external) };
    case AttributeType.FLOATS:
      return { kind: 'floats', value: [...proto.floats] };
    case AttributeType.INTS:
      return { kind: 'ints', value: proto.ints.map(toNumber) };
    case AttributeType.STRINGS:
      return { kind: 'strings', value: proto.strings.map((text) => decodeText(text, where)) };
    case AttributeType.TENSORS:
      return { kind: 'tensors', value: proto.tensors.map((tensor) => decodeTensor(tensor, where, external)) };
    default:
      return opaque(proto, type);
  }
}

export function encodeAttribute(name: string, attribute: Attribute): onnx.IAttributeProto {
  switch (attribute.kind) {
    case 'float':
      return { name, type: AttributeType.FLOAT, f: attribute.value };
    case 'int':
      return { name, type: AttributeType.INT, i: toInteger64(attribute.value) };
    case 'string':
      return { name, type: AttributeType.STRING, s: encodeText(attribute.value) };
    case 'tensor':
      return { name, type: AttributeType.TENSOR, t: encodeTensor(attribute.value) };
    case 'floats':
      return { name, type: AttributeType.FLOATS, floats: [...attribute.value] };
    case 'ints':
      return { name, type: AttributeType.INTS, ints: attribute.value.map(toInteger64) };
    case 'strings':
      return { name, type: AttributeType.STRINGS, strings: attribute.value.map(encodeText) };
    case 'tensors':
      return { name, type: AttributeType.TENSORS, tensors: attribute.value.map(encodeTensor) };
    case 'opaque':
      return decodeMessage(onnx.AttributeProto, attribute.value, `attribute ${JSON.stringify(name)}`);
  }
}

function typeByField(proto: onnx.AttributeProto): number {
  for (const [field, type] of Object.entries(typesByField)) {
    const value = Object.hasOwn(proto, field) ? proto[field as keyof typeof typesByField] : undefined;
    if (value !== undefined && !(Array.isArray(value) && value.length === 0)) return type;
  }
  return AttributeType.UNDEFINED;
}

function opaque(proto: onnx.AttributeProto, protoType: number): Attribute {
  return { kind: 'opaque', protoType, value: onnx.AttributeProto.encode(proto).finish() };
}
