/** Writes ONNX models. */
import { gzipSync } from 'fflate';
import { ModelError } from '../errors.js';
import type { Graph, Node } from '../graph/graph.js';
import type { TensorType } from '../graph/tensor.js';
import { writeFile } from '../platform/files.js';
import { encodeAttribute } from './attribute-proto.js';
import { codeOf } from './element-types.js';
import type { Model } from './model.js';
import { onnx } from './onnx.proto.js';
import { encodeTensor } from './tensor-proto.js';

/** The largest message of protobuf. */
const mostBytes = 2 ** 31 - 1;

/** Writes a model; a name ending in .gz is packed. Throws as `encodeModel` and `writeFile` do. */
export function writeModel(path: string, model: Model): void {
  const bytes = encodeModel(model);
  writeFile(path, path.endsWith('.gz') ? gzipSync(bytes, { mtime: 0 }) : bytes);
}

/**
 * A model as ONNX, all tensor data inside of it; reading the bytes gives an equal model. Throws a ModelError where the
 * constants take more than the 2 GiB that the format allows, or where a node carries what ONNX cannot express.
 */
export function encodeModel(model: Model): Uint8Array {
  const { graph, rest } = model;
  let size = 0;
  for (const { data } of graph.constants.values()) if (ArrayBuffer.isView(data)) size += data.byteLength;
  if (size > mostBytes) {
    const what = 'is too large for an ONNX file without external data';
    throw new ModelError({
      where: `graph "${graph.name}"`,
      what,
      expected: `${mostBytes} bytes`,
      got: `${size}`,
    });
  }
  const opsets = { ...model.opsetImports, '': graph.opset };
  return onnx.ModelProto.encode(
    merge(rest, {
      irVersion: model.irVersion,
      opsetImport: Object.entries(opsets).map(([domain, version]) => ({ domain, version })),
      graph: encodeGraph(graph, rest.graph ?? {}, model.irVersion),
    }),
  ).finish();
}

function encodeGraph(graph: Graph, rest: onnx.IGraphProto, irVersion: number): onnx.IGraphProto {
  const nodes = byName(rest.node);
  const initializers = byName(rest.initializer);
  return merge(rest, {
    name: graph.name,
    node: graph.nodes.map((node) => encodeNode(node, nodes.get(node.name))),
    initializer: [...graph.constants].map(([name, tensor]) =>
      merge(initializers.get(name), { name, ...encodeTensor(tensor) }),
    ),
    input: encodeInputs(graph, rest, irVersion),
    output: encodeValues(graph.outputs, graph, byName(rest.output)),
    valueInfo: encodeInnerValues(graph, rest),
  });
}

/** Inputs in the order of the file; initializers stay among them where they were, and must be up to IR version 3. */
function encodeInputs(graph: Graph, rest: onnx.IGraphProto, irVersion: number): onnx.IValueInfoProto[] {
  const infos = byName(rest.input);
  const names = new Set(graph.inputs.map(({ name }) => name));
  const listed = [...infos.keys()].filter((name) => names.has(name) || graph.constants.has(name));
  const all = new Set([...listed, ...names, ...(irVersion < 4 ? graph.constants.keys() : [])]);
  const types = new Map<string, TensorType>([
    ...graph.inputs.map((input) => [input.name, input] as const),
    ...graph.constants,
  ]);
  return [...all].map((name) => encodeValue(name, types.get(name), infos.get(name)));
}

/** The inner values of which something is known: their type here, or else what the file that was read declares. */
function encodeInnerValues(graph: Graph, rest: onnx.IGraphProto): onnx.IValueInfoProto[] {
  const infos = byName(rest.valueInfo);
  const computed = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  for (const name of ['', ...graph.outputs]) computed.delete(name);
  const declared = [...infos.keys()].filter((name) => computed.has(name) || graph.constants.has(name));
  const inferred = [...computed].filter((name) => graph.types.has(name));
  return encodeValues([...new Set([...declared, ...inferred])], graph, infos);
}

function encodeValues(
  names: readonly string[],
  graph: Graph,
  infos: ReadonlyMap<string, onnx.IValueInfoProto>,
): onnx.IValueInfoProto[] {
  return names.map((name) => encodeValue(name, graph.types.get(name), infos.get(name)));
}

/** What is said of a value: its type where it is known, beside what the file that was read says. */
function encodeValue(
  name: string,
  type: TensorType | undefined,
  rest: onnx.IValueInfoProto = {},
): onnx.IValueInfoProto {
  if (type === undefined) return merge(rest, { name });
  const dimensions = rest.type?.tensorType?.shape?.dim ?? [];
  const dim = type.shape.map((dimValue, axis) => ({
    ...dimensions[axis],
    dimParam: undefined,
    dimValue,
  }));
  const tensorType = { elemType: codeOf(type.type), shape: { dim } };
  return merge(rest, { name, type: { ...rest.type, tensorType } });
}

function encodeNode(node: Node, rest: onnx.INodeProto | undefined): onnx.INodeProto {
  if (node.clamp !== undefined) {
    const where = `node "${node.name}" (${node.operator})`;
    throw new ModelError({ where, what: 'has a fused activation, which ONNX cannot express' });
  }
  const attributes = byName(rest?.attribute);
  return merge(rest, {
    name: node.name,
    opType: node.operator,
    input: [...node.inputs],
    output: [...node.outputs],
    ...(node.domain !== '' && { domain: node.domain }),
    attribute: Object.entries(node.attributes).map(([name, attribute]) => {
      const stated = encodeAttribute(name, attribute);
      const old = attributes.get(name);
      return old === undefined
        ? stated
        : merge(old, { ...stated, t: stated.t && merge(old.t ?? {}, stated.t) });
    }),
  });
}

function byName<T extends { name?: string | null }>(
  messages: readonly T[] | null | undefined,
): Map<string, T> {
  return new Map((messages ?? []).map((message) => [message.name ?? '', message]));
}

/** A message with the fields of both, those of the second first, and the unknown fields of the first. */
function merge<T extends { $unknowns?: Uint8Array[] }>(rest: T | undefined, stated: T): T {
  return { ...rest, ...stated, ...(rest?.$unknowns && { $unknowns: rest.$unknowns }) };
}
