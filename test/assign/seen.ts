import type { Statistics } from '#src/calibrate/statistics.js';
import { summarise } from '../calibrate/summarise.js';

/** Statistics in which each value has seen the given numbers. */
export function seen(values: Record<string, readonly number[]>): Statistics {
  const tensors = Object.entries(values).map(
    ([name, numbers]) => [name, summarise(1, Float32Array.from(numbers))] as const,
  );
  return { model: 'ab'.repeat(32), preprocess: '', samples: ['00'.repeat(32)], tensors: new Map(tensors) };
}
