/**
 * Choosing fraction bits for values from their distribution, and for constants from the constants themselves.
 */
import { histogramOf } from '../calibrate/histogram.js';
import type { CodeRange } from '../formats/format.js';
import {
  clippedShare,
  type Distribution,
  divergence,
  mostFractionBits,
  unseenErrors,
} from './distribution.js';
import { remember } from './remember.js';

export const METHODS = ['leastSquares', 'minmax', 'percentile', 'entropy'] as const;
/**
 * `minmax`: the most fraction bits that hold every value. `percentile`: the most that hold a given share of
 * them. `leastSquares`: those with the least expected squared error, clipping and rounding together, of the values seen and
 * of one unseen value at each end of their reach. `entropy`: those with the least divergence.
 */
export type Method = (typeof METHODS)[number];

export interface MethodOptions {
  readonly method: Method;
  /** Share of the values that `percentile` holds. */
  readonly percentile: number;
}

/** The share of the values that `percentile` holds unless another is asked for. */
export const PERCENTILE = 0.9999;

/** A percentile never cuts a range to less than 2^-16 of what it was, however few values are not 0. */
const MOST_CLIPPED_BITS = 16;

/** Fraction bits for values; undefined where all of them are 0 or clipped to 0. */
export function chooseFractionBits(
  distribution: Distribution,
  range: CodeRange,
  { method, percentile }: MethodOptions,
): number | undefined {
  const start = mostFractionBits(distribution.minimum, distribution.maximum, range);
  if (start === undefined || method === 'minmax') return start;
  if (method === 'leastSquares') {
    const { minimum, maximum } = distribution.reach ?? distribution;
    const first = mostFractionBits(minimum, maximum, range) ?? start;
    return leastCost(first, distribution.count, (bits) => {
      const { rounding, saturation } = unseenErrors(distribution, bits, range);
      return rounding + saturation;
    });
  }
  if (method === 'entropy') return leastDivergence(distribution, start, range);
  let bits = start;
  while (bits < start + MOST_CLIPPED_BITS && clippedShare(distribution, bits + 1, range) <= 1 - percentile)
    bits++;
  return bits;
}

/**
 * The fewest fraction bits of least divergence, from `start` on, with which nothing is clipped. Steps are no finer than the bins
 * of the histogram: what happens within a bin it does not show.
 */
function leastDivergence(distribution: Distribution, start: number, range: CodeRange): number {
  let chosen = start;
  let least = divergence(distribution, start, range);
  for (let bits = start + 1; bits <= -distribution.histogram.exponent; bits++) {
    const current = divergence(distribution, bits, range);
    if (current < least) {
      chosen = bits;
      least = current;
    }
  }
  return chosen;
}

const chosenRows = new WeakMap<Float32Array, Map<string, (number | undefined)[]>>();

/**
 * Fraction bits for each of `channels` equal rows of a constant, or one for all, by the method and on the constants
 * themselves. A row of zeros takes the fewest fraction bits of the others; undefined where everything is 0.
 */
export function chooseConstantBits(
  values: Float32Array,
  channels: number,
  range: CodeRange,
  method: Method,
  percentile = PERCENTILE,
): number[] | undefined {
  const key = `${channels} ${range.low} ${range.high} ${method} ${percentile}`;
  const chosen = remember(chosenRows, values, key, () => {
    const length = values.length / channels;
    const rows = Array.from({ length: channels }, (_, row) =>
      values.subarray(row * length, (row + 1) * length),
    );
    return rows.map((row) => chooseRow(row, range, { method, percentile }));
  });
  const known = chosen.filter((bits) => bits !== undefined);
  if (known.length === 0) return undefined;
  const fewest = known.reduce((a, b) => Math.min(a, b));
  return chosen.map((bits) => bits ?? fewest);
}

function chooseRow(row: Float32Array, range: CodeRange, options: MethodOptions): number | undefined {
  const minimum = row.reduce((a, b) => Math.min(a, b), 0);
  const maximum = row.reduce((a, b) => Math.max(a, b), 0);
  if (options.method === 'leastSquares') {
    const start = mostFractionBits(minimum, maximum, range);
    if (start === undefined) return undefined;
    return leastCost(start, row.length, (bits) => constantError(row, bits, range));
  }
  const zeros = row.reduce((count, value) => count + Number(value === 0), 0);
  const distribution = { count: row.length, zeros, minimum, maximum, histogram: histogramOf(row) };
  return chooseFractionBits(distribution, range, options);
}

/** Sum of squared differences between constants and what a format, rounding to nearest, makes of them. */
export function constantError(row: Float32Array, fractionBits: number, { low, high }: CodeRange): number {
  const scale = 2 ** fractionBits;
  let sum = 0;
  for (let i = 0; i < row.length; i++) {
    const value = row[i] * scale;
    const difference = value - Math.min(Math.max(Math.round(value), low), high);
    sum += difference * difference;
  }
  return sum / scale ** 2;
}

/**
 * The fewest fraction bits, from `start` on, of least cost for `count` values. Ends where clipping alone
 * costs more than the best so far: it only grows, and rounding costs at most a quarter of a squared step for
 * each value.
 */
function leastCost(start: number, count: number, cost: (fractionBits: number) => number): number {
  let chosen = start;
  let least = Infinity;
  for (let bits = start; ; bits++) {
    const current = cost(bits);
    if (current < least) {
      chosen = bits;
      least = current;
    } else if (current - (count / 4) * 4 ** -bits >= least) return chosen;
  }
}
