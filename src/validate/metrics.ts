/** Error measures between a float reference and fixed-point codes; sums are kept per sample so that merging is ordered. */

import type { ErrorSums } from '../execute/executor.js';
import type { RunResult } from '../execute/ports.js';
import { decibels } from '../formats/decibels.js';

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

/** Signal to quantisation noise in dB; null when there is no noise. */
export function sqnr({ signal, noise }: Pick<ErrorSums, 'signal' | 'noise'>): number | null {
  return decibels(signal, noise);
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
