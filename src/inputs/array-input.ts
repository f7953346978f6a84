/** From arrays (.npy, .npz, .pb, raw files) to the values of one network input. */
import { InputError } from '../errors.js';
import type { Elements } from '../execute/executor.js';
import type { GraphInput } from '../graph/graph.js';
import { elementCount } from '../shape.js';
import { normaliser } from './image-input.js';
import type { NumericArray, NumericData } from './npy.js';
import type { Preprocess } from './preprocess.js';

/** Dimensions of size 1 do not count when shapes are compared. */
function sameShape(a: readonly number[], b: readonly number[]): boolean {
  const significant = (shape: readonly number[]) => shape.filter((size) => size !== 1).join();
  return significant(a) === significant(b);
}

/**
 * Number of samples in an array: 1 where it has the input's shape, its first dimension where each of its entries has.
 * Throws an InputError naming `where` where neither holds.
 */
export function countSamples(shape: readonly number[], input: GraphInput, where: string): number {
  if (sameShape(shape, input.shape)) return 1;
  if (shape.length > 0 && shape[0] > 0 && sameShape(shape.slice(1), input.shape)) return shape[0];
  throw new InputError({
    where,
    what: `does not fit the network's input "${input.name}"`,
    expected: `[${input.shape}] or many of them along a first dimension`,
    got: `[${shape}]`,
  });
}

/** Elements of sample `index` of an array that holds samples of `input`. */
export function sliceSample(array: NumericArray, input: GraphInput, index: number): NumericData {
  const size = elementCount(input.shape);
  return array.data.subarray(index * size, (index + 1) * size);
}

/**
 * The values of one sample: floats are real values and integers are codes; with a preprocessing, both are numbers that
 * its scale, offset, mean and std turn into real values.
 * Throws an InputError naming `where` for a preprocessing that only images can have and for values that are not finite.
 */
export function arrayInput(
  data: NumericData,
  input: GraphInput,
  preprocess: Preprocess | undefined,
  where: string,
): Elements {
  if (preprocess) return normaliseArray(data, input, preprocess, where);
  if (data instanceof Float32Array) return checkFinite(data, where);
  if (data instanceof Float64Array) return checkFinite(Float32Array.from(data), where);
  if (!(data instanceof BigUint64Array)) return data;
  if (data.some((value) => value >= 2n ** 63n))
    throw new InputError({ where, what: 'holds integers above 2^63 - 1' });
  return BigInt64Array.from(data);
}

function normaliseArray(
  data: NumericData,
  { shape }: GraphInput,
  preprocess: Preprocess,
  where: string,
): Float32Array {
  for (const key of ['resize', 'crop', 'channels'] as const)
    if (preprocess[key] !== undefined)
      throw new InputError({ where, what: `"${key}" of the preprocessing needs images, this is an array` });
  const axis = preprocess.layout === 'NHWC' ? shape.length - 1 : Math.min(1, shape.length - 1);
  const channels = shape[axis] ?? 1;
  const inner = elementCount(shape.slice(axis + 1));
  const normalise = normaliser(preprocess, channels, where);
  const result = Float32Array.from(data as ArrayLike<number | bigint>, (value, index) =>
    normalise(Number(value), Math.floor(index / inner) % channels),
  );
  return checkFinite(result, where);
}

function checkFinite(data: Float32Array, where: string): Float32Array {
  const index = data.findIndex((value) => !Number.isFinite(value));
  if (index < 0) return data;
  throw new InputError({ where, what: `element ${index} is not a finite float32`, got: String(data[index]) });
}
