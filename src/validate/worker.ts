/** The worker's side of `validate`: one sample through both programs. */
import type { InstructionCounters } from '../execute/executor.js';
import { bindInputs } from '../execute/ports.js';
import { openSession, type SessionHandle } from '../execute/wasm/session.js';
import type { Codes } from '../formats/format.js';
import type { DatasetSpec } from '../inputs/dataset.js';
import { keepDataset } from '../inputs/keep-dataset.js';
import { serve } from '../platform/pool.js';
import { compareSample, type Layer } from './compare.js';
import { type ErrorSums, topIndices } from './metrics.js';

export interface ValidationTask {
  readonly float: SessionHandle;
  readonly fixed: SessionHandle;
  /** The fixed program with counters. */
  readonly counted: SessionHandle;
  readonly layers: readonly Layer[];
  readonly spec: DatasetSpec;
  readonly index: number;
}

export interface SampleResult {
  readonly layers: readonly ErrorSums[];
  readonly isolated: readonly ErrorSums[];
  readonly counters: readonly (InstructionCounters | null)[];
  /** The five classes with the largest outputs; empty where the network does not classify. */
  readonly floatTop: readonly number[];
  readonly fixedTop: readonly number[];
  readonly codes: readonly (Codes | undefined)[];
  readonly seconds: { readonly float: number; readonly fixed: number };
}

export default serve((task: ValidationTask): SampleResult => {
  const { layers, spec, index } = task;
  const [reference, simulated, counted] = [task.float, task.fixed, task.counted].map(openSession);
  const dataset = keepDataset(spec);
  const inputs = bindInputs(simulated.program, dataset.load(index), dataset.samples[index].name);
  const comparison = compareSample(reference, simulated, counted, layers, inputs);
  const top = ({ outputs }: typeof comparison.float) =>
    outputs.length === 1 ? topIndices(outputs[0].values, 5) : [];
  return {
    layers: comparison.layers,
    isolated: comparison.isolated,
    counters: comparison.counters,
    floatTop: top(comparison.float),
    fixedTop: top(comparison.fixed),
    codes: comparison.fixed.codes,
    seconds: comparison.seconds,
  };
});
