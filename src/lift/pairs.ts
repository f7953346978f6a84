/** Sums and products between DequantizeLinear and QuantizeLinear: on codes only where the integers are those of float32. */
import { codeRange } from '../formats/format.js';
import { type Arithmetic, byScale, byShift } from './draft.js';
import type { Quantity } from './quantity.js';

/** Integers up to here are exact in float32. */
const LARGEST_EXACT = 2 ** 24;

/** A shift between two scales beyond which nothing is computed on codes. */
const LARGEST_SHIFT = 30;

/**
 * How a sum (Add, Sub) or product of codes is computed: by float32 scales up to 8 bits, as onnxruntime does, unless it must be exact. Others by shifts, where
 * all scales are powers of two and no value before the quantisation needs more bits than float32 has; undefined for all others.
 */
export function pairArithmetic(
  operator: string,
  operands: readonly [Quantity, Quantity],
  result: Quantity,
  isExact: boolean,
): Arithmetic | undefined {
  const all = [...operands, result];
  if (all.some(({ bits }) => bits > 16)) return undefined;
  if (!isExact && all.every(({ bits }) => bits <= 8)) return byScale;
  const exponents = all.map(({ scale }) => Math.round(Math.log2(scale)));
  if (all.some(({ scale }, index) => 2 ** exponents[index] !== scale)) return undefined;
  const [a, b, y] = exponents;
  const least = Math.min(a, b);
  const position = operator === 'Mul' ? a + b : least;
  const [left, right] = operands.map(largestOffset);
  const largest = operator === 'Mul' ? left * right : left * 2 ** (a - least) + right * 2 ** (b - least);
  const fits = largest <= LARGEST_EXACT && Math.abs(position - y) <= LARGEST_SHIFT;
  return fits ? byShift : undefined;
}

/** The largest magnitude of a code less its zero point. */
function largestOffset({ bits, signed, zeroPoint }: Quantity): number {
  const { low, high } = codeRange({ bits, signed, narrow: false });
  return Math.max(zeroPoint - low, high - zeroPoint);
}
