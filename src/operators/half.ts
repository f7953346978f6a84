/** 16-bit floating point numbers as constants. */
import { type ElementType, elementCount, type Tensor } from '../graph/tensor.js';

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
    for (let i = 0; i < values.length; i++) values[i] = decodeFloat16(bits[i]);
  }
  return values;
}

/** IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. */
function decodeFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
