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
  first,
  bins,
  minimum: channelMinimum,
  maximum: channelMaximum,
  limbs,
}: TensorObservation): ObservedTensor {
  const histogram = bins.length > 0 ? { exponent, first, counts: bins } : trimBins(exponent, first, bins);
  let count = 0;
  for (const entry of bins) count += entry;
  let [minimum, maximum] = [channelMinimum[0], channelMaximum[0]];
  for (const value of channelMinimum) minimum = Math.min(minimum, value);
  for (const value of channelMaximum) maximum = Math.max(maximum, value);
  return { count, zeros, minimum, maximum, histogram, channelMinimum, channelMaximum, limbs };
}

/** The canonical statistics of what was observed. */
export function finishTensor({ limbs, ...counts }: ObservedTensor): TensorStatistics {
  return { ...counts, channelSums: joinLimbs(limbs) };
}

/** The canonical statistics of everything observed. */
export function finishObservation(observation: TensorObservation): TensorStatistics {
  return finishTensor(summariseObservation(observation));
}
