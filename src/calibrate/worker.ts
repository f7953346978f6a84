/** The worker's side of `calibrate`: float inference with an observer at every value. */
import { bindInputs } from '../execute/ports.js';
import { openSession, type SessionHandle } from '../execute/wasm/session.js';
import type { DatasetSpec } from '../inputs/dataset.js';
import { keepDataset } from '../inputs/keep-dataset.js';
import { serve } from '../platform/pool.js';
import type { ObservedValue } from './calibrate.js';
import { createObservation, finishObservation, observe } from './observe.js';
import type { Statistics, StatisticsHeader } from './statistics.js';

export interface CalibrationTask {
  readonly handle: SessionHandle;
  readonly header: StatisticsHeader;
  readonly spec: DatasetSpec;
  /** Samples of the data set. */
  readonly indices: readonly number[];
  readonly values: readonly ObservedValue[];
}

export default serve(({ handle, header, spec, indices, values }: CalibrationTask): Statistics => {
  const executor = openSession(handle);
  const { program } = executor;
  const dataset = keepDataset(spec);
  const observations = new Map(
    values.map(({ name, tensor }) => [
      tensor,
      createObservation(name, program.tensors[tensor].shape.at(-1) ?? 1),
    ]),
  );
  const digests = new Set<string>();
  for (const index of indices) {
    digests.add(dataset.digest(index));
    const inputs = bindInputs(program, dataset.load(index), dataset.samples[index].name);
    for (const [port, { tensor }] of program.inputs.entries()) {
      const observation = observations.get(tensor);
      if (observation !== undefined) observe(observation, inputs[port] as Float32Array);
    }
    executor.run(inputs, (instruction, { read }) => {
      const { output } = program.instructions[instruction];
      const observation = observations.get(output);
      if (observation !== undefined) observe(observation, read(output) as Float32Array);
    });
  }
  const finished = [...observations.values()].map((entry) => [entry.name, finishObservation(entry)] as const);
  return { ...header, samples: [...digests].sort(), tensors: new Map(finished) };
});
