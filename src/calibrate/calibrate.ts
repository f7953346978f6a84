/**
 * Runs samples through the float program on all workers and collects the statistics of every value. Workers return the
 * statistics of a few samples at a time, so that memory does not grow, any worker may be stopped, and what was
 * finished is never lost.
 */
import type { Engine } from '../execute/wasm/engine.js';
import { type DatasetSpec, openDataset } from '../inputs/dataset.js';
import { type RunOptions, runTasks } from '../platform/pool.js';
import type { Program } from '../program/program.js';
import { measureSensitivity } from './measure-sensitivity.js';
import { collectStatistics, type ObservedStatistics } from './merge.js';
import { observedValues } from './observed-values.js';
import { SENSITIVITY_SAMPLES } from './sensitivity.js';
import type { Statistics, StatisticsHeader } from './statistics.js';
import type { CalibrationTask } from './worker.js';

const worker = new URL('./worker.js', import.meta.url);

/** Samples per task: statistics are merged once per task, and what runs is lost when the process is killed. */
const MOST_SAMPLES_PER_TASK = 16;
/** Tasks per thread that a small data set is divided into, so that threads end at about the same time. */
const TASKS_PER_THREAD = 4;

export interface CalibrateOptions extends Omit<RunOptions, 'onProgress'> {
  /** Called with the number of finished items of a phase and of all its items. */
  readonly onProgress?: (done: number, total: number, phase: 'calibrate' | 'sensitivity') => void;
  /** Samples whose sensitivities are measured, spread evenly over the data set; default SENSITIVITY_SAMPLES, 0: none. */
  readonly sensitivity?: number;
  /** Statistics to go on from; their samples are skipped. */
  readonly resume?: Statistics;
  /** Called after each task; `read` gives all that is finished, at a cost that grows with the number of samples. */
  readonly onCheckpoint?: (read: () => Statistics) => void;
}

/**
 * Statistics over all samples of a data set. `float` is the all-float32 program of the model. The result does not depend on
 * threads or order. Throws an InputError where `resume` belongs to another model or preprocessing, an AbortedError after
 * the running tasks when `signal` is aborted, and the first worker's error.
 */
export async function calibrate(
  engine: Engine,
  float: Program,
  header: StatisticsHeader,
  spec: DatasetSpec,
  { resume, onCheckpoint, onProgress, signal, sensitivity = SENSITIVITY_SAMPLES }: CalibrateOptions = {},
): Promise<Statistics> {
  const dataset = openDataset(spec);
  const finished = new Set(resume?.samples);
  const total = dataset.count;
  const pending: number[] = [];
  for (let index = 0; index < total; index++) {
    const digest = dataset.digest(index);
    if (!finished.has(digest)) pending.push(index);
    finished.add(digest);
  }
  const collection = collectStatistics(header);
  if (resume !== undefined) collection.add(resume);
  const perTask = Math.min(
    MOST_SAMPLES_PER_TASK,
    Math.ceil(pending.length / engine.threads / TASKS_PER_THREAD),
  );
  const session = engine.load(float, { observed: observedValues(float) });
  let done = total - pending.length;
  onProgress?.(done, total, 'calibrate');
  try {
    await runTasks<CalibrationTask, ObservedStatistics>(
      engine.pool,
      worker,
      Math.ceil(pending.length / Math.max(1, perTask)),
      (task) => {
        const indices = pending.slice(task * perTask, (task + 1) * perTask);
        return { handle: session.handle, spec, indices };
      },
      (part) => {
        collection.addObserved(part);
        done += part.samples.length;
        onProgress?.(done, total, 'calibrate');
        onCheckpoint?.(collection.read);
      },
      signal,
    );
  } finally {
    session.dispose();
  }
  await measureSensitivity(engine, float, spec, {
    count: sensitivity,
    finished: new Set(resume?.sensitivity?.samples.keys()),
    onSample(part) {
      collection.addSensitivity(part);
      onCheckpoint?.(collection.read);
    },
    onProgress: (measured, all) => onProgress?.(measured, all, 'sensitivity'),
    signal,
  });
  return collection.read();
}
