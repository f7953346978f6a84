/** Compares two sides on many samples, on worker threads, up to the first sample that differs. */
import { InputError } from '../errors.js';
import type { Comparison, RecordedDifference } from '../export/compare-folder.js';
import { inOrder, type RunOptions, runTasks, type WorkerPool } from '../platform/pool.js';
import { encodeProgram } from '../program/file.js';
import type { Program } from '../program/program.js';
import { openSides, type SidesSpec } from './diff-sides.js';
import type { DiffTask } from './diff-worker.js';

const worker = new URL('./diff-worker.js', import.meta.url);

export interface DiffResult {
  /** Samples that were compared, up to the first that differs. */
  readonly samples: number;
  readonly equal: boolean;
  /** Outputs of instructions that both sides have, over all samples; left out between two executors. */
  readonly compared?: number;
  readonly sample?: string;
  readonly different?: RecordedDifference;
}

/** Ends the tasks behind the first sample that differs. */
class Found extends Error {
  constructor(readonly result: DiffResult) {
    super('found');
  }
}

let programs = 0;

/**
 * Stops at the first sample, instruction and element that differ; the result does not depend on the number of threads.
 * Throws what openSides and its comparisons throw, that of the first sample, an InputError where the sides have no output
 * in common, and an AbortedError when `signal` is aborted.
 */
export async function diffSides(
  pool: WorkerPool,
  program: Program,
  spec: SidesSpec,
  { signal, onProgress }: RunOptions = {},
): Promise<DiffResult> {
  const { count, name } = openSides(program, spec);
  const bytes = share(encodeProgram(program));
  const id = programs++;
  let compared: number | undefined;
  const take = (comparison: Comparison, sample: number) => {
    if (comparison.compared !== undefined) compared = (compared ?? 0) + comparison.compared;
    onProgress?.(sample + 1, count);
    const { different } = comparison;
    if (different === undefined) return;
    throw new Found({ samples: sample + 1, equal: false, compared, sample: name(sample), different });
  };
  try {
    const makeTask = (sample: number): DiffTask => ({ id, program: bytes, spec, sample });
    await runTasks<DiffTask, Comparison>(pool, worker, count, makeTask, inOrder(take), signal);
  } catch (error) {
    if (error instanceof Found) return error.result;
    throw error;
  }
  if (compared === 0)
    throw new InputError({
      where: `${spec.left}, ${spec.right}`,
      what: 'have no output of an instruction in common',
    });
  return { samples: count, equal: true, compared };
}

/** Bytes that all workers see without a copy. */
function share(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}
