/** The tables of TFLite's integer softmax: what an element contributes, by its distance from the largest of its line. */
import {
  doublingHighProduct,
  expOfNegative,
  inputRadius,
  multiply,
  quantizeMultiplier,
} from './fixed-point.js';
import { exponentialTable, interpolate } from './lookup-tables.js';

/**
 * exp(-d * beta * scale) for the differences d = 0, 1, ... 255 of 8-bit codes, as mantissas over 2^31; 0 where the kernel
 * leaves an element out.
 */
export function exponentials8(scale: number, beta: number): Int32Array {
  const { value, shift } = quantizeMultiplier(Math.min(beta * scale * 2 ** 26, 2 ** 31 - 1));
  const least = -inputRadius(5, shift);
  return Int32Array.from({ length: 256 }, (_, d) => {
    if (-d < least) return 0;
    return expOfNegative(doublingHighProduct(-d * 2 ** shift, value), 5);
  });
}

/** The same for the 65536 differences of 16-bit codes, as mantissas over 2^15. */
export function exponentials16(scale: number, beta: number): Int32Array {
  const multiplier = quantizeMultiplier((scale * beta) / (10 / 65535));
  const table = exponentialTable();
  return Int32Array.from({ length: 65536 }, (_, d) => {
    const position = multiply(-d, multiplier) + 32767;
    return interpolate(table, Math.min(Math.max(position, -32768), 32767));
  });
}
