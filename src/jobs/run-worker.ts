/** The worker's side of `runSamples`. */
import { bindInputs, type RunResult, runPorts } from '../execute/ports.js';
import { openSession, type SessionHandle } from '../execute/wasm/session.js';
import type { DatasetSpec } from '../inputs/dataset.js';
import { keepDataset } from '../inputs/keep-dataset.js';
import { encodeNpz, type NamedArray } from '../inputs/npz.js';
import { writeFile } from '../platform/files.js';
import { serve } from '../platform/pool.js';

export interface SampleTask {
  readonly handle: SessionHandle;
  readonly spec: DatasetSpec;
  readonly index: number;
  readonly dump?: { readonly folder: string; readonly layers: RegExp };
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
  const entries: NamedArray[] = [];
  const result = runPorts(executor, inputs, (instruction, { read }) => {
    const { name, output } = program.instructions[instruction];
    if (!dump.layers.test(name)) return;
    const { shape } = program.tensors[output];
    entries.push({ name: program.tensors[output].name, shape, data: read(output) });
  });
  const seconds = (performance.now() - start) / 1000;
  writeFile(`${dump.folder}/sample_${index}.npz`, encodeNpz(entries));
  return { result, seconds };
});
