/** The constants of a TFLite file: stored elements, and the real values that quantised ones stand for. */
import { ModelError } from '../errors.js';
import type { Tensor, TensorData } from '../graph/tensor.js';
import { unpackItems } from '../onnx/element-types.js';
import { decodeHalf, isHalf } from '../operators/half.js';
import { copyElements, rowMajor } from '../operators/strided.js';
import { elementCount } from '../shape.js';
import type { TensorTable } from './file.js';

type NumericArray = Exclude<TensorData, readonly string[]>;

/** What holds the elements in memory, and the bits that each takes in the file. */
const storage: Partial<Record<string, { bits: number; array: new (buffer: ArrayBuffer) => NumericArray }>> = {
  float32: { bits: 32, array: Float32Array },
  float64: { bits: 64, array: Float64Array },
  float16: { bits: 16, array: Uint16Array },
  int32: { bits: 32, array: Int32Array },
  uint32: { bits: 32, array: Uint32Array },
  int64: { bits: 64, array: BigInt64Array },
  uint64: { bits: 64, array: BigUint64Array },
  int16: { bits: 16, array: Int16Array },
  uint16: { bits: 16, array: Uint16Array },
  int8: { bits: 8, array: Int8Array },
  uint8: { bits: 8, array: Uint8Array },
  bfloat16: { bits: 16, array: Uint16Array },
  bool: { bits: 8, array: Uint8Array },
  int4: { bits: 4, array: Int8Array },
  int2: { bits: 2, array: Int8Array },
};

/** The stored elements; 2- and 4-bit ones one an entry. Throws a ModelError where the bytes do not fit the shape. */
export function storedElements({ name, type, shape, data = new Uint8Array(0) }: TensorTable): Tensor {
  const where = `tensor ${JSON.stringify(name)}`;
  const kind = storage[type];
  if (kind === undefined)
    throw new ModelError({ where, what: `is a constant of type ${type}, which is not supported` });
  const count = elementCount(shape);
  const size = Math.ceil((count * kind.bits) / 8);
  if (data.length !== size)
    throw new ModelError({
      where,
      what: 'has the wrong number of bytes',
      expected: `${size}`,
      got: `${data.length}`,
    });
  const elements =
    kind.bits === 2 || kind.bits === 4
      ? unpackItems(data, kind.bits, new Int8Array(count))
      : new kind.array(data.slice().buffer);
  return { type, shape, data: elements };
}

/** Real values of a constant as float32: (code - zero point) * scale in float64, rounded once. */
export function realValues(table: TensorTable, stored: Tensor): Tensor {
  const { quantization, shape } = table;
  if (stored.type === 'float32') return stored;
  const elements = isHalf(stored.type) ? decodeHalf(stored) : stored.data;
  const values = Float32Array.from(elements as Iterable<number | bigint>, Number);
  if (quantization === null) return { type: 'float32', shape, data: values };
  const { scales, zeroPoints, axis } = quantization;
  const inner = elementCount(shape.slice(axis + 1));
  const codes = elements as ArrayLike<number | bigint>;
  for (let i = 0; i < values.length; i++) {
    const channel = scales.length === 1 ? 0 : Math.floor(i / inner) % scales.length;
    values[i] = (Number(codes[i]) - zeroPoints[channel]) * scales[channel];
  }
  return { type: 'float32', shape, data: values };
}

/** A tensor with its axes in another order: axis i of the result is axis permutation[i]. */
export function permuted(tensor: Tensor, permutation: readonly number[]): Tensor {
  const strides = rowMajor(tensor.shape);
  const shape = permutation.map((axis) => tensor.shape[axis]);
  const source = tensor.data as NumericArray;
  const data = source.slice();
  const order = permutation.map((axis) => strides[axis]);
  const target = { data, offset: 0, strides: rowMajor(shape) };
  copyElements(shape, { data: source, offset: 0, strides: order }, target);
  return { type: tensor.type, shape, data };
}
