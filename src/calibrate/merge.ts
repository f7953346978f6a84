/** Merging of statistics: associative and commutative to the byte of the file. */
import { InputError } from '../errors.js';
import { mergeHistograms } from './histogram.js';
import type { Statistics, TensorStatistics } from './statistics.js';

/**
 * The statistics of the samples of both. Throws an InputError where the two belong to different models or
 * preprocessing, share a sample, or know different values of the network; statistics without samples fit any
 * others.
 */
export function mergeStatistics(a: Statistics, b: Statistics): Statistics {
  requireEqual('belong to different models', a.model, b.model);
  requireEqual('were made with different preprocessing', a.preprocess, b.preprocess);
  if (a.samples.length === 0) return b;
  if (b.samples.length === 0) return a;
  const known = new Set(a.samples);
  const twice = b.samples.filter((sample) => known.has(sample));
  if (twice.length > 0) {
    const what = `${twice.length} of the samples are in both, for example ${twice[0]}`;
    throw new InputError({ where: 'statistics', what });
  }
  const tensors = new Map<string, TensorStatistics>();
  for (const name of new Set([...a.tensors.keys(), ...b.tensors.keys()])) {
    tensors.set(name, mergeTensors(name, a.tensors.get(name), b.tensors.get(name)));
  }
  return { ...a, samples: [...a.samples, ...b.samples].sort(), tensors };
}

function mergeTensors(
  name: string,
  a: TensorStatistics | undefined,
  b: TensorStatistics | undefined,
): TensorStatistics {
  const where = `value "${name}"`;
  if (a === undefined || b === undefined) {
    throw new InputError({ where, what: 'has statistics in one of the files only' });
  }
  const [expected, got] = [a.channelSums.length, b.channelSums.length];
  if (expected !== got) {
    const what = 'has different numbers of channels';
    throw new InputError({ where, what, expected: String(expected), got: String(got) });
  }
  if (a.count === 0) return b;
  if (b.count === 0) return a;
  const minimum = Math.min(a.minimum, b.minimum);
  const maximum = Math.max(a.maximum, b.maximum);
  return {
    count: a.count + b.count,
    zeros: a.zeros + b.zeros,
    minimum,
    maximum,
    histogram: mergeHistograms(a.histogram, b.histogram, minimum, maximum),
    channelMinimum: a.channelMinimum.map((value, channel) => Math.min(value, b.channelMinimum[channel])),
    channelMaximum: a.channelMaximum.map((value, channel) => Math.max(value, b.channelMaximum[channel])),
    channelSums: a.channelSums.map((sum, channel) => sum + b.channelSums[channel]),
  };
}

function requireEqual(what: string, expected: string, got: string): void {
  if (expected !== got) throw new InputError({ where: 'statistics', what, expected, got });
}
