import { InputError, ModelError } from '../errors.js';
import { halfToNumber } from '../formats/half.js';
import type { TensorData } from '../graph/tensor.js';
import { readTensor } from '../onnx/tensor-proto.js';
import type { NumericData } from './npy.js';
import type { NamedArray } from './npz.js';

/** Types whose storage is not the number itself, but converts to float32 exactly. */
const widened: Readonly<Record<string, (bits: number) => number>> = {
  float16: halfToNumber,
  bfloat16: (bits) => new Float32Array(Uint32Array.of(bits << 16).buffer)[0],
};
const unsupported = /^(string|complex|float8|float4)/;

/** Reads a serialised ONNX TensorProto. Throws an InputError naming `where`, also for types that are no numbers. */
export function decodeTensorFile(bytes: Uint8Array, where: string): NamedArray {
  const { name, tensor } = read(bytes, where);
  const { type, shape } = tensor;
  const data = tensor.data as Exclude<TensorData, readonly string[]>;
  if (unsupported.test(type))
    throw new InputError({ where, what: 'cannot be an input', got: `elements of ${type}` });
  const widen = widened[type];
  const numbers: NumericData = widen ? Float32Array.from(data as Uint16Array, widen) : data;
  return { name, shape, data: numbers };
}

function read(bytes: Uint8Array, where: string): ReturnType<typeof readTensor> {
  try {
    return readTensor(bytes, where);
  } catch (error) {
    throw error instanceof ModelError ? new InputError(error.facts) : error;
  }
}
