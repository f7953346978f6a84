/** 16-bit floating point numbers as constants. */
import { halfToNumber } from '../formats/half.js';
import type { ElementType, Tensor } from '../graph/tensor.js';
import { elementCount } from '../shape.js';

/** True for the types whose elements are kept as 16 bits. */
export function isHalf(type: ElementType): boolean {
  return type === 'float16' || type === 'bfloat16';
}

/** The values of a float16 or bfloat16 tensor; float32 holds all of them exactly. */
export function decodeHalf(tensor: Tensor): Float32Array {
  const bits = tensor.data as Uint16Array;
  const values = new Float32Array(elementCount(tensor.shape));
  if (tensor.type === 'bfloat16') {
    const words = new Uint32Array(values.buffer);
    for (let i = 0; i < words.length; i++) words[i] = bits[i] << 16;
  } else {
    for (let i = 0; i < values.length; i++) values[i] = halfToNumber(bits[i]);
  }
  return values;
}
