/**
 * Runs samples through the float program on all workers and collects the statistics of every value. Workers return the
 * statistics of a few samples at a time, so that memory does not grow, any worker may be stopped, and what was
 * finished is never lost.
 */
import type { ObservedValue } from '../execute/executor.js';
import type { Engine } from '../execute/wasm/engine.js';
import { type DatasetSpec, openDataset } from '../inputs/dataset.js';
import { type RunOptions, runTasks } from '../platform/pool.js';
import type { Program } from '../program/program.js';
import { collectStatistics, type ObservedStatistics } from './merge.js';
import type { Statistics, StatisticsHeader } from './statistics.js';
import type { CalibrationTask } from './worker.js';

const worker = new URL('./worker.js', import.meta.url);

/** Samples per task: statistics are merged once per task, and what runs is lost when the process is killed. */
const MOST_SAMPLES_PER_TASK = 16;
/** Tasks per thread that a small data set is divided into, so that threads end at about the same time. */
const TASKS_PER_THREAD = 4;

export interface CalibrateOptions extends RunOptions {
  /** Statistics to go on from; their samples are skipped. */
  readonly resume?: Statistics;
  /** Called after each task; `read` gives all that is finished, at a cost that grows with the number of samples. */
  readonly onCheckpoint?: (read: () => Statistics) => void;
}

/** Inputs, after the transposition that brings their channels last where there is one, and outputs of nodes. */
export function observedValues(float: Program): ObservedValue[] {
  const inputs = float.inputs.map(({ name, tensor }) => {
    const moved = float.instructions.find((entry) => entry.op === 'transpose' && entry.inputs[0] === tensor);
    return { name, tensor: moved?.output ?? tensor };
  });
  const outputs = float.instructions
    .filter(({ node }) => node !== '')
    .map(({ output }) => ({ name: float.tensors[output].name, tensor: output }));
  return [...inputs, ...outputs];
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
  { resume, onCheckpoint, onProgress, signal }: CalibrateOptions = {},
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
  onProgress?.(done, total);
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
        onProgress?.(done, total);
        onCheckpoint?.(collection.read);
      },
      signal,
    );
  } finally {
    session.dispose();
  }
  return collection.read();
}
