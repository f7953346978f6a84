/** Elements that only depend on their index, for inputs where none are given and for weights of synthetic layers. */
import { ExecutionError } from '../../errors.js';
import type { Elements } from '../../execute/executor.js';
import type { Program } from '../../program/program.js';
import { elementCount } from '../../shape.js';

/** A number in -1 .. 1 that nothing but its index decides and neighbours do not: an integer hash (lowbias32, C. Wellons 2018). */
export function noiseAt(index: number): number {
  let hash = Math.imul(index ^ (index >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 31 - 1;
}

const arrays = {
  float32: Float32Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
};

/** A tensor of an element type of ONNX: reals in -1 .. 1, integers in 0 .. 127 or -127 .. 127. */
export function noise(
  type: string,
  shape: readonly number[],
): InstanceType<(typeof arrays)[keyof typeof arrays]> {
  const array = arrays[type as keyof typeof arrays];
  if (array === undefined)
    throw new ExecutionError({ where: `type ${type}`, what: 'has no random elements' });
  const elements = new array(elementCount(shape));
  const size = type === 'float32' ? 1 : 127;
  for (let i = 0; i < elements.length; i++)
    elements[i] = type.startsWith('u') ? Math.abs(noiseAt(i) * size) : noiseAt(i) * size;
  return elements;
}

/** An input for each port of a program. */
export function noiseInputs({ inputs, tensors }: Program): Elements[] {
  return inputs.map(({ tensor }) => {
    const { format, shape } = tensors[tensor];
    const type = format === null ? 'float32' : format.signed ? 'int8' : 'uint8';
    return noise(type, shape) as Elements;
  });
}
