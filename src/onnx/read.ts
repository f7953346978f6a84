/** Reads ONNX models. */
import { DynafixError, ModelError, UsageError } from '../errors.js';
import type { Graph, GraphInput, Node } from '../graph/graph.js';
import { sortTopologically } from '../graph/order.js';
import type { Tensor } from '../graph/tensor.js';
import { verifyGraph } from '../graph/verify.js';
import { readBytes } from '../platform/files.js';
import { decodeAttribute } from './attribute-proto.js';
import { type ExternalData, externalDataBeside } from './external-data.js';
import { readInput } from './graph-input.js';
import type { Model } from './model.js';
import { onnx } from './onnx.proto.js';
import { decodeMessage, toNumber } from './protobuf.js';
import { decodeTensor } from './tensor-proto.js';

/** The versions of ai.onnx that dynafix knows. */
const oldestOpset = 1;
const newestOpset = 28;

/** The place of an error that concerns the whole file; becomes the file's name. */
const model = 'model';

export interface ReadOptions {
  /** Shapes of inputs by name, for symbolic sizes other than the first, which is 1 unless given. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Called with the bytes of the unpacked file, and with every piece of external data in the order of the file. */
  readonly onRead?: (bytes: Uint8Array) => void;
}

/**
 * Reads a `.onnx` or `.onnx.gz` file, with its external data. Throws an InputError where the file cannot be read, a
 * UsageError where given shapes do not fit, a ModelError where the model is not valid.
 */
export function readModel(path: string, options: ReadOptions = {}): Model {
  const bytes = readBytes(path);
  options.onRead?.(bytes);
  return decodeModel(bytes, path, { ...options, file: path });
}

/**
 * Decodes a model. `where` names it in errors; `file` is the path beside which external data lies. The nodes of the
 * graph are in topological order and have unique names; its types are those of the inputs and constants: shapes of
 * other values that the file declares are not trusted.
 */
export function decodeModel(
  bytes: Uint8Array,
  where: string,
  options: ReadOptions & { readonly file?: string } = {},
): Model {
  const proto = decodeMessage(onnx.ModelProto, bytes, where);
  try {
    return readProto(proto, options.shapes ?? {}, externalDataBeside(options.file, options.onRead));
  } catch (error) {
    if (!(error instanceof DynafixError)) throw error;
    const facts = { ...error.facts, where: error.where === model ? where : `${where}: ${error.where}` };
    throw error instanceof UsageError ? new UsageError(facts) : new ModelError(facts);
  }
}

function readProto(
  proto: onnx.ModelProto,
  shapes: Readonly<Record<string, readonly number[]>>,
  external: ExternalData,
): Model {
  const { irVersion } = proto;
  const opsetImports = readOpsetImports(proto.opsetImport);
  if (!proto.graph) throw new ModelError({ where: model, what: 'has no graph' });
  const graph = readGraph(proto.graph as onnx.GraphProto, opsetImports[''], shapes, external);
  return {
    graph,
    irVersion: toNumber(irVersion),
    opsetImports,
    rest: strip(proto, ['irVersion', 'opsetImport']),
  };
}

function readOpsetImports(imports: readonly onnx.IOperatorSetIdProto[]): Record<string, number> {
  const versions = new Map<string, number>();
  for (const entry of imports) {
    const domain = normalDomain(entry.domain);
    const version = toNumber(entry.version);
    if ((versions.get(domain) ?? version) !== version) {
      const what = `imports the operator set "${domain || 'ai.onnx'}" twice`;
      throw new ModelError({ where: model, what, expected: `${versions.get(domain)}`, got: `${version}` });
    }
    versions.set(domain, version);
  }
  const standard = versions.get('');
  if (standard === undefined || standard < oldestOpset || standard > newestOpset) {
    const what = standard === undefined ? 'imports no standard operator set' : 'needs another operator set';
    const expected = `ai.onnx ${oldestOpset} to ${newestOpset}`;
    const got = [...versions].map(([domain, version]) => `${domain || 'ai.onnx'} ${version}`).join(', ');
    throw new ModelError({ where: model, what, expected, got: got || 'none' });
  }
  return Object.fromEntries(versions);
}

/** Reads the graph, whose message keeps what the graph has no place for. */
function readGraph(
  proto: onnx.GraphProto,
  opset: number,
  shapes: Readonly<Record<string, readonly number[]>>,
  external: ExternalData,
): Graph {
  if (proto.sparseInitializer.length > 0)
    throw new ModelError({ where: model, what: 'has sparse initializers, which are not supported' });
  const constants = readConstants(proto.initializer as onnx.TensorProto[], external);
  const inputs = readInputs(proto.input, constants, shapes);
  const names = uniqueNames(proto.node as onnx.NodeProto[]);
  const nodes = proto.node.map((node, i) => readNode(node as onnx.NodeProto, names[i], external));
  const outputs = proto.output.map((output) => output.name ?? '');
  if (new Set(outputs).size < outputs.length)
    throw new ModelError({ where: model, what: 'has two outputs of one name', got: outputs.join(', ') });
  const { name } = proto;
  const graph = {
    name,
    opset,
    nodes: sortTopologically(nodes),
    inputs,
    outputs,
    constants,
    types: new Map([
      ...inputs.map(({ name, type, shape }) => [name, { type, shape }] as const),
      ...[...constants].map(([name, { type, shape }]) => [name, { type, shape }] as const),
    ]),
  };
  verifyGraph(graph);
  keepRest(proto, graph);
  return graph;
}

