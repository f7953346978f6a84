/**
 * What calibration knows of a network's values: per tensor and per channel, in a canonical form. Two runs
 * over the same samples give the same statistics, however the samples were ordered, divided among workers and
 * merged.
 */
import type { Histogram } from './histogram.js';
import type { Sensitivity } from './sensitivity.js';

/** The version of the statistics file. */
export const STATISTICS_VERSION = 1;

/** What the numbers hold for: statistics of another model or preprocessing cannot be merged with them. */
export interface StatisticsHeader {
  /** SHA-256 of the model file, in hexadecimal. */
  readonly model: string;
  /** Canonical text of the preprocessing. */
  readonly preprocess: string;
}

/** One value of the network over all samples, but for its sums. All numbers are finite, and 0 is never negative. */
export interface TensorCounts {
  /** Number of elements seen; 0 leaves `minimum` and `maximum` at 0. */
  readonly count: number;
  readonly zeros: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly histogram: Histogram;
  /** Per channel: the last axis of the tensor as it is stored, channels last. */
  readonly channelMinimum: Float32Array;
  readonly channelMaximum: Float32Array;
}

export interface TensorStatistics extends TensorCounts {
  /** Exact sums of the elements, in units of 2^-149. */
  readonly channelSums: readonly bigint[];
}

export interface Statistics extends StatisticsHeader {
  /** SHA-256 of each sample, in hexadecimal, ascending, without repetition. */
  readonly samples: readonly string[];
  /** By value name. */
  readonly tensors: ReadonlyMap<string, TensorStatistics>;
  /** Of some of the samples. */
  readonly sensitivity?: Sensitivity;
}

/** Mean of each channel, rounded to float64; 0 where nothing was seen. */
export function channelMeans({ count, channelSums }: TensorStatistics): number[] {
  const perChannel = count / channelSums.length;
  return channelSums.map((sum) => (count === 0 ? 0 : scaled(sum) / perChannel));
}

/** sum * 2^-149; the sum may exceed the largest float64. */
function scaled(sum: bigint): number {
  const bits = (sum < 0n ? -sum : sum).toString(2).length;
  const dropped = Math.max(0, bits - 64);
  return Number(sum >> BigInt(dropped)) * 2 ** (dropped - 149);
}
