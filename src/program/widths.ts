/** How many bits, sign included, integers on their way to codes have at most. */
import type { Format } from '../formats/format.js';
import type { PerChannel, Scaling } from './instructions.js';

/** Most bits of an operand that `add` scales on its own: sums of two are exact in float64. */
export const MOST_SCALED_BITS = 52;

const entries = (field: PerChannel): readonly number[] => (typeof field === 'number' ? [field] : field);

const least = (field: PerChannel) => entries(field).reduce((a, b) => Math.min(a, b), Infinity);
const largestMagnitude = (field: PerChannel) => entries(field).reduce((a, b) => Math.max(a, Math.abs(b)), 0);

/** Bits of the largest magnitude, and a sign. */
export function widthOf(field: PerChannel): number {
  return Math.ceil(Math.log2(largestMagnitude(field) + 1)) + 1;
}

/** Bits of code - zeroPoint. */
export function offsetBits(format: Format): number {
  const zeros = [format.zeroPoint].flat();
  const plain = format.bits + (format.signed ? 0 : 1);
  return zeros.every((zero) => zero === 0) ? plain : format.bits + 1;
}

/** Bits of what a scaling of integers of at most `bits` bits gives. */
export function scaledBits(scaling: Scaling, bits: number): number {
  switch (scaling.style) {
    case 'shift':
      return bits - least(scaling.shift) + 1;
    case 'multiplier':
      return bits + widthOf(scaling.multiplier) - least(scaling.shift) + 1;
    case 'doubling':
      return 32;
    case 'scale':
      return bits + Math.max(0, Math.ceil(Math.log2(largestMagnitude(scaling.scale)))) + 1;
    case 'division':
      return bits + 1;
  }
}
