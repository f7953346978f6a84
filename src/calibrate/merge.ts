/** Merging of statistics: associative and commutative to the byte of the file. */
import { InputError } from '../errors.js';
import { mergeHistograms } from './histogram.js';
import type { Statistics, StatisticsHeader, TensorStatistics } from './statistics.js';

/** Statistics that grow by parts, at a cost per part that does not depend on how many samples were there before. */
export interface StatisticsCollection {
  /**
   * Adds the statistics of further samples. Throws an InputError, and changes nothing, where they belong to another model
   * or preprocessing, hold a sample that is there already, or know different values of the network; statistics
   * without samples fit any others.
   */
  add(part: Statistics): void;
  /** All that was added so far, as a value of its own. Sorts the samples. */
  read(): Statistics;
}

/** A collection that is empty at first. */
export function collectStatistics({ model, preprocess }: StatisticsHeader): StatisticsCollection {
  const samples = new Set<string>();
  let tensors: ReadonlyMap<string, TensorStatistics> = new Map();
  return {
    add(part) {
      requireEqual('belong to different models', model, part.model);
      requireEqual('were made with different preprocessing', preprocess, part.preprocess);
      if (part.samples.length === 0) return;
      const twice = part.samples.filter((sample) => samples.has(sample));
      if (twice.length > 0) {
        const what = `${twice.length} of the samples are in both, for example ${twice[0]}`;
        throw new InputError({ where: 'statistics', what });
      }
      tensors = samples.size === 0 ? part.tensors : mergeAllTensors(tensors, part.tensors);
      for (const sample of part.samples) samples.add(sample);
    },
    read: () => ({ model, preprocess, samples: [...samples].sort(), tensors }),
  };
}

/** The statistics of the samples of both; the errors are those of `StatisticsCollection.add`. */
export function mergeStatistics(a: Statistics, b: Statistics): Statistics {
  const collection = collectStatistics(a);
  collection.add(a);
  collection.add(b);
  return collection.read();
}

function mergeAllTensors(
  a: ReadonlyMap<string, TensorStatistics>,
  b: ReadonlyMap<string, TensorStatistics>,
): Map<string, TensorStatistics> {
  const names = new Set([...a.keys(), ...b.keys()]);
  return new Map([...names].map((name) => [name, mergeTensors(name, a.get(name), b.get(name))]));
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
