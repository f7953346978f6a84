/** The worker's side of `runSamples`. */
import { bindInputs, type RunResult, runPorts } from '../execute/ports.js';
import { openSession, type SessionHandle } from '../execute/wasm/session.js';
import type { DumpSpec } from '../export/dump-manifest.js';
import { createDumpWriter } from '../export/write-dump.js';
import type { DatasetSpec } from '../inputs/dataset.js';
import { keepDataset } from '../inputs/keep-dataset.js';
import { serve } from '../platform/serve.js';

export interface SampleTask {
  readonly handle: SessionHandle;
  readonly spec: DatasetSpec;
  readonly index: number;
  readonly dump?: DumpSpec;
}

export interface SampleRun {
  readonly result: RunResult;
  readonly seconds: number;
}

export default serve(({ handle, spec, index, dump }: SampleTask): SampleRun => {
  const executor = openSession(handle);
  const { program } = executor;
  const dataset = keepDataset(spec);
  const inputs = bindInputs(program, dataset.load(index), dataset.samples[index].name);
  const start = performance.now();
  if (dump === undefined)
    return { result: runPorts(executor, inputs), seconds: (performance.now() - start) / 1000 };
  const { write } = createDumpWriter(program, dump);
  for (const [port, { tensor }] of program.inputs.entries()) write(index, tensor, () => inputs[port]);
  const result = runPorts(executor, inputs, (instruction, { read }) => {
    write(index, program.instructions[instruction].output, read);
  });
  const seconds = (performance.now() - start) / 1000;
  return { result, seconds };
});
