/**
 * Collects the nodes of the graph that a TFLite file becomes. TFLite keeps channels last, ONNX's windows want them
 * first: a tensor of four axes may be known in both orders, and a Transpose, which costs nothing once it is compiled,
 * stands where one is asked for in the other.
 */
import { ModelError } from '../errors.js';
import { ints } from '../graph/attributes.js';
import type { Attribute, Graph, Node } from '../graph/graph.js';
import { int64, numbers, type Tensor } from '../graph/tensor.js';
import { elementCount } from '../shape.js';
import { permuted, realValues, storedElements } from './constants.js';
import type { ModelTables, OperatorTable, TensorTable } from './file.js';

/** `plain`: as in the file. `channelsFirst`: [N, H, W, C] as [N, C, H, W]. */
export type Layout = 'plain' | 'channelsFirst';

const toChannelsFirst = [0, 3, 1, 2];
const toChannelsLast = [0, 2, 3, 1];

/** Which tensor of the file a value of the graph holds, and the order of its axes. */
export interface Origin {
  readonly tensor: number;
  /** Axis i of the value is axis permutation[i] of the tensor. Undefined: as in the file, but for axes of size 1. */
  readonly permutation?: readonly number[];
}

export interface GraphWriter {
  readonly tables: ModelTables;
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<string, Tensor>;
  /** Of every value that stands for a tensor of the file. */
  readonly origins: ReadonlyMap<string, Origin>;
  tensor(index: number): TensorTable;
  /** The stored elements of a constant; undefined for what is computed. */
  stored(index: number): Tensor | undefined;
  /** The integers of a constant operand. Throws a ModelError where it is computed or left out. */
  integers(index: number | undefined, where: string): number[];
  /** The order in which elementwise operators compute: channels first where the first computed operand is known so. */
  layoutOf(tensors: readonly number[]): Layout;
  /** Name of a value that holds the tensor. */
  read(index: number, layout?: Layout): string;
  /** A constant tensor with its axes in another order: axis i is axis permutation[i] of the file. */
  readConstant(index: number, permutation: readonly number[]): string;
  /** Name for the value that an operator computes for a tensor. */
  write(index: number, layout?: Layout): string;
  /** A name that nothing has; `tensor` says what the value stands for, where it stands for one. */
  fresh(name: string, tensor?: number): string;
  /** Constant integers, as ONNX has them: a list where no shape is given. */
  list(values: readonly number[], shape?: readonly number[]): string;
  scalar(value: number): string;
  add(
    operator: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes?: Readonly<Record<string, Attribute>>,
    clamp?: Node['clamp'],
  ): void;
  /** Puts a node in the operator's place that is listed as not supported, for the given reason. */
  refuse(operator: OperatorTable, reason: string): void;
}

