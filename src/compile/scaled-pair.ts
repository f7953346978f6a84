/** From formats to the numbers of `scaledPair`, each step in float32 and in the order in which onnxruntime takes it. */
import { at, type Format, stepSize } from '../formats/format.js';
import type { ScaledPair } from '../program/instructions.js';

const { fround } = Math;

const zeroPoint = (format: Format) => at(format.zeroPoint, 0);
const step = (format: Format) => fround(stepSize(format));

/** offset = zero point of the result - (zero points of the operands times their scales), the first product fused. */
export function createScaledSum([a, b]: readonly Format[], sign: 1 | -1, result: Format): ScaledPair {
  const scaleA = fround(step(a) / step(result));
  const scaleB = sign * fround(step(b) / step(result));
  const zero = fround(scaleA * zeroPoint(a) + fround(scaleB * zeroPoint(b)));
  return { function: 'sum', scales: [scaleA, scaleB], offset: fround(zeroPoint(result) - zero) };
}

export function createScaledProduct([a, b]: readonly Format[], result: Format): ScaledPair {
  const scale = fround(fround(step(a) * step(b)) / step(result));
  return { function: 'product', scale, offset: zeroPoint(result) };
}
