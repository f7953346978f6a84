/** From what an executor observed to statistics. */
import type { TensorObservation } from '../execute/executor.js';
import { trimBins } from './histogram.js';
import type { TensorCounts, TensorStatistics } from './statistics.js';
import { joinLimbs } from './sums.js';

/** Statistics whose sums are typed arrays (sums.ts), between the threads. */
export interface ObservedTensor extends TensorCounts {
  readonly limbs: Float64Array;
}

/** The statistics of everything observed, canonical but for the form of the sums. */
export function summariseObservation({
  zeros,
  exponent,
  bins,
  limbs,
  ...lists
}: TensorObservation): ObservedTensor {
  const histogram = trimBins(exponent, -bins.length / 2, bins);
  const count = histogram.counts.reduce((sum, entry) => sum + entry, 0);
  const normal = (value: number) => (count === 0 ? 0 : value + 0);
  const channelMinimum = lists.minimum.map(normal);
  const channelMaximum = lists.maximum.map(normal);
  return {
    count,
    zeros,
    minimum: channelMinimum.reduce((a, b) => Math.min(a, b)),
    maximum: channelMaximum.reduce((a, b) => Math.max(a, b)),
    histogram,
    channelMinimum,
    channelMaximum,
    limbs,
  };
}

/** The canonical statistics of what was observed. */
export function finishTensor({ limbs, ...counts }: ObservedTensor): TensorStatistics {
  return { ...counts, channelSums: joinLimbs(limbs) };
}

/** The canonical statistics of everything observed. */
export function finishObservation(observation: TensorObservation): TensorStatistics {
  return finishTensor(summariseObservation(observation));
}
