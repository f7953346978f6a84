/**
 * Histograms whose bin width is a power of two that only doubles, with bins aligned at 0. The width is the
 * smallest that covers 0 and all values with 2,048 bins: it depends on the least and the greatest value
 * alone, so that neither the order of the values nor the way of merging shows.
 */

export const MOST_BINS = 2048;

/** Exponent of the smallest bin width: that of the smallest float32. */
export const LEAST_EXPONENT = -149;

/** Bin i counts the values in [(first + i) * 2^exponent, (first + i + 1) * 2^exponent). */
export interface Histogram {
  readonly exponent: number;
  readonly first: number;
  /** First and last are not 0; empty where nothing was counted. */
  readonly counts: Float64Array;
}

/** The smallest exponent, at least `exponent`, whose bins cover [minimum, maximum] and 0. */
export function fitExponent(exponent: number, minimum: number, maximum: number): number {
  let fitted = exponent;
  while (binOf(Math.max(maximum, 0), fitted) - binOf(Math.min(minimum, 0), fitted) >= MOST_BINS) fitted++;
  return fitted;
}

/** The bin that holds a value, counted from the one that starts at 0. */
export function binOf(value: number, exponent: number): number {
  return Math.floor(value * 2 ** -exponent);
}

/** The canonical histogram of finite values. */
export function histogramOf(values: Float32Array): Histogram {
  const minimum = values.reduce((a, b) => Math.min(a, b), Infinity);
  const maximum = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const exponent = fitExponent(LEAST_EXPONENT, minimum, maximum);
  const bins = new Float64Array(2 * MOST_BINS);
  for (const value of values) bins[binOf(value, exponent) + MOST_BINS]++;
  return trimBins(exponent, -MOST_BINS, bins);
}

/** Adds bins of width 2^exponent, the first at index `first`, to `target`, whose width is no smaller. */
export function addBins(
  target: Float64Array,
  targetFirst: number,
  targetExponent: number,
  { exponent, first, counts }: Histogram,
): void {
  const factor = 2 ** (exponent - targetExponent);
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] > 0) target[Math.floor((first + i) * factor) - targetFirst] += counts[i];
  }
}

/** The canonical histogram of bins that may start or end with zeros. */
export function trimBins(exponent: number, first: number, bins: Float64Array): Histogram {
  let [start, end] = [0, bins.length];
  while (end > 0 && bins[end - 1] === 0) end--;
  if (end === 0) return { exponent: LEAST_EXPONENT, first: 0, counts: new Float64Array(0) };
  while (bins[start] === 0) start++;
  return { exponent, first: first + start, counts: bins.slice(start, end) };
}

/** The histogram of all values that either counts, given the extremes of these values. */
export function mergeHistograms(a: Histogram, b: Histogram, minimum: number, maximum: number): Histogram {
  const exponent = fitExponent(Math.max(a.exponent, b.exponent), minimum, maximum);
  const ends = [a, b]
    .filter(({ counts }) => counts.length > 0)
    .map((histogram) => {
      const widths = 2 ** (histogram.exponent - exponent);
      const last = histogram.first + histogram.counts.length - 1;
      return [Math.floor(histogram.first * widths), Math.floor(last * widths)];
    });
  if (ends.length === 0) return a;
  const first = Math.min(...ends.map(([low]) => low));
  const counts = new Float64Array(Math.max(...ends.map(([, high]) => high)) - first + 1);
  for (const histogram of [a, b]) addBins(counts, first, exponent, histogram);
  return { exponent, first, counts };
}
