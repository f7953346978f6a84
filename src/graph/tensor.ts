/** Constant tensors of a graph, in the row-major layout and element types of ONNX. */

export type ElementType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'int4'
  | 'uint4'
  | 'int2'
  | 'uint2'
  | 'bool'
  | 'string'
  | 'float8e4m3fn'
  | 'float8e4m3fnuz'
  | 'float8e5m2'
  | 'float8e5m2fnuz'
  | 'float8e8m0'
  | 'float4e2m1'
  | 'complex64'
  | 'complex128';

/**
 * Element storage. 16-bit floats are kept as their bits in a Uint16Array; 2- and 4-bit integers and every
 * 8-bit float as one byte an element; bool as 0/1 bytes; complex as interleaved pairs.
 */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | readonly string[];

export interface Tensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** What is known of a value before it is computed: its element type and, once inferred, its shape. */
export interface TensorType {
  readonly type: ElementType;
  readonly shape: readonly number[];
}

/** A float32 tensor. */
export function float32(shape: readonly number[], values: ArrayLike<number>): Tensor {
  return { type: 'float32', shape, data: new Float32Array(values) };
}

/** An int64 tensor, as ONNX uses for shapes, axes and indices. */
export function int64(shape: readonly number[], values: ArrayLike<number>): Tensor {
  return { type: 'int64', shape, data: BigInt64Array.from(Array.from(values, BigInt)) };
}

/** The elements of a numeric tensor as plain numbers. Throws a TypeError for strings. */
export function numbers(tensor: Tensor): number[] {
  const { data } = tensor;
  if (Array.isArray(data)) throw new TypeError('a string tensor has no numbers');
  return Array.from(data as Iterable<number | bigint>, Number);
}
