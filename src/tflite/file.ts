/** The tables of a TFLite file as plain data. */
import { ModelError } from '../errors.js';
import type { ElementType } from '../graph/tensor.js';
import { rootTable, type Table } from './flatbuffer.js';
import { elementTypes, operatorName } from './schema.js';

/** real = (code - zeroPoint) * scale, one of each for the whole tensor or one per index on `axis`. */
export interface Quantization {
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
  readonly axis: number;
}

export interface TensorTable {
  /** Unique in the file; made up where the file gives none or one twice. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Sizes that may change are -1. */
  readonly signature: readonly number[];
  readonly type: ElementType;
  readonly quantization: Quantization | null;
  /** The stored bytes; undefined for what is computed. */
  readonly data: Uint8Array | undefined;
}

export interface OperatorTable {
  readonly operator: string;
  /** Indices of tensors; -1 where an optional input is left out. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options: { readonly union: number; readonly table: Table | undefined };
}

export interface ModelTables {
  readonly name: string;
  readonly tensors: readonly TensorTable[];
  readonly operators: readonly OperatorTable[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** Decodes the main subgraph. Throws a ModelError where a table is damaged or an index points nowhere. */
export function decodeTables(bytes: Uint8Array): ModelTables {
  const model = rootTable(bytes, 'TFL3');
  const version = model.int(0);
  if (version !== 3)
    throw new ModelError({
      where: 'model',
      what: 'has another schema version',
      expected: '3',
      got: `${version}`,
    });
  const subgraph = model.tables(2)[0];
  if (subgraph === undefined) throw new ModelError({ where: 'model', what: 'has no subgraph' });
  const buffers = model.tables(4).map((buffer) => bufferBytes(buffer, bytes));
  const tables = subgraph.tables(0);
  const names = uniqueNames(tables.map((tensor) => tensor.string(3)));
  const tensors = tables.map((tensor, index) => readTensor(tensor, names[index], buffers));
  const codes = model.tables(1).map(readOperatorCode);
  const check = (index: number, where: string, least: number) => {
    if (index >= least && index < tensors.length) return index;
    const expected = `${least} to ${tensors.length - 1}`;
    throw new ModelError({ where, what: 'names a tensor that does not exist', expected, got: `${index}` });
  };
  const operators = subgraph.tables(3).map((table, position): OperatorTable => {
    const operator = codes[table.int(0)];
    const where = `operator ${position}${operator === undefined ? '' : ` (${operator})`}`;
    if (operator === undefined)
      throw new ModelError({ where, what: 'has no operator code', got: `${table.int(0)}` });
    const outputs = table.ints(2).map((index) => check(index, where, 0));
    if (outputs.length === 0) throw new ModelError({ where, what: 'has no output' });
    return {
      operator,
      inputs: table.ints(1).map((index) => check(index, where, -1)),
      outputs,
      options: { union: table.byte(3) & 0xff, table: table.table(4) },
    };
  });
  return {
    name: subgraph.string(4),
    tensors,
    operators,
    inputs: subgraph.ints(1).map((index) => check(index, 'inputs', 0)),
    outputs: subgraph.ints(2).map((index) => check(index, 'outputs', 0)),
  };
}

/** The deprecated field holds codes up to 127, the newer one all; custom operators are named by the file. */
function readOperatorCode(code: Table): string {
  const name = operatorName(Math.max(code.byte(0), code.int(3)));
  return name === 'CUSTOM' ? code.string(1) || 'CUSTOM' : name;
}

/** The bytes of a buffer, which a large model keeps behind the tables. */
function bufferBytes(buffer: Table, file: Uint8Array): Uint8Array {
  const offset = buffer.ulong(1);
  const size = buffer.ulong(2);
  if (offset <= 1) return buffer.bytes(0);
  if (offset + size <= file.length) return file.subarray(offset, offset + size);
  const expected = `at most ${file.length} bytes`;
  throw new ModelError({
    where: 'model',
    what: 'has a buffer outside the file',
    expected,
    got: `${offset + size}`,
  });
}

function readTensor(tensor: Table, name: string, buffers: readonly Uint8Array[]): TensorTable {
  const where = `tensor ${JSON.stringify(name)}`;
  const type = elementTypes[tensor.byte(1)];
  if (type === undefined)
    throw new ModelError({
      where,
      what: 'has an element type that is not supported',
      got: `${tensor.byte(1)}`,
    });
  if (tensor.table(6) !== undefined)
    throw new ModelError({ where, what: 'is sparse, which is not supported' });
  const shape = tensor.ints(0);
  if (shape.some((size) => size < 0))
    throw new ModelError({ where, what: 'has a size below 0', got: `[${shape}]` });
  const index = tensor.int(2);
  const buffer = buffers[index];
  if (buffer === undefined)
    throw new ModelError({
      where,
      what: 'has no such buffer',
      expected: `0 to ${buffers.length - 1}`,
      got: `${index}`,
    });
  const signature = tensor.ints(7);
  return {
    name,
    shape,
    signature: signature.length === shape.length ? signature : shape,
    type,
    quantization: readQuantization(tensor.table(4), shape, where),
    data: buffer.length > 0 ? buffer : undefined,
  };
}

function readQuantization(
  table: Table | undefined,
  shape: readonly number[],
  where: string,
): Quantization | null {
  const scales = table?.floats(2) ?? [];
  if (table === undefined || scales.length === 0) return null;
  const fail = (what: string, expected: string, got: string): never => {
    throw new ModelError({ where, what, expected, got });
  };
  if (table.byte(4) !== 0)
    fail('has quantisation details', 'scales and zero points', `kind ${table.byte(4)}`);
  const bad = scales.find((scale) => !(scale > 0 && scale < Infinity));
  if (bad !== undefined) fail('has an impossible scale', 'a positive number', `${bad}`);
  const given = table.longs(3);
  const zeroPoints = given.length === 0 ? scales.map(() => 0) : given;
  if (zeroPoints.length !== scales.length)
    fail('has too few or too many zero points', `${scales.length}`, `${zeroPoints.length}`);
  // Older files give the bias of a depthwise convolution the axis of its weights.
  const axis = shape.length === 1 ? 0 : table.int(6);
  if (scales.length > 1 && shape[axis] !== scales.length)
    fail('has scales that do not fit its shape', `${shape[axis]} on axis ${axis}`, `${scales.length}`);
  return { scales, zeroPoints, axis };
}

function uniqueNames(given: readonly string[]): string[] {
  const taken = new Map<string, number>();
  return given.map((name, index) => {
    const wanted = name || `tensor_${index}`;
    let unique = wanted;
    for (let n = taken.get(wanted) ?? 1; taken.has(unique); ) {
      unique = `${wanted}/${++n}`;
      taken.set(wanted, n);
    }
    taken.set(unique, 1);
    return unique;
  });
}
