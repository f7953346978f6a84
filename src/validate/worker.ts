/** The worker's side of `validate`: one sample through both programs. */
import { computeAt } from '../errors.js';
import type { Elements, ErrorSums, InstructionCounters } from '../execute/executor.js';
import { bindInputs, type RunResult } from '../execute/ports.js';
import { openSession, type SessionHandle } from '../execute/wasm/session.js';
import type { Codes } from '../formats/format.js';
import type { DatasetSpec } from '../inputs/dataset.js';
import { keepDataset } from '../inputs/keep-dataset.js';
import { serve } from '../platform/serve.js';
import { compareLayers, compareOutputs, type Layer } from './compare.js';
import { topClasses } from './metrics.js';
import { type FloatSample, runReference } from './reference.js';

export interface ValidationTask {
  /** The float program, or what is known of its part. */
  readonly float: SessionHandle | FloatSample;
  readonly fixed: SessionHandle;
  /** The fixed program with counters; without it no layer is run by itself. */
  readonly counted?: SessionHandle;
  readonly layers: readonly Layer[];
  readonly spec: DatasetSpec;
  readonly index: number;
}

export interface SampleResult {
  readonly cumulative: readonly ErrorSums[];
  /** These two are empty without counters. */
  readonly isolated: readonly ErrorSums[];
  readonly counters: readonly (InstructionCounters | null)[];
  /** The float program's part; without values where each layer is compared. */
  readonly reference: FloatSample;
  readonly fixedTop: readonly number[];
  /** Output of the class that the float program chooses. */
  readonly topValue?: number;
  readonly codes: readonly (Codes | undefined)[];
  /** Time of the fixed program. */
  readonly seconds: number;
}

export default serve((task: ValidationTask): Promise<SampleResult> => {
  const { program } = openSession(task.fixed);
  const dataset = keepDataset(task.spec);
  const { name } = dataset.samples[task.index];
  const inputs = bindInputs(program, dataset.load(task.index), name);
  return computeAt(name, () => compareSample(task, inputs));
});

function compareSample(task: ValidationTask, inputs: readonly Elements[]): SampleResult {
  const { layers } = task;
  const simulated = openSession(task.fixed);
  const reference =
    'values' in task.float ? task.float : runReference(openSession(task.float), layers, inputs);
  const references = layers.map(({ reference: name }) => reference.values.get(name)!);
  if (task.counted === undefined) {
    const { result, ...comparison } = compareOutputs(simulated, layers, references, inputs);
    return { ...comparison, isolated: [], counters: [], reference, ...describe(result, reference) };
  }
  const counted = openSession(task.counted);
  const { result, ...comparison } = compareLayers(simulated, counted, layers, references, inputs);
  const summary = { ...reference, values: new Map<string, Float32Array>() };
  return { ...comparison, reference: summary, ...describe(result, reference) };
}

/** What the fixed program chooses. */
function describe(
  result: RunResult,
  { top }: FloatSample,
): Pick<SampleResult, 'fixedTop' | 'topValue' | 'codes'> {
  const { outputs, codes } = result;
  return { fixedTop: topClasses(result), topValue: outputs[0]?.values[top[0]], codes };
}
