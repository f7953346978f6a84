/** Collects the statistics of one value while samples pass by. */
import { InputError } from '../errors.js';
import { BUCKET_CAPACITY, createExactSums, type ExactSums, emptyBuckets } from './exact-sum.js';
import { addBins, fitExponent, LEAST_EXPONENT, MOST_BINS, trimBins } from './histogram.js';
import type { TensorStatistics } from './statistics.js';

const INFINITY_BITS = 0x7f800000;

/** Statistics in the making; memory does not grow with the number of samples. */
export interface Observation {
  readonly name: string;
  count: number;
  zeros: number;
  readonly minimum: Float32Array;
  readonly maximum: Float32Array;
  readonly sums: ExactSums;
  /** Bin widths are 2^exponent; bin i of `bins` starts at (i - MOST_BINS) widths. */
  exponent: number;
  readonly bins: Float64Array;
}

export function createObservation(name: string, channels: number): Observation {
  return {
    name,
    count: 0,
    zeros: 0,
    minimum: new Float32Array(channels).fill(Infinity),
    maximum: new Float32Array(channels).fill(-Infinity),
    sums: createExactSums(channels),
    exponent: LEAST_EXPONENT,
    bins: new Float64Array(2 * MOST_BINS),
  };
}

/**
 * Adds the elements of one tensor, whose last axis is the channels. Throws an InputError naming the tensor,
 * and leaves the observation as it was, where an element is infinite or not a number.
 */
export function observe(observation: Observation, values: Float32Array): void {
  const channels = observation.minimum.length;
  if (values.length % channels !== 0)
    throw new RangeError(`${values.length} elements in ${channels} channels`);
  const most = BUCKET_CAPACITY * channels;
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  requireFinite(observation.name, bits, values);
  for (let start = 0; start < values.length; start += most) {
    const end = Math.min(start + most, values.length);
    addChannels(observation, values.subarray(start, end), bits.subarray(start, end));
  }
  widen(observation);
  addToBins(observation, values, bits);
}

/** The canonical statistics of everything observed. */
export function finishObservation(observation: Observation): TensorStatistics {
  const { count, zeros, sums, exponent, bins } = observation;
  emptyBuckets(sums);
  const normal = (value: number) => (count === 0 ? 0 : value + 0);
  const channelMinimum = observation.minimum.map(normal);
  const channelMaximum = observation.maximum.map(normal);
  return {
    count,
    zeros,
    minimum: channelMinimum.reduce((a, b) => Math.min(a, b)),
    maximum: channelMaximum.reduce((a, b) => Math.max(a, b)),
    histogram: trimBins(exponent, -MOST_BINS, bins),
    channelMinimum,
    channelMaximum,
    channelSums: [...sums.totals],
  };
}

function requireFinite(name: string, bits: Int32Array, values: Float32Array): void {
  let largest = 0;
  for (let i = 0; i < bits.length; i++) largest = Math.max(largest, bits[i] & 0x7fffffff);
  if (largest < INFINITY_BITS) return;
  const index = values.findIndex((value) => !Number.isFinite(value));
  throw new InputError({
    where: `value "${name}"`,
    what: `element ${index} is not finite`,
    expected: 'a finite activation',
    got: String(values[index]),
  });
}

/** Extremes and sums per channel. */
function addChannels({ minimum, maximum, sums }: Observation, values: Float32Array, bits: Int32Array): void {
  const channels = minimum.length;
  const rows = values.length / channels;
  if (sums.pending + rows > BUCKET_CAPACITY) emptyBuckets(sums);
  sums.pending += rows;
  const { buckets } = sums;
  for (let i = 0; i < values.length; ) {
    for (let channel = 0; channel < channels; channel++, i++) {
      const value = values[i];
      if (value < minimum[channel]) minimum[channel] = value;
      if (value > maximum[channel]) maximum[channel] = value;
      buckets[(channel << 5) | ((bits[i] >>> 26) & 31)] += value;
    }
  }
}

/** Doubles the bin width until every value seen has a bin. */
function widen(observation: Observation): void {
  let low = 0;
  let high = 0;
  for (const value of observation.minimum) if (value < low) low = value;
  for (const value of observation.maximum) if (value > high) high = value;
  const exponent = fitExponent(observation.exponent, low, high);
  if (exponent === observation.exponent) return;
  const histogram = trimBins(observation.exponent, -MOST_BINS, observation.bins);
  observation.bins.fill(0);
  addBins(observation.bins, -MOST_BINS, exponent, histogram);
  observation.exponent = exponent;
}

/** Counts without a branch: which values are 0 cannot be predicted. */
function addToBins(observation: Observation, values: Float32Array, bits: Int32Array): void {
  const { bins } = observation;
  const scale = 2 ** -observation.exponent;
  let others = 0;
  for (let i = 0; i < values.length; i++) {
    const magnitude = bits[i] << 1;
    others += (magnitude | -magnitude) >>> 31;
    bins[Math.floor(values[i] * scale) + MOST_BINS]++;
  }
  observation.zeros += values.length - others;
  observation.count += values.length;
}
