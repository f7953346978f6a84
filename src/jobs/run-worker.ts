/** The worker's side of `runSamples`. */
import { computeAt } from '../errors.js';
import type { Observer } from '../execute/executor.js';
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

export default serve(async ({ handle, spec, index, dump }: SampleTask): Promise<SampleRun> => {
  const executor = openSession(handle);
  const { program } = executor;
  const dataset = keepDataset(spec);
  const { name } = dataset.samples[index];
  const inputs = bindInputs(program, dataset.load(index), name);
  const writer = dump && createDumpWriter(program, dump);
  const start = performance.now();
  for (const [port, { tensor }] of program.inputs.entries()) writer?.write(index, tensor, () => inputs[port]);
  const observe: Observer | undefined =
    writer &&
    ((instruction, { read }) => writer.write(index, program.instructions[instruction].output, read));
  const result = await computeAt(name, () => runPorts(executor, inputs, observe));
  return { result, seconds: (performance.now() - start) / 1000 };
});
