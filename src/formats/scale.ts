/** Formats with real scales, as quantised models give them. */
import { FormatError } from '../errors.js';
import type { Format } from './format.js';

export interface ScaledFormat {
  readonly bits: number;
  readonly signed: boolean;
  /** Positive and finite: one for the tensor, or one per index on `axis`. */
  readonly scale: number | readonly number[];
  readonly zeroPoint: number | readonly number[];
  /** Default null. */
  readonly axis?: number | null;
}

/**
 * The format whose steps are exactly these scales: every float32 and float64 is a mantissa times a power of two. Throws a FormatError
 * for a scale that is not a positive, finite number.
 */
export function formatOfScale({ bits, signed, scale, zeroPoint, axis = null }: ScaledFormat): Format {
  const parts = typeof scale === 'number' ? splitScale(scale) : scale.map(splitScale);
  const pick = (key: 'mantissa' | 'fractionBits') =>
    Array.isArray(parts) ? parts.map((part) => part[key]) : (parts as ScaleParts)[key];
  return {
    bits,
    signed,
    narrow: false,
    fractionBits: pick('fractionBits'),
    mantissa: pick('mantissa'),
    zeroPoint,
    axis,
  };
}

interface ScaleParts {
  readonly mantissa: number;
  readonly fractionBits: number;
}

/** A positive number as an odd mantissa times 2^-fractionBits, exactly. */
function splitScale(scale: number): ScaleParts {
  if (!(scale > 0 && Number.isFinite(scale)))
    throw new FormatError({
      where: 'a scale',
      what: 'is not a positive number',
      expected: 'above 0, finite',
      got: `${scale}`,
    });
  let mantissa = scale;
  let fractionBits = 0;
  for (; !Number.isInteger(mantissa); mantissa *= 2) fractionBits++;
  for (; mantissa % 2 === 0; mantissa /= 2) fractionBits--;
  return { mantissa, fractionBits };
}
