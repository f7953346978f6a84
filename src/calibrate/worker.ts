/** The worker's side of `calibrate`: float inference whose session observes every value. */
import { bindInputs } from '../execute/ports.js';
import { openSession, type SessionHandle } from '../execute/wasm/session.js';
import type { DatasetSpec } from '../inputs/dataset.js';
import { keepDataset } from '../inputs/keep-dataset.js';
import { serve } from '../platform/serve.js';
import type { ObservedStatistics } from './merge.js';
import { summariseObservation } from './observation.js';

export interface CalibrationTask {
  /** Of a session that observes. */
  readonly handle: SessionHandle;
  readonly spec: DatasetSpec;
  /** Samples of the data set. */
  readonly indices: readonly number[];
}

export default serve(({ handle, spec, indices }: CalibrationTask): ObservedStatistics => {
  const executor = openSession(handle);
  const { program } = executor;
  const dataset = keepDataset(spec);
  const digests = new Set<string>();
  try {
    for (const index of indices) {
      digests.add(dataset.digest(index));
      executor.run(bindInputs(program, dataset.load(index), dataset.samples[index].name));
    }
  } catch (error) {
    // Nothing of this task may reach the next.
    executor.takeObservations!();
    throw error;
  }
  const tensors = new Map(
    executor.takeObservations!().map((entry) => [entry.name, summariseObservation(entry)]),
  );
  return { samples: [...digests], tensors };
});
