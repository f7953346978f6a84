/** Random choices, formats, shapes and elements that the program generator is made of. All of them shrink. */
import fc from 'fast-check';
import type { Elements } from '#src/execute/executor.js';
import { allocateCodes, codeRange, type Format, fixed } from '#src/formats/format.js';

export type Kind = 'codes' | 'float32';

export interface Draw {
  /** From `low` to `high`, both included; shrinks towards `low` (towards 0 where that lies between). */
  integer(low: number, high: number): number;
  /** Shrinks towards the first. */
  pick<T>(choices: readonly T[]): T;
  /** Shrinks towards false. */
  chance(percent: number): boolean;
}

/** Runs a recipe with a source of choices. */
export function arbitraryFrom<T>(recipe: (draw: Draw) => T): fc.Arbitrary<T> {
  return fc.gen().map((next) => {
    const integer = (low: number, high: number) => next(fc.integer, { min: low, max: high });
    return recipe({
      integer,
      pick: (choices) => choices[integer(0, choices.length - 1)],
      chance: (percent) => integer(1, 100) > 100 - percent,
    });
  });
}

/** A size of 1, a small one, or one that is no multiple of a vector's lanes. */
export function drawSize(draw: Draw, most: number): number {
  return draw.pick([1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17, 24, 31, 33].filter((size) => size <= most));
}

/** Shape of an activation: at most a few thousand elements. Rank 4 is [N, H, W, C]. */
export function drawShape(draw: Draw, rank: number): number[] {
  if (rank === 4) {
    const batch = draw.chance(10) ? 2 : 1;
    return [batch, drawSize(draw, 9), drawSize(draw, 9), drawSize(draw, 33)];
  }
  if (rank === 2) return [drawSize(draw, 9), drawSize(draw, 33)];
  return Array.from({ length: rank }, () => drawSize(draw, rank === 1 ? 33 : 7));
}

export interface FormatOptions {
  /** Formats that no shift can compute with: mantissas and zero points. */
  readonly affine?: boolean;
  readonly unusual?: boolean;
  readonly widest?: number;
}

/**
 * A format of 2 to 16 bits; 16 unsigned ones, which no 16-bit register holds as a signed number, and zero points of formats
 * that are not affine only if `unusual`.
 */
export function drawFormat(draw: Draw, options: FormatOptions = {}): Format {
  const { affine = false, unusual = false, widest = 16 } = options;
  const bits = draw.pick([8, 2, 3, 4, 5, 7, 9, 12, 15, 16, 32, 24, 17].filter((width) => width <= widest));
  if (bits > 16) {
    const wide = fixed(bits, draw.integer(-4, 20), { narrow: draw.chance(15) });
    return affine ? { ...wide, mantissa: draw.pick([1, 3, 9_741_277, 2 ** 24 - 1]) } : wide;
  }
  const signed = (bits === 16 && !unusual) || !draw.chance(30);
  const narrow = signed && draw.chance(15);
  const format = fixed(bits, draw.integer(-4, 20), { signed, narrow });
  const range = codeRange(format);
  const zeroPoint = () => draw.integer(range.low, range.high);
  if (!affine || !draw.chance(50))
    return unusual && draw.chance(30) ? { ...format, zeroPoint: zeroPoint() } : format;
  return { ...format, mantissa: draw.pick([1, 3, 9_741_277, 2 ** 24 - 1]), zeroPoint: zeroPoint() };
}

/** Pseudo-random numbers from 0 to 1 (excluded), by mulberry32. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Fill = (random: () => number, index: number, low: number, high: number) => number;

const between = (random: () => number, low: number, high: number) =>
  low + Math.floor(random() * (high - low + 1));

/** From harmless to hostile. */
const codeFills: readonly Fill[] = [
  () => 0,
  (random, _, low, high) => Math.min(Math.max(between(random, -3, 3), low), high),
  (random, _, low, high) => between(random, low, high),
  (random, _, low, high) => (random() < 0.5 ? low : high),
  (_, index, low, high) => (index % 2 === 0 ? low : high),
  (_, _index, low) => low,
  (_, _index, _low, high) => high,
];

/** Codes from `low` to `high`: all zero, small, uniform, only extremes, all lowest or all highest. */
export function drawCodes(draw: Draw, format: Format, length: number, low: number, high: number): Elements {
  const fill = draw.pick(codeFills);
  const random = createRandom(draw.integer(0, 2 ** 31 - 1));
  const codes = allocateCodes(format, length);
  for (let index = 0; index < length; index++) {
    const code = Math.min(Math.max(fill(random, index, low, high), low), high);
    codes[index] = codes instanceof BigInt64Array ? BigInt(code) : code;
  }
  return codes;
}

const special = [0, -0, 0.5, -0.5, 1.5, -2.5, 1e-40, -1e-40, 2 ** -126, 1e-3, -1e-3, 0.1, -6, 6, 9999, -9999];

const floatFills: readonly ((random: () => number) => number)[] = [
  () => 0,
  (random) => between(random, -3, 3),
  (random) => between(random, -64, 64) / 2,
  (random) => random() * 8 - 4,
  (random) => special[between(random, 0, special.length - 1)],
  (random) => (random() - 0.5) * 2 ** between(random, -30, 13),
];

/** Finite float32 up to 10^4, so that chains of instructions stay free of NaN; zeros of both signs, ties and subnormals. */
export function drawFloats(draw: Draw, length: number): Float32Array {
  const fill = draw.pick(floatFills);
  const random = createRandom(draw.integer(0, 2 ** 31 - 1));
  return Float32Array.from({ length }, () => fill(random));
}
