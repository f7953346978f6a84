/** What happens to an integer that a format cannot hold. docs/arithmetic.md section 3 is the definition. */
import { FormatError } from '../errors.js';
import { type CodeRange, codeRange, type Format, formatText } from './format.js';
import type { Overflow } from './rounding.js';

/** The fields of a format that bound its codes. */
export type Width = Pick<Format, 'bits' | 'signed' | 'narrow'>;

/** Called with a value that does not fit where the overflow is `trap`; throws the error that the caller wants. */
export type Trap = (value: number | bigint) => never;

/** True where a value outside of the range becomes the nearer end. */
export function saturates(overflow: Overflow): overflow is 'saturate' | 'saturateSymmetric' {
  return overflow === 'saturate' || overflow === 'saturateSymmetric';
}

/** The codes that no overflow changes; with a clamp, what it makes of the least and the greatest of them. */
export function keptRange(width: Width, overflow: Overflow, clamp: CodeRange | null = null): CodeRange {
  const { low, high } = codeRange(width);
  const least = overflow === 'saturateSymmetric' && width.signed ? -high : low;
  if (clamp === null) return { low: least, high };
  return { low: saturate(least, clamp.low, clamp.high), high: saturate(high, clamp.low, clamp.high) };
}

/** What happens beyond the kept range, to which either end may belong. */
export function overflowBeyond(overflow: Overflow): Exclude<Overflow, 'saturateSymmetric'> {
  return saturates(overflow) ? 'saturate' : overflow;
}

/** Throws a FormatError naming `where` for the one combination that has no meaning: wrapping into a narrow format. */
export function checkOverflow(format: Format, overflow: Overflow, where: string): void {
  if (overflow !== 'wrap' || !format.narrow) return;
  throw new FormatError({
    where,
    what: 'a narrow format cannot wrap',
    expected: 'saturate, saturateSymmetric or trap',
    got: formatText(format),
  });
}

/** Brings an integer into the range of a format. Exact for |value| < 2^53 and for formats up to 53 bits. */
export function applyOverflow(value: number, width: Width, overflow: Overflow, trap: Trap): number {
  const { low, high } = keptRange(width, overflow);
  if (value >= low && value <= high) return value;
  if (saturates(overflow)) return saturate(value, low, high);
  if (overflow === 'trap') return trap(value);
  const modulus = 2 ** width.bits;
  const offset = (value - low) % modulus;
  return low + (offset < 0 ? offset + modulus : offset);
}

/** As applyOverflow, for integers of any size and formats up to 64 bits. */
export function applyOverflowBig(value: bigint, width: Width, overflow: Overflow, trap: Trap): bigint {
  const { bits, signed, narrow } = width;
  const high = (1n << BigInt(signed ? bits - 1 : bits)) - 1n;
  const low = signed ? (narrow ? -high : -high - 1n) : 0n;
  if (overflow === 'saturateSymmetric') return saturate(value, signed ? -high : low, high);
  if (value >= low && value <= high) return value;
  if (overflow === 'saturate') return saturate(value, low, high);
  if (overflow === 'trap') return trap(value);
  return signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

function saturate<T extends number | bigint>(value: T, low: T, high: T): T {
  return value < low ? low : value > high ? high : value;
}
