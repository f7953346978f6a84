/** The element types of ONNX tensors: their numbers in the file, how they are stored there and in memory. */
import type { ElementType, TensorData } from '../graph/tensor.js';

/** The typed repeated fields of a TensorProto. */
export type DataField = 'floatData' | 'int32Data' | 'int64Data' | 'doubleData' | 'uint64Data';

type TypedArray = Exclude<TensorData, readonly string[]>;

export interface ElementStorage {
  /** TensorProto.DataType. */
  readonly code: number;
  /** Bits of one item in raw data; a complex number is two items. */
  readonly bits: 2 | 4 | 8 | 16 | 32 | 64;
  readonly itemsPerElement: 1 | 2;
  /** Where the file keeps the items if not as raw data. */
  readonly field: DataField;
  /** What holds the items in memory: one entry an item, also below 8 bits. */
  readonly array: {
    new (length: number): TypedArray;
    new (buffer: ArrayBuffer, offset: number, length: number): TypedArray;
  };
}

function storage(
  code: number,
  bits: ElementStorage['bits'],
  field: DataField,
  array: ElementStorage['array'],
  itemsPerElement: 1 | 2 = 1,
): ElementStorage {
  return { code, bits, field, array, itemsPerElement };
}

/** All types but strings, which are kept as UTF-8 texts under `stringCode`. */
export const elementStorage: Readonly<Record<Exclude<ElementType, 'string'>, ElementStorage>> = {
  float32: storage(1, 32, 'floatData', Float32Array),
  uint8: storage(2, 8, 'int32Data', Uint8Array),
  int8: storage(3, 8, 'int32Data', Int8Array),
  uint16: storage(4, 16, 'int32Data', Uint16Array),
  int16: storage(5, 16, 'int32Data', Int16Array),
  int32: storage(6, 32, 'int32Data', Int32Array),
  int64: storage(7, 64, 'int64Data', BigInt64Array),
  bool: storage(9, 8, 'int32Data', Uint8Array),
  float16: storage(10, 16, 'int32Data', Uint16Array),
  float64: storage(11, 64, 'doubleData', Float64Array),
  uint32: storage(12, 32, 'uint64Data', Uint32Array),
  uint64: storage(13, 64, 'uint64Data', BigUint64Array),
  complex64: storage(14, 32, 'floatData', Float32Array, 2),
  complex128: storage(15, 64, 'doubleData', Float64Array, 2),
  bfloat16: storage(16, 16, 'int32Data', Uint16Array),
  float8e4m3fn: storage(17, 8, 'int32Data', Uint8Array),
  float8e4m3fnuz: storage(18, 8, 'int32Data', Uint8Array),
  float8e5m2: storage(19, 8, 'int32Data', Uint8Array),
  float8e5m2fnuz: storage(20, 8, 'int32Data', Uint8Array),
  uint4: storage(21, 4, 'int32Data', Uint8Array),
  int4: storage(22, 4, 'int32Data', Int8Array),
  float4e2m1: storage(23, 4, 'int32Data', Uint8Array),
  float8e8m0: storage(24, 8, 'int32Data', Uint8Array),
  uint2: storage(25, 2, 'int32Data', Uint8Array),
  int2: storage(26, 2, 'int32Data', Int8Array),
};

const stringCode = 8;

const typesByCode = new Map<number, ElementType>([
  [stringCode, 'string'],
  ...Object.entries(elementStorage).map(([type, { code }]) => [code, type as ElementType] as const),
]);

/** The element type with this TensorProto.DataType; undefined where ONNX defines none. */
export function elementTypeOf(code: number): ElementType | undefined {
  return typesByCode.get(code);
}

/** TensorProto.DataType of an element type. */
export function codeOf(type: ElementType): number {
  return type === 'string' ? stringCode : elementStorage[type].code;
}

/** Items of 2 or 4 bits, packed from the lowest bits of each byte on, into one entry each; signed where that is an Int8Array. */
export function unpackItems<Items extends Uint8Array | Int8Array>(
  packed: Uint8Array,
  bits: 2 | 4,
  items: Items,
): Items {
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  const sign = items instanceof Int8Array ? 1 << (bits - 1) : 0;
  for (let i = 0; i < items.length; i++) {
    const code = (packed[Math.floor(i / perByte)] >> ((i % perByte) * bits)) & mask;
    items[i] = (code ^ sign) - sign;
  }
  return items;
}

/** The inverse of `unpackItems`; the bits that are left over are 0. */
export function packItems(items: Uint8Array | Int8Array, bits: 2 | 4): Uint8Array {
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  const packed = new Uint8Array(Math.ceil(items.length / perByte));
  for (let i = 0; i < items.length; i++)
    packed[Math.floor(i / perByte)] |= (items[i] & mask) << ((i % perByte) * bits);
  return packed;
}
