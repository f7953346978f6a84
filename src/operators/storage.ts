/** Element storage of constants, and what constant folding can compute with. */
import type { Node } from '../graph/graph.js';
import type { ElementType, Tensor, TensorData } from '../graph/tensor.js';
import { elementCount } from '../shape.js';
import { nodeError } from './check.js';
import { decodeHalf, isHalf } from './half.js';

/** Most bytes that one computed constant may have; a model holds larger ones in its own data. */
const largestConstant = 2 ** 30;

type Writable = Exclude<TensorData, readonly string[]> | string[];

const constructors: Partial<Record<ElementType, new (count: number) => Writable>> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  int4: Int8Array,
  uint4: Uint8Array,
  int2: Int8Array,
  uint2: Uint8Array,
  bool: Uint8Array,
  string: Array<string>,
};

/** Widths of the types that are computed as integers in two's complement. */
const widths: Partial<Record<ElementType, { readonly bits: number; readonly signed: boolean }>> = {
  int8: { bits: 8, signed: true },
  int16: { bits: 16, signed: true },
  int32: { bits: 32, signed: true },
  int64: { bits: 64, signed: true },
  uint8: { bits: 8, signed: false },
  uint16: { bits: 16, signed: false },
  uint32: { bits: 32, signed: false },
  uint64: { bits: 64, signed: false },
  int4: { bits: 4, signed: true },
  uint4: { bits: 4, signed: false },
  int2: { bits: 2, signed: true },
  uint2: { bits: 2, signed: false },
  bool: { bits: 1, signed: false },
};

/** Width and signedness of an integer type or bool; undefined for all others. */
export function integerWidth(type: ElementType): { bits: number; signed: boolean } | undefined {
  return widths[type];
}

/** True for the floating point types that folding computes in. */
export function isFloat(type: ElementType): boolean {
  return type === 'float32' || type === 'float64';
}

/** Zeros in the storage of a type. Throws a ModelError where folding does not know the type or it is too large. */
export function allocate(node: Node, type: ElementType, shape: readonly number[]): Writable {
  const Storage = constructors[type];
  if (Storage === undefined) throw nodeError(node, `constants of type ${type} cannot be computed`);
  const count = elementCount(shape);
  const bytes = count * ('BYTES_PER_ELEMENT' in Storage ? Number(Storage.BYTES_PER_ELEMENT) : 8);
  if (bytes > largestConstant)
    throw nodeError(node, 'a computed constant is too large', `at most ${largestConstant} bytes`, `${bytes}`);
  try {
    return new Storage(count);
  } catch (cause) {
    if (cause instanceof RangeError) throw nodeError(node, `no memory for a constant of ${bytes} bytes`);
    throw cause;
  }
}

/** Reads the elements of an integer or bool tensor by their position. */
export function integersOf(node: Node, tensor: Tensor): (position: number) => bigint {
  if (integerWidth(tensor.type) === undefined)
    throw nodeError(node, `constants of type ${tensor.type} cannot be computed`);
  const data = tensor.data as Int32Array | BigInt64Array;
  return (position) => BigInt(data[position]);
}

/** A tensor of an integer type or bool from the value at each position; values wrap around to its width. */
export function fromIntegers(
  node: Node,
  type: ElementType,
  shape: readonly number[],
  valueAt: (position: number) => bigint,
): Tensor {
  const { bits, signed } = integerWidth(type)!;
  const data = allocate(node, type, shape);
  const wrap = signed ? BigInt.asIntN : BigInt.asUintN;
  for (let i = 0; i < data.length; i++) {
    const value = wrap(bits, valueAt(i));
    data[i] = bits === 64 ? value : Number(value);
  }
  return { type, shape, data };
}

/** A real number rounded towards zero, at the end of an integer type's range where it lies beyond; NaN is 0. */
export function truncate(value: number, type: ElementType): bigint {
  const { bits, signed } = integerWidth(type)!;
  const low = signed ? -(2n ** BigInt(bits - 1)) : 0n;
  const high = 2n ** BigInt(signed ? bits - 1 : bits) - 1n;
  if (Number.isNaN(value)) return 0n;
  if (value <= Number(low)) return low;
  if (value >= Number(high)) return high;
  return BigInt(Math.trunc(value));
}

/** The elements of a tensor of real numbers; 16-bit ones are decoded. */
export function toFloats(node: Node, tensor: Tensor): Float32Array | Float64Array {
  if (isFloat(tensor.type)) return tensor.data as Float32Array | Float64Array;
  if (isHalf(tensor.type)) return decodeHalf(tensor);
  throw nodeError(node, `constants of type ${tensor.type} cannot be computed`);
}
