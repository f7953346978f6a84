/** Merging of statistics: associative and commutative to the byte of the file. */
import { InputError } from '../errors.js';
import { mergeHistograms } from './histogram.js';
import { finishTensor, type ObservedTensor } from './observation.js';
import { mergeSensitivities, type Sensitivity } from './sensitivity.js';
import type { Statistics, StatisticsHeader, TensorCounts, TensorStatistics } from './statistics.js';
import { addLimbs } from './sums.js';

/** What a worker observed of some samples. */
export interface ObservedStatistics {
  readonly samples: readonly string[];
  readonly tensors: ReadonlyMap<string, ObservedTensor>;
}

/** Statistics that grow by parts, at a cost per part that does not depend on how many samples were there before. */
export interface StatisticsCollection {
  /**
   * Adds the statistics of further samples. Throws an InputError, and changes nothing, where they belong to another model
   * or preprocessing, hold a sample that is there already, or know different values of the network; statistics
   * without samples fit any others.
   */
  add(part: Statistics): void;
  /** Adds what was observed of at least one further sample; the errors are those of `add`. */
  addObserved(part: ObservedStatistics): void;
  /** Adds the sensitivities of samples that are there; the errors are those of mergeSensitivities. */
  addSensitivity(part: Sensitivity): void;
  /** All that was added so far, as a value of its own. Sorts the samples and joins the sums. */
  read(): Statistics;
}

/** A collection that is empty at first. */
export function collectStatistics({ model, preprocess }: StatisticsHeader): StatisticsCollection {
  const samples = new Set<string>();
  let finished: ReadonlyMap<string, TensorStatistics> | undefined;
  let observed: ReadonlyMap<string, ObservedTensor> | undefined;
  let sensitivity: Sensitivity | undefined;
  const requireFitting = (part: Statistics | ObservedStatistics) => {
    const twice = part.samples.filter((sample) => samples.has(sample));
    if (twice.length > 0) {
      const what = `${twice.length} of the samples are in both, for example ${twice[0]}`;
      throw new InputError({ where: 'statistics', what });
    }
    const known = finished ?? observed;
    if (known !== undefined) requireSameValues(known, part.tensors);
  };
  return {
    add(part) {
      requireEqual('belong to different models', model, part.model);
      requireEqual('were made with different preprocessing', preprocess, part.preprocess);
      if (part.samples.length === 0) return;
      requireFitting(part);
      sensitivity = mergeSensitivities(sensitivity, part.sensitivity);
      finished = mergeAll(finished, part.tensors, mergeTensors);
      for (const sample of part.samples) samples.add(sample);
    },
    addObserved(part) {
      requireFitting(part);
      observed = mergeAll(observed, part.tensors, mergeObserved);
      for (const sample of part.samples) samples.add(sample);
    },
    addSensitivity(part) {
      sensitivity = mergeSensitivities(sensitivity, part);
    },
    read() {
      const joined = new Map(Array.from(observed ?? [], ([name, tensor]) => [name, finishTensor(tensor)]));
      const tensors =
        observed === undefined ? (finished ?? joined) : mergeAll(finished, joined, mergeTensors);
      const all = { model, preprocess, samples: [...samples].sort(), tensors };
      return sensitivity === undefined ? all : { ...all, sensitivity };
    },
  };
}

/** The statistics of the samples of both; the errors are those of `StatisticsCollection.add`. */
export function mergeStatistics(a: Statistics, b: Statistics): Statistics {
  const collection = collectStatistics(a);
  collection.add(a);
  collection.add(b);
  return collection.read();
}

/** Throws unless both know the same values of the network, with as many channels. */
function requireSameValues(a: ReadonlyMap<string, TensorCounts>, b: ReadonlyMap<string, TensorCounts>): void {
  for (const name of new Set([...a.keys(), ...b.keys()])) {
    const where = `value "${name}"`;
    const expected = a.get(name)?.channelMinimum.length;
    const got = b.get(name)?.channelMinimum.length;
    if (expected === undefined || got === undefined) {
      throw new InputError({ where, what: 'has statistics in one of the files only' });
    }
    if (expected !== got) {
      const what = 'has different numbers of channels';
      throw new InputError({ where, what, expected: String(expected), got: String(got) });
    }
  }
}

/** Merges the statistics of the same values; those of `b` where there are no others. */
function mergeAll<T extends TensorCounts>(
  a: ReadonlyMap<string, T> | undefined,
  b: ReadonlyMap<string, T>,
  merge: (a: T, b: T) => T,
): ReadonlyMap<string, T> {
  if (a === undefined) return b;
  return new Map(Array.from(a, ([name, tensor]) => [name, mergeCounted(tensor, b.get(name)!, merge)]));
}

function mergeCounted<T extends TensorCounts>(a: T, b: T, merge: (a: T, b: T) => T): T {
  if (a.count === 0) return b;
  return b.count === 0 ? a : merge(a, b);
}

function mergeTensors(a: TensorStatistics, b: TensorStatistics): TensorStatistics {
  const channelSums = a.channelSums.map((sum, channel) => sum + b.channelSums[channel]);
  return { ...mergeCounts(a, b), channelSums };
}

function mergeObserved(a: ObservedTensor, b: ObservedTensor): ObservedTensor {
  return { ...mergeCounts(a, b), limbs: addLimbs(a.limbs, b.limbs) };
}

function mergeCounts(a: TensorCounts, b: TensorCounts): TensorCounts {
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
  };
}

function requireEqual(what: string, expected: string, got: string): void {
  if (expected !== got) throw new InputError({ where: 'statistics', what, expected, got });
}
