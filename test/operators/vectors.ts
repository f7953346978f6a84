/** Reads the ONNX project's published operator cases with onnx-proto, which shares no code with dynafix. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import onnxProto, { type onnx as Proto } from 'onnx-proto';
import type { Attribute, Node } from '#src/graph/graph.js';
import type { ElementType, Tensor, TensorData } from '#src/graph/tensor.js';
import { elementCount } from '#src/shape.js';
import { sharedFolder } from '../shared-folder.js';

const { onnx } = onnxProto;

/** One published case: a model, its inputs and what it must give. */
export interface Case {
  readonly name: string;
  readonly opset: number;
  readonly nodes: readonly Node[];
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: ReadonlyMap<string, Tensor>;
}

/** By number in TensorProto.DataType. */
const elementTypes = (
  'undefined float32 uint8 int8 uint16 int16 int32 int64 string bool float16 float64 uint32 uint64 complex64 ' +
  'complex128 bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 float8e8m0 uint2 int2'
).split(' ') as ElementType[];

const arrays: Partial<Record<ElementType, new (buffer: ArrayBuffer) => TensorData>> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
};

const integer = (value: unknown): bigint => BigInt(String(value));

function unpack(raw: Uint8Array, count: number, bits: number, signed: boolean): TensorData {
  const perByte = 8 / bits;
  const values = Array.from({ length: count }, (_, i) => {
    const code = (raw[Math.floor(i / perByte)] >> ((i % perByte) * bits)) & (2 ** bits - 1);
    return signed && code >= 2 ** (bits - 1) ? code - 2 ** bits : code;
  });
  return signed ? Int8Array.from(values) : Uint8Array.from(values);
}

export function decodeTensor(proto: Proto.ITensorProto): Tensor {
  const type = elementTypes[proto.dataType ?? 0];
  const shape = (proto.dims ?? []).map(Number);
  const count = elementCount(shape);
  const packed = /^(u?)int([24])$/.exec(type);
  const raw = Uint8Array.from(proto.rawData ?? []);
  const words = proto.int32Data ?? [];
  const data = (): TensorData => {
    if (type === 'string') return (proto.stringData ?? []).map((bytes) => new TextDecoder().decode(bytes));
    if (packed) {
      const bytes = raw.length > 0 ? raw : Uint8Array.from(words);
      return unpack(bytes, count, Number(packed[2]), packed[1] === '');
    }
    const array = arrays[type];
    if (raw.length > 0) return array ? new array(raw.buffer) : raw;
    if (type === 'float32') return Float32Array.from(proto.floatData ?? []);
    if (type === 'float64') return Float64Array.from(proto.doubleData ?? []);
    if (type === 'int64') return BigInt64Array.from((proto.int64Data ?? []).map(integer));
    if (type === 'uint64') return BigUint64Array.from((proto.uint64Data ?? []).map(integer));
    if (type === 'uint32') return Uint32Array.from((proto.uint64Data ?? []).map(Number));
    const empty = array ? (new array(new ArrayBuffer(0)) as Int32Array) : new Uint8Array();
    return (empty.constructor as typeof Int32Array).from(words);
  };
  return { type, shape, data: data() };
}

function decodeAttribute(proto: Proto.IAttributeProto): Attribute {
  const kinds = onnx.AttributeProto.AttributeType;
  const text = (bytes: Uint8Array | null | undefined) => new TextDecoder().decode(bytes ?? new Uint8Array());
  switch (proto.type) {
    case kinds.INT:
      return { kind: 'int', value: Number(proto.i) };
    case kinds.FLOAT:
      return { kind: 'float', value: Number(proto.f) };
    case kinds.STRING:
      return { kind: 'string', value: text(proto.s) };
    case kinds.TENSOR:
      return { kind: 'tensor', value: decodeTensor(proto.t!) };
    case kinds.INTS:
      return { kind: 'ints', value: proto.ints!.map(Number) };
    case kinds.FLOATS:
      return { kind: 'floats', value: proto.floats! };
    case kinds.STRINGS:
      return { kind: 'strings', value: proto.strings!.map(text) };
    default:
      return { kind: 'opaque', protoType: proto.type ?? 0, value: new Uint8Array() };
  }
}

function decodeNode(proto: Proto.INodeProto, index: number): Node {
  const attributes = proto.attribute!.map((attribute) => [attribute.name!, decodeAttribute(attribute)]);
  return {
    name: proto.name || `node${index}`,
    operator: proto.opType!,
    domain: proto.domain ?? '',
    inputs: proto.input!,
    outputs: proto.output!,
    attributes: Object.fromEntries(attributes),
  };
}

/** Reads a serialised TensorProto, such as `input_0.pb`. */
export function readTensorFile(path: string): { name: string; tensor: Tensor } {
  const proto = onnx.TensorProto.decode(readFileSync(path));
  return { name: proto.name ?? '', tensor: decodeTensor(proto) };
}

/**
 * The model and one of its data sets, `data` being a folder of `input_K.pb` and `output_K.pb`; undefined where an input
 * or output of the model is not a tensor. Without `data` only the model's initializers are known.
 */
export function readModelCase(name: string, modelPath: string, data: string | undefined): Case | undefined {
  const bytes = readFileSync(modelPath);
  const model = onnx.ModelProto.decode(modelPath.endsWith('.gz') ? gunzipSync(bytes) : bytes);
  const graph = model.graph!;
  const ports = [...graph.input!, ...graph.output!];
  if (!ports.every((port) => port.type?.tensorType)) return undefined;
  const initializers = graph.initializer!.map((proto): [string, Tensor] => [
    proto.name!,
    decodeTensor(proto),
  ]);
  const initialized = new Set(initializers.map(([initializer]) => initializer));
  const inputs = graph.input!.map((port) => port.name!);
  const free = inputs.filter((input) => !initialized.has(input));
  return {
    name,
    opset: Number(model.opsetImport!.find(({ domain }) => !domain || domain === 'ai.onnx')?.version ?? 1),
    nodes: graph.node!.map(decodeNode),
    inputs: new Map([...initializers, ...readValues(data, 'input', free.length > 0 ? free : inputs)]),
    outputs: new Map(
      readValues(
        data,
        'output',
        graph.output!.map((port) => port.name!),
      ),
    ),
  };
}

/** Tensors of a data set by the names of the ports: the K-th file belongs to the K-th port. */
function readValues(
  data: string | undefined,
  kind: 'input' | 'output',
  ports: readonly string[],
): [string, Tensor][] {
  if (data === undefined) return [];
  return ports.flatMap((port, i): [string, Tensor][] => {
    const file = `${data}/${kind}_${i}.pb`;
    return existsSync(file) ? [[port, readTensorFile(file).tensor]] : [];
  });
}

/** The case in a folder below vectors/onnx; undefined where an input or output is not a tensor. */
export function readCase(folder: string): Case | undefined {
  const path = `${sharedFolder}/vectors/onnx/${folder}`;
  return readModelCase(folder, `${path}/model.onnx`, `${path}/test_data_set_0`);
}

/** Names of all cases of a kind: `node`, `pytorch-operator`, ... */
export function listCases(kind: string): string[] {
  return readdirSync(`${sharedFolder}/vectors/onnx/${kind}`)
    .filter((name) => existsSync(`${sharedFolder}/vectors/onnx/${kind}/${name}/model.onnx`))
    .map((name) => `${kind}/${name}`)
    .sort();
}
