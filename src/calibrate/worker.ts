/** The worker's side of `calibrate`: float inference whose session observes every value. */
import { bindInputs } from '../execute/ports.js';
import { openSession, type SessionHandle } from '../execute/wasm/session.js';
import type { DatasetSpec } from '../inputs/dataset.js';
import { keepDataset } from '../inputs/keep-dataset.js';
import { serve } from '../platform/pool.js';
import { finishObservation } from './observation.js';
import type { Statistics, StatisticsHeader } from './statistics.js';

export interface CalibrationTask {
  /** Of a session that observes. */
  readonly handle: SessionHandle;
  readonly header: StatisticsHeader;
  readonly spec: DatasetSpec;
  /** Samples of the data set. */
  readonly indices: readonly number[];
}

export default serve(({ handle, header, spec, indices }: CalibrationTask): Statistics => {
  const executor = openSession(handle);
  const { program } = executor;
  const dataset = keepDataset(spec);
  const digests = new Set<string>();
  // A task that failed may have left something.
  executor.takeObservations!();
  for (const index of indices) {
    digests.add(dataset.digest(index));
    executor.run(bindInputs(program, dataset.load(index), dataset.samples[index].name));
  }
  const tensors = new Map(
    executor.takeObservations!().map((entry) => [entry.name, finishObservation(entry)]),
  );
  return { ...header, samples: [...digests].sort(), tensors };
});