/** Leaves in the graph's message what belongs to something in the graph, in its order, and is not stated there. */
function keepRest(proto: onnx.GraphProto, graph: Graph): void {
  const nodes = new Map(proto.node.map((node) => [node.name ?? '', node]));
  proto.node = graph.nodes.map(({ name }) => nodes.get(name)!);
  const computed = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  for (const name of graph.outputs) computed.delete(name);
  const infos = new Map(proto.valueInfo.map((info) => [info.name ?? '', info]));
  proto.valueInfo = [...infos.values()].filter(
    ({ name }) => computed.has(name ?? '') || graph.constants.has(name ?? ''),
  );
  for (const info of [...proto.input, ...proto.valueInfo])
    if (graph.types.has(info.name ?? '')) stripType(info.type?.tensorType);
  strip(proto, ['name']);
}

function readConstants(
  initializers: readonly onnx.TensorProto[],
  external: ExternalData,
): Map<string, Tensor> {
  const constants = new Map<string, Tensor>();
  for (const proto of initializers) {
    const where = `initializer ${JSON.stringify(proto.name)}`;
    if (constants.has(proto.name)) throw new ModelError({ where, what: 'is defined twice' });
    constants.set(proto.name, decodeTensor(proto, where, external));
    stripTensor(proto);
  }
  return constants;
}

/** The inputs that are not initializers: up to IR version 3 all initializers are listed among the inputs. */
function readInputs(
  infos: readonly onnx.IValueInfoProto[],
  constants: ReadonlyMap<string, Tensor>,
  shapes: Readonly<Record<string, readonly number[]>>,
): GraphInput[] {
  const open = infos.filter(({ name }) => !constants.has(name ?? ''));
  for (const given of Object.keys(shapes)) {
    if (open.some(({ name }) => name === given)) continue;
    const expected = open.map(({ name }) => JSON.stringify(name)).join(', ');
    throw new UsageError({ where: 'shapes', what: `"${given}" is no input of the model`, expected });
  }
  return open.map((info) => {
    const name = info.name ?? '';
    return readInput(info, Object.hasOwn(shapes, name) ? shapes[name] : undefined);
  });
}

/** The names of the nodes, made up where a node has none or that of an earlier one. */
function uniqueNames(nodes: readonly onnx.NodeProto[]): string[] {
  const given = new Set(nodes.map(({ name }) => name));
  const taken = new Set<string>();
  return nodes.map(({ name, opType }, i) => {
    let unique = name;
    for (let n = i; unique === '' || taken.has(unique); n++) {
      const candidate = `${name || opType}_${n}`;
      if (!given.has(candidate)) unique = candidate;
    }
    taken.add(unique);
    return unique;
  });
}

function readNode(proto: onnx.NodeProto, name: string, external: ExternalData): Node {
  const { opType: operator, input: inputs, output: outputs } = proto;
  const where = `node ${JSON.stringify(name)} (${operator})`;
  if (operator === '') throw new ModelError({ where, what: 'names no operator' });
  const attributes = new Map<string, Node['attributes'][string]>();
  for (const attribute of proto.attribute as onnx.AttributeProto[]) {
    if (attributes.has(attribute.name))
      throw new ModelError({ where, what: `has two attributes "${attribute.name}"` });
    attributes.set(attribute.name, decodeAttribute(attribute, where, external));
  }
  const domain = normalDomain(proto.domain);
  const remaining = (proto.attribute as onnx.AttributeProto[]).filter(
    ({ name, docString, t }) =>
      attributes.get(name)?.kind !== 'opaque' && (docString || t?.name || t?.docString),
  );
  for (const attribute of remaining) stripAttribute(attribute);
  strip(proto, ['opType', 'input', 'output', 'domain']);
  Object.assign(proto, { name, attribute: remaining });
  return { name, operator, domain, inputs, outputs, attributes: Object.fromEntries(attributes) };
}

function normalDomain(domain: string | null | undefined): string {
  return domain === 'ai.onnx' ? '' : (domain ?? '');
}

function stripAttribute(attribute: onnx.AttributeProto): void {
  strip(attribute, ['type', 'f', 'i', 's', 'floats', 'ints', 'strings', 'tensors']);
  if (attribute.t) stripTensor(attribute.t);
}

function stripType(tensor: onnx.TypeProto.ITensor | null | undefined): void {
  if (!tensor) return;
  strip(tensor, ['elemType']);
  for (const dimension of tensor.shape?.dim ?? []) strip(dimension, ['dimValue', 'dimParam']);
}

function stripTensor(tensor: onnx.ITensorProto): void {
  strip(tensor, ['dims', 'dataType', 'rawData', 'floatData', 'int32Data', 'int64Data', 'doubleData']);
  strip(tensor, ['uint64Data', 'stringData', 'externalData', 'dataLocation']);
}

/** Removes fields from a message; reading them gives their default again. */
function strip<T extends object>(message: T, fields: readonly (keyof T)[]): T {
  for (const field of fields) delete message[field];
  return message;
}
