/** From what an executor observed to statistics. */
import type { TensorObservation } from '../execute/executor.js';
import { trimBins } from './histogram.js';
import type { TensorStatistics } from './statistics.js';

/** The canonical statistics of everything observed. */
export function finishObservation({ zeros, exponent, bins, ...lists }: TensorObservation): TensorStatistics {
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
    channelSums: lists.sums,
  };
}
