/**
 * Fixed-point number formats. A format gives every integer code a real value:
 *
 *     real = (code - zeroPoint) * mantissa * 2^-fractionBits
 *
 * which holds any power-of-two scale (mantissa 1) and any float32 scale (24-bit mantissa) exactly.
 * Scale and zero point may be given once or per channel along `axis`.
 */
import { FormatError } from '../errors.js';

export interface Format {
  /** Width of a code, sign included; 2 to 16 for weights, up to 32 for activations and 64 for biases. */
  readonly bits: number;
  readonly signed: boolean;
  /** True where the most negative code is never used, so that the range is symmetric. */
  readonly narrow: boolean;
  /** Position of the binary point; may be negative or larger than `bits`. */
  readonly fractionBits: number | readonly number[];
  readonly mantissa: number | readonly number[];
  readonly zeroPoint: number | readonly number[];
  /** The axis (of the stored tensor) along which arrays above run; null where all are scalars. */
  readonly axis: number | null;
}

/** A signed format with mantissa 1 and zero point 0; `overrides` changes any field. */
export function fixed(
  bits: number,
  fractionBits: number | readonly number[],
  overrides: Partial<Format> = {},
): Format {
  const axis = typeof fractionBits === 'number' ? null : 0;
  return { bits, signed: true, narrow: false, fractionBits, mantissa: 1, zeroPoint: 0, axis, ...overrides };
}

/** Smallest and largest code. */
export interface CodeRange {
  readonly low: number;
  readonly high: number;
}

/** Smallest and largest code of a format, as exact integers (bigint above 53 bits is not needed here). */
export function codeRange(format: Pick<Format, 'bits' | 'signed' | 'narrow'>): CodeRange {
  const { bits, signed, narrow } = format;
  if (!signed) return { low: 0, high: 2 ** bits - 1 };
  const high = 2 ** (bits - 1) - 1;
  return { low: narrow ? -high : -high - 1, high };
}

/** The element of a scalar-or-array field that belongs to `channel`. */
export function at(field: number | readonly number[], channel: number): number {
  return typeof field === 'number' ? field : field[channel];
}

/** The format of one channel alone. */
export function formatOfChannel(format: Format, channel: number): Format {
  const { fractionBits, mantissa, zeroPoint } = format;
  return {
    ...format,
    fractionBits: at(fractionBits, channel),
    mantissa: at(mantissa, channel),
    zeroPoint: at(zeroPoint, channel),
    axis: null,
  };
}

/** How many channels have numbers of their own; 1 where all share them. */
export function channelCount({ fractionBits, mantissa, zeroPoint }: Format): number {
  return [fractionBits, mantissa, zeroPoint].find((field) => typeof field !== 'number')?.length ?? 1;
}

/** Real value of one step of the code in `channel`. */
export function stepSize(format: Format, channel = 0): number {
  return at(format.mantissa, channel) * 2 ** -at(format.fractionBits, channel);
}

/** Real values of one step of the code in all channels; one value where they share it. */
export function stepSizes(format: Format): Float64Array {
  const { mantissa, fractionBits } = format;
  const lengths = [mantissa, fractionBits].map((field) => (typeof field === 'number' ? 1 : field.length));
  return Float64Array.from({ length: Math.max(...lengths) }, (_, channel) => stepSize(format, channel));
}

/** True where every scale is a power of two and every zero point 0, so that shifts alone convert. */
export function isPowerOfTwo(format: Format): boolean {
  const all = (field: number | readonly number[], value: number) =>
    typeof field === 'number' ? field === value : field.every((entry) => entry === value);
  return all(format.mantissa, 1) && all(format.zeroPoint, 0);
}

/** Typed array that stores codes of a format: the smallest of 8, 16, 32 and 64 bits. */
export type Codes =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array;

/** Allocates zeroed storage for `length` codes. */
export function allocateCodes(format: Pick<Format, 'bits' | 'signed'>, length: number): Codes {
  const { bits, signed } = format;
  if (bits <= 8) return signed ? new Int8Array(length) : new Uint8Array(length);
  if (bits <= 16) return signed ? new Int16Array(length) : new Uint16Array(length);
  if (bits <= 32) return signed ? new Int32Array(length) : new Uint32Array(length);
  return new BigInt64Array(length);
}

/** Throws a FormatError naming `where` unless every field of the format is legal. */
export function checkFormat(format: Format, where: string): void {
  const fail = (what: string, expected: string, got: string) => {
    throw new FormatError({ where, what, expected, got });
  };
  const { bits, axis } = format;
  if (!Number.isInteger(bits) || bits < 1 || bits > 64) fail('illegal width', '1 to 64 bits', String(bits));
  const lengths = new Set<number>();
  for (const name of ['fractionBits', 'mantissa', 'zeroPoint'] as const) {
    const field = format[name];
    const entries = typeof field === 'number' ? [field] : field;
    if (typeof field !== 'number') lengths.add(field.length);
    for (const entry of entries) {
      if (!Number.isInteger(entry)) fail(`illegal ${name}`, 'an integer', String(entry));
      if (name === 'mantissa' && entry <= 0) fail('illegal mantissa', 'a positive integer', String(entry));
    }
  }
  if (lengths.size > 1) fail('per-channel fields differ in length', 'one length', [...lengths].join(', '));
  if (lengths.size === 1 && axis === null) fail('per-channel fields without an axis', 'an axis', 'null');
}

/** True where two formats give every code the same meaning. */
export function sameFormat(a: Format, b: Format): boolean {
  if (a === b) return true;
  return formatText(a) === formatText(b);
}

/**
 * Canonical text: `fixed(8,4)`, `ufixed(8,4)` for unsigned, with `narrow`, `mantissa=`, `zeroPoint=` and
 * `axis=` where they differ from the default; arrays in square brackets.
 */
export function formatText(format: Format): string {
  const list = (field: number | readonly number[]) =>
    typeof field === 'number' ? String(field) : `[${field.join(',')}]`;
  const parts = [String(format.bits), list(format.fractionBits)];
  if (format.narrow) parts.push('narrow');
  if (format.mantissa !== 1) parts.push(`mantissa=${list(format.mantissa)}`);
  if (format.zeroPoint !== 0) parts.push(`zeroPoint=${list(format.zeroPoint)}`);
  if (format.axis !== null) parts.push(`axis=${format.axis}`);
  return `${format.signed ? 'fixed' : 'ufixed'}(${parts.join(',')})`;
}
