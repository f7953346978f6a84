/** Error measures between a float reference and fixed-point codes; sums are kept per sample so that merging is ordered. */

import type { RunResult } from '../execute/ports.js';

/** Running sums over elements: signal, noise, largest error and values outside the format's range. */
export interface ErrorSums {
  signal: number;
  noise: number;
  maxError: number;
  clipped: number;
  count: number;
}

export function emptySums(): ErrorSums {
  return { signal: 0, noise: 0, maxError: 0, clipped: 0, count: 0 };
}

/** Adds `other` to `sums`. Order matters in the last bits: callers merge samples in data-set order. */
export function addSums(sums: ErrorSums, other: ErrorSums): void {
  sums.signal += other.signal;
  sums.noise += other.noise;
  sums.maxError = Math.max(sums.maxError, other.maxError);
  sums.clipped += other.clipped;
  sums.count += other.count;
}

/**
 * Compares codes of one scale with float values of the same shape. `limits` are the real values of the format's
 * smallest and largest code; a reference value half a step outside them counts as clipped.
 */
export function compareCodes(
  reference: Float32Array,
  codes: ArrayLike<number>,
  scale: { readonly step: number; readonly zeroPoint: number; readonly low: number; readonly high: number },
): ErrorSums {
  const { step, zeroPoint } = scale;
  const low = (scale.low - 0.5 - zeroPoint) * step;
  const high = (scale.high + 0.5 - zeroPoint) * step;
  let signal = 0;
  let noise = 0;
  let maxError = 0;
  let clipped = 0;
  for (let index = 0; index < reference.length; index++) {
    const value = reference[index];
    const error = value - (codes[index] - zeroPoint) * step;
    const size = error < 0 ? -error : error;
    signal += value * value;
    noise += error * error;
    if (size > maxError) maxError = size;
    if (value < low || value > high) clipped++;
  }
  return { signal, noise, maxError, clipped, count: reference.length };
}

/** Compares two float tensors. */
export function compareValues(reference: Float32Array, values: ArrayLike<number>): ErrorSums {
  return compareCodes(reference, values, { step: 1, zeroPoint: 0, low: -Infinity, high: Infinity });
}

/**
 * Signal to quantisation noise in dB; null when there is no noise. Noise where there is no signal gives a very negative
 * figure that is still finite, because JSON would turn an infinity into the null of an exact layer.
 */
export function sqnr({ signal, noise }: Pick<ErrorSums, 'signal' | 'noise'>): number | null {
  return noise === 0 ? null : 10 * (Math.log10(Math.max(signal, Number.MIN_VALUE)) - Math.log10(noise));
}

/** The five classes with the largest outputs; empty where the network does not classify. */
export function topClasses({ outputs }: RunResult): number[] {
  return outputs.length === 1 ? topIndices(outputs[0].values, 5) : [];
}

/** Indices of the `count` largest values, largest first; the first of equals wins. */
export function topIndices(values: ArrayLike<number>, count: number): number[] {
  const top: number[] = [];
  for (let index = 0; index < values.length; index++) {
    let place = top.length;
    while (place > 0 && values[index] > values[top[place - 1]]) place--;
    if (place < count) {
      top.splice(place, 0, index);
      top.length = Math.min(top.length, count);
    }
  }
  return top;
}
