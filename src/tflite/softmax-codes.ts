/** The tables of TFLite's integer softmax: what an element contributes, by its distance from the largest of its line. */
import { interpolate } from '../execute/oracle/softmax-codes.js';
import type { FixedMultiplier } from '../formats/fixed-multiplier.js';
import { expOfNegative, inputRadius, multiplierOf, multiply, saturatingHighProduct } from './fixed-point.js';
import { exponentialTable } from './lookup-tables.js';

/** The multiplier that brings differences of codes to the scale of the tables of exp: TFLite's SoftmaxPrepare. */
export function softmaxMultiplier(bits: number, scale: number, beta: number): FixedMultiplier {
  if (bits === 16) return multiplierOf(Math.fround(scale * beta) / (10 / 65535));
  return multiplierOf(Math.min(beta * scale * 2 ** 26, 2 ** 31 - 1));
}

/**
 * exp(-d * scale) for the differences d = 0, 1, ... 2^bits - 1 of codes: of 8 bits mantissas over 2^31, 0 where the kernel
 * leaves an element out, and of 16 bits mantissas over 2^15.
 */
export function softmaxTables(bits: number, multiplier: FixedMultiplier): Int32Array {
  return bits === 16 ? exponentials16(multiplier) : exponentials8(multiplier, 2 ** bits);
}

function exponentials8({ value, shift }: FixedMultiplier, length: number): Int32Array {
  const radius = inputRadius(5, shift);
  return Int32Array.from({ length }, (_, d) =>
    d > radius ? 0 : expOfNegative(saturatingHighProduct(-d * 2 ** shift, value), 5),
  );
}

function exponentials16(multiplier: FixedMultiplier): Int32Array {
  const table = exponentialTable();
  return Int32Array.from({ length: 65536 }, (_, d) => {
    const position = multiply(-d, multiplier) + 32767;
    return interpolate(table, Math.min(Math.max(position, -32768), 32767));
  });
}
