/** Tensors of an ONNX file: every element type, as raw bytes, in typed fields, or in a file beside the model. */
import { ModelError } from '../errors.js';
import type { Tensor, TensorData } from '../graph/tensor.js';
import { elementCount } from '../shape.js';
import {
  codeOf,
  type ElementStorage,
  elementStorage,
  elementTypeOf,
  packItems,
  unpackItems,
} from './element-types.js';
import { type ExternalData, externalDataBeside } from './external-data.js';
import { onnx } from './onnx.proto.js';
import { decodeMessage, decodeText, encodeText, type Integer64, toNumber } from './protobuf.js';

/**
 * Reads a serialised TensorProto, such as a `.pb` file of test data. External data is taken from beside `file`. Throws
 * a ModelError.
 */
export function readTensor(
  bytes: Uint8Array,
  where: string,
  file?: string,
): { name: string; tensor: Tensor } {
  const proto = decodeMessage(onnx.TensorProto, bytes, where);
  return { name: proto.name, tensor: decodeTensor(proto, where, externalDataBeside(file)) };
}

/**
 * A tensor with its own copy of the data. The element count of the shape is checked against the data before anything
 * of that size is allocated. Throws a ModelError.
 */
export function decodeTensor(proto: onnx.ITensorProto, where: string, external: ExternalData): Tensor {
  const fail = (what: string, expected?: string, got?: string) =>
    new ModelError({ where, what, expected, got });
  const type = elementTypeOf(proto.dataType ?? 0);
  if (type === undefined)
    throw fail('has an unknown element type', 'a type of ONNX', `${proto.dataType ?? 0}`);
  if (proto.segment) throw fail('is stored in segments', 'a whole tensor');
  const shape = (proto.dims ?? []).map(toNumber);
  const count = elementCount(shape);
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0) || !Number.isSafeInteger(count * 16))
    throw fail('has a bad shape', 'sizes from 0 up to what memory can hold', `[${shape.join(',')}]`);

  const isExternal = proto.dataLocation === onnx.TensorProto.DataLocation.EXTERNAL;
  if (type === 'string') {
    const texts = proto.stringData ?? [];
    if (isExternal || proto.rawData?.length) throw fail('holds strings as raw bytes', 'string_data');
    if (texts.length !== count) throw fail('has too few or too many elements', `${count}`, `${texts.length}`);
    return { type, shape, data: texts.map((text) => decodeText(text, where)) };
  }

  const storage = elementStorage[type];
  const items = count * storage.itemsPerElement;
  const size = Math.ceil((items * storage.bits) / 8);
  if (isExternal) {
    const raw = external(proto.externalData ?? [], size, where);
    return { type, shape, data: fromRaw(raw, storage, items, type) };
  }
  if (proto.rawData?.length) {
    if (proto.rawData.length !== size)
      throw fail('has data that does not match its shape', `${size} bytes`, `${proto.rawData.length}`);
    return { type, shape, data: fromRaw(proto.rawData.slice(), storage, items, type) };
  }
  const entries = proto[storage.field] ?? [];
  const expected = storage.bits < 8 ? size : items;
  if (entries.length !== expected)
    throw fail('has data that does not match its shape', `${expected} entries`, `${entries.length}`);
  return { type, shape, data: fromEntries(entries, storage, items, type, where) };
}

/** A tensor without a name: as raw data, strings as such. */
export function encodeTensor({ type, shape, data }: Tensor): onnx.ITensorProto {
  const stated = { dims: [...shape], dataType: codeOf(type) };
  if (type === 'string') return { ...stated, stringData: (data as readonly string[]).map(encodeText) };
  const array = data as Exclude<TensorData, readonly string[]>;
  const { bits } = elementStorage[type];
  const rawData =
    bits < 8
      ? packItems(array as Uint8Array, bits as 2 | 4)
      : new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return { ...stated, rawData };
}

/** Items from raw bytes that start at an aligned address and belong to the tensor alone. */
function fromRaw(raw: Uint8Array, storage: ElementStorage, items: number, type: string): TensorData {
  if (storage.bits >= 8) {
    const data = new storage.array(raw.buffer as ArrayBuffer, raw.byteOffset, items);
    return type === 'bool' ? (data as Uint8Array).map((value) => (value === 0 ? 0 : 1)) : data;
  }
  const data = new storage.array(items) as Uint8Array | Int8Array;
  return unpackItems(raw, storage.bits as 2 | 4, data);
}

/** Items from a typed field. An integer may be given as signed or as unsigned, but must fit. */
function fromEntries(
  entries: readonly Integer64[],
  storage: ElementStorage,
  items: number,
  type: string,
  where: string,
): TensorData {
  if (storage.field === 'int64Data' || storage.field === 'uint64Data') {
    const wide = new BigUint64Array(entries.length);
    const halves = new Uint32Array(wide.buffer);
    entries.forEach((entry, i) => {
      if (typeof entry === 'number') wide[i] = BigInt.asUintN(64, BigInt(entry));
      else halves.set([entry.low, entry.high], 2 * i);
    });
    if (type === 'int64') return new BigInt64Array(wide.buffer);
    if (type === 'uint64') return wide;
    const high = wide.find((value) => value >= 2n ** 32n);
    if (high !== undefined) throw misfit(where, type, high);
    return Uint32Array.from(wide, Number);
  }
  const numbers = entries as readonly number[];
  if (storage.field !== 'int32Data') {
    const data = new storage.array(items) as Float32Array | Float64Array;
    data.set(numbers);
    return data;
  }
  const bits = Math.max(storage.bits, 8);
  const wrong = numbers.find((value) => value < -(2 ** (bits - 1)) || value >= 2 ** bits);
  if (wrong !== undefined) throw misfit(where, type, wrong);
  if (bits === 32) return Int32Array.from(numbers);
  const raw = bits === 8 ? Uint8Array.from(numbers) : new Uint8Array(Uint16Array.from(numbers).buffer);
  return fromRaw(raw, storage, items, type);
}

function misfit(where: string, type: string, value: number | bigint): ModelError {
  return new ModelError({
    where,
    what: 'holds a number out of range',
    expected: `values of ${type}`,
    got: `${value}`,
  });
}
