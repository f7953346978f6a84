/** Records for assembly/depthwise-short.ts: 3x3 windows whose sums are exact in 16 bits. */
import type { CodeRange } from '../../formats/format.js';

/** Elements of the record of 8 channels: 14 vectors. */
const RECORD = 14 * 8;
export const SHORT_RECORD_BYTES = RECORD * 2;

const smallest = -(2 ** 15);
const largest = 2 ** 15 - 1;

export interface ShortLayer {
  /** Per channel, 9. */
  readonly weights: ArrayLike<number>;
  readonly bias: ArrayLike<number | bigint> | undefined;
  /** Per channel; the rounding is halfEven. */
  readonly shifts: readonly number[];
  /** What the codes of x are proved to be, and the codes of y after saturation. */
  readonly x: CodeRange;
  readonly y: CodeRange;
}

/** The record of each block of 8 channels; undefined where they are fewer or need wider sums. */
export function shortRecords({ weights, bias, shifts, x, y }: ShortLayer): (Int16Array | undefined)[] {
  return Array.from({ length: Math.ceil(shifts.length / 8) }, (_, block) => {
    if (block * 8 + 8 > shifts.length) return undefined;
    const record = new Int16Array(RECORD);
    for (let lane = 0; lane < 8; lane++) {
      const index = block * 8 + lane;
      const taps = Array.from({ length: 9 }, (_, tap) => weights[index * 9 + tap]);
      const vectors = channelRecord(taps, Number(bias?.[index] ?? 0), shifts[index], x, y);
      if (vectors === undefined) return undefined;
      for (const [vector, value] of vectors.entries()) record[vector * 8 + lane] = value;
    }
    return record;
  });
}

/**
 * One channel's elements, modulo 2^16. The sum of its window is computed in two: rows 0 and 1, and row 2. Each starts so that it stays
 * within 16 bits whatever the codes of x. The starts add the bias and a multiple of twice the unit of the code, which the code loses
 * again at the end. Where both sums together leave 16 bits, their addition saturates, and so must the code. Undefined where no
 * starts do all that.
 */
function channelRecord(
  weights: readonly number[],
  bias: number,
  shift: number,
  x: CodeRange,
  y: CodeRange,
): number[] | undefined {
  if (shift > 15) return undefined;
  if (shift < 1) {
    const factor = 2 ** (1 - shift);
    const larger = weights.map((weight) => weight * factor);
    return channelRecord(larger, bias * factor, 1, x, y);
  }
  const upper = reach(weights.slice(0, 6), x);
  const lower = reach(weights.slice(6), x);
  const firstLow = smallest - upper.low;
  const firstHigh = largest - upper.high;
  const secondLow = smallest - lower.low;
  const secondHigh = largest - lower.high;
  if (firstLow > firstHigh || secondLow > secondHigh) return undefined;
  const unit = 2 ** shift;
  const fromBelow = Math.min(smallest - upper.low - lower.low - bias, smallest - y.low * unit);
  const fromAbove = Math.max(largest - upper.high - lower.high - bias, largest - y.high * unit);
  const added = Math.ceil(Math.max(firstLow + secondLow - bias, fromBelow) / (2 * unit)) * 2 * unit;
  if (added > Math.min(firstHigh + secondHigh - bias, fromAbove)) return undefined;
  const base = added / unit;
  if (base < smallest || base > largest) return undefined;
  const first = Math.max(firstLow, bias + added - secondHigh);
  return [...weights, first, bias + added - first, unit, 2 ** (15 - shift), base];
}

/** Smallest and largest sum of products of weights with codes, or with zero, which padding holds. */
function reach(weights: readonly number[], { low, high }: CodeRange): CodeRange {
  const ends = weights.map((weight) => [0, weight * low, weight * high]);
  return {
    low: ends.reduce((sum, products) => sum + Math.min(...products), 0),
    high: ends.reduce((sum, products) => sum + Math.max(...products), 0),
  };
}