export function createGraphWriter(tables: ModelTables): GraphWriter {
  const nodes: Node[] = [];
  const constants = new Map<string, Tensor>();
  const origins = new Map<string, Origin>();
  const names = new Set(tables.tensors.map(({ name }) => name));
  const ports = new Set([...tables.inputs, ...tables.outputs]);
  const known = tables.tensors.map((): Partial<Record<Layout, string>> => ({}));
  const stored = new Map<number, Tensor>();

  const isConstant = (index: number) => {
    const { data, shape } = tables.tensors[index];
    return data !== undefined || elementCount(shape) === 0;
  };
  const where = (index: number) => `tensor ${JSON.stringify(tables.tensors[index].name)}`;

  function fresh(name: string, tensor?: number): string {
    let unique = name;
    for (let n = 2; names.has(unique); n++) unique = `${name}/${n}`;
    names.add(unique);
    if (tensor !== undefined) origins.set(unique, { tensor });
    return unique;
  }

  /** The tensor's own name for one of its values: that of the model's layout where it is a port. */
  function nameFor(index: number, layout: Layout): string {
    const { name } = tables.tensors[index];
    const used = Object.keys(known[index]).length > 0 || constants.has(name);
    const taken = used || (ports.has(index) && layout !== 'plain');
    const chosen = taken ? fresh(`${name}/${layout === 'plain' ? 'nhwc' : 'nchw'}`) : name;
    known[index][layout] = chosen;
    const permutation = layout === 'plain' ? undefined : toChannelsFirst;
    origins.set(chosen, { tensor: index, permutation });
    return chosen;
  }

  function addConstant(name: string, tensor: Tensor, origin?: Origin): string {
    constants.set(name, tensor);
    if (origin !== undefined) origins.set(name, origin);
    return name;
  }

  const writer: GraphWriter = {
    tables,
    nodes,
    constants,
    origins,
    tensor: (index) => tables.tensors[index],
    stored(index) {
      if (!isConstant(index)) return undefined;
      const found = stored.get(index) ?? storedElements(tables.tensors[index]);
      stored.set(index, found);
      return found;
    },
    integers(index, place) {
      const tensor = index === undefined || index < 0 ? undefined : writer.stored(index);
      if (tensor !== undefined && (tensor.type === 'int32' || tensor.type === 'int64'))
        return numbers(tensor);
      const what =
        tensor === undefined ? 'an operand is computed or missing' : 'an operand has the wrong type';
      throw new ModelError({ where: place, what, expected: 'constant integers' });
    },
    layoutOf(tensors) {
      const first = tensors.find((index) => index >= 0 && !isConstant(index));
      return first !== undefined && known[first].channelsFirst !== undefined ? 'channelsFirst' : 'plain';
    },
    read(index, layout = 'plain') {
      const found = known[index][layout];
      if (found !== undefined) return found;
      if (isConstant(index)) {
        const { shape } = tables.tensors[index];
        const real = realValues(tables.tensors[index], writer.stored(index)!);
        const name = nameFor(index, layout);
        if (layout === 'plain' || elementCount(shape) === 1) return addConstant(name, real);
        if (shape.length > 4) throw new ModelError({ where: where(index), what: 'has more than 4 axes' });
        const lifted = [...new Array<number>(4 - shape.length).fill(1), ...shape];
        return addConstant(name, permuted({ ...real, shape: lifted }, toChannelsFirst));
      }
      const other = known[index][layout === 'plain' ? 'channelsFirst' : 'plain'];
      if (other === undefined)
        throw new ModelError({ where: where(index), what: 'is read before anything computes it' });
      const name = nameFor(index, layout);
      const value = layout === 'plain' ? toChannelsLast : toChannelsFirst;
      writer.add('Transpose', [other], [name], { perm: ints(value) });
      return name;
    },
    readConstant(index, permutation) {
      const table = tables.tensors[index];
      const tensor = writer.stored(index);
      if (tensor === undefined)
        throw new ModelError({ where: where(index), what: 'is computed', expected: 'a constant' });
      if (table.shape.length !== permutation.length) {
        const expected = `${permutation.length} axes`;
        throw new ModelError({
          where: where(index),
          what: 'has the wrong rank',
          expected,
          got: `[${table.shape}]`,
        });
      }
      const result = permuted(realValues(table, tensor), permutation);
      const name = names.has(table.name) && !constants.has(table.name) ? table.name : fresh(table.name);
      return addConstant(name, result, { tensor: index, permutation });
    },
    write(index, layout = 'plain') {
      if (isConstant(index) || Object.keys(known[index]).length > 0)
        throw new ModelError({ where: where(index), what: 'is computed twice' });
      return nameFor(index, layout);
    },
    fresh,
    list: (values, shape = [values.length]) =>
      addConstant(fresh(`list_${constants.size}`), int64(shape, values)),
    scalar: (value) =>
      addConstant(fresh(`scalar_${constants.size}`), {
        type: 'float32',
        shape: [],
        data: Float32Array.of(value),
      }),
    add(operator, inputs, outputs, attributes = {}, clamp = undefined) {
      const node = { name: outputs[0], operator, domain: '', inputs, outputs, attributes };
      nodes.push(clamp === undefined ? node : { ...node, clamp });
    },
    refuse({ operator, inputs, outputs }, reason) {
      const computed = inputs.filter((index) => index >= 0 && !isConstant(index));
      const results = outputs.map((index) => writer.write(index));
      const attributes: Node['attributes'] = { reason: { kind: 'string', value: reason } };
      const values = computed.map((index) => writer.read(index));
      nodes.push({
        name: results[0],
        operator,
        domain: 'tflite',
        inputs: values,
        outputs: results,
        attributes,
      });
    },
  };
  return writer;
}

/** The graph of what was written. */
export function finishGraph(writer: GraphWriter, inputs: Graph['inputs']): Graph {
  const outputs = writer.tables.outputs.map((index) => writer.read(index));
  const { nodes, constants, tables } = writer;
  const types: Graph['types'] = new Map([
    ...inputs.map(({ name, type, shape }) => [name, { type, shape }] as const),
    ...[...constants].map(([name, { type, shape }]) => [name, { type, shape }] as const),
  ]);
  return { name: tables.name || 'tflite', opset: 17, nodes, inputs, outputs, constants, types };
}
