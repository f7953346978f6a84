/**
 * Compares a fixed-point program with the float program of the same model over a data set, on all workers. Results are
 * merged in the order of the samples, so that nothing depends on threads.
 */
import { UsageError } from '../errors.js';
import type { ErrorSums, InstructionCounters } from '../execute/executor.js';
import type { Engine } from '../execute/wasm/engine.js';
import { arenaBytes, plainMemoryUse } from '../execute/wasm/prepare.js';
import { formatText } from '../formats/format.js';
import { type DatasetSpec, openDataset } from '../inputs/dataset.js';
import { createSha256 } from '../platform/files.js';
import { inOrder, type RunOptions, runTasks } from '../platform/pool.js';
import { codeBytes } from '../program/digest.js';
import { listFloatIslands } from '../program/float-islands.js';
import { constantBytes, type Program } from '../program/program.js';
import { type Layer, pairLayers } from './compare.js';
import { accumulatorSummary, addCounters } from './counters.js';
import { addSums, emptySums, sqnr } from './metrics.js';
import { outputLayers } from './output-layers.js';
import type { FloatSample, FloatSamples } from './reference.js';
import type { Accuracy, LayerSummary, Summary } from './summary.js';
import type { SampleResult, ValidationTask } from './worker.js';

const worker = new URL('./worker.js', import.meta.url);

export interface ValidateOptions extends RunOptions {
  /** Samples of the data set to use; default: all. */
  readonly indices?: readonly number[];
  /** One per index, 0 the first class; without it no accuracy is given. */
  readonly labels?: readonly number[];
  readonly hardware?: string;
  /** False: only outputs are compared, at about the cost of running both programs. Default true. */
  readonly layers?: boolean;
  /**
   * Where only outputs are compared, the float results of earlier calls with the same float program and data: what is
   * there is not computed again, what is not is added.
   */
  readonly references?: FloatSamples;
}

/** What is counted over samples. */
interface Totals {
  readonly cumulative: readonly ErrorSums[];
  readonly isolated: readonly ErrorSums[];
  readonly counters: (InstructionCounters | null)[];
  readonly hits: { float1: number; float5: number; fixed1: number; fixed5: number };
  rightToWrong: number;
  wrongToRight: number;
  agreed: number;
  /** Of each sample: by how much the output of the float network's class changed. */
  readonly topChanges: number[];
  readonly seconds: { float: number; fixed: number };
}

/**
 * `float` is the all-float32 program of the model that `fixed` was compiled from. Throws a ProgramError where the two do
 * not fit, an AbortedError when `signal` is aborted, and the first worker's error.
 */
export async function validate(
  engine: Engine,
  float: Program,
  fixed: Program,
  spec: DatasetSpec,
  options: ValidateOptions = {},
): Promise<Summary> {
  const indices = options.indices ?? Array.from({ length: openDataset(spec).count }, (_, index) => index);
  if (indices.length === 0) throw new UsageError({ where: 'validation data', what: 'has no samples' });
  const each = options.layers ?? true;
  const pairs = pairLayers(float, fixed);
  const outputs = outputLayers(fixed, pairs);
  const layers = each ? pairs : [...new Set(outputs.map(({ layer }) => layer))];
  const totals = createTotals(layers);
  const hash = createSha256();
  const references = each ? undefined : options.references;
  const known = indices.map((index) => findReference(references?.get(index), layers));
  const measured = layers.map(({ instruction }) => instruction);
  const sessions = {
    float: known.includes(undefined) ? engine.load(float) : undefined,
    fixed: engine.load(fixed, { measured }),
    counted: each ? engine.load(fixed, { measured, counters: true }) : undefined,
  };
  const merge = inOrder((result: SampleResult, task) => {
    addSample(totals, result, options.labels?.[task]);
    references?.set(indices[task], result.reference);
    for (const codes of result.codes) if (codes !== undefined) hash.add(codeBytes(codes));
    options.onProgress?.(task + 1, indices.length);
  });
  const makeTask = (task: number): ValidationTask => ({
    float: known[task] ?? sessions.float!.handle,
    fixed: sessions.fixed.handle,
    counted: sessions.counted?.handle,
    layers,
    spec,
    index: indices[task],
  });
  try {
    await runTasks<ValidationTask, SampleResult>(
      engine.pool,
      worker,
      indices.length,
      makeTask,
      merge,
      options.signal,
    );
  } finally {
    for (const session of Object.values(sessions)) session?.dispose();
  }
  const digest = fixed.outputs.some(({ codes }) => codes >= 0) ? hash.digest() : undefined;
  const { constantBytes: packedBytes, arenaBytes: perWorker } = plainMemoryUse(fixed, engine.variant);
  return summarize(engine, float, fixed, totals, indices.length, {
    ...options,
    digest,
    memory: { packedBytes, activationBytes: arenaBytes(fixed), arenaBytes: perWorker },
    outputs: outputs.map(({ name, layer, tail }) => {
      const sums = totals.cumulative[layers.indexOf(layer)];
      return { name, sqnr: sqnr(sums), maxError: sums.maxError, ...(tail && { tail }) };
    }),
    layers: each ? layers.map((layer, index) => summarizeLayer(fixed, layer, totals, index)) : [],
  });
}

/** What is known of a sample, where it holds everything that the layers are compared with. */
function findReference(known: FloatSample | undefined, layers: readonly Layer[]): FloatSample | undefined {
  return layers.every(({ reference }) => known?.values.has(reference)) ? known : undefined;
}

function createTotals(layers: readonly Layer[]): Totals {
  return {
    cumulative: layers.map(emptySums),
    isolated: layers.map(emptySums),
    counters: layers.map(() => null),
    hits: { float1: 0, float5: 0, fixed1: 0, fixed5: 0 },
    rightToWrong: 0,
    wrongToRight: 0,
    agreed: 0,
    topChanges: [],
    seconds: { float: 0, fixed: 0 },
  };
}

function addSample(totals: Totals, sample: SampleResult, label: number | undefined): void {
  for (const [index, sums] of sample.cumulative.entries()) addSums(totals.cumulative[index], sums);
  for (const [index, sums] of sample.isolated.entries()) addSums(totals.isolated[index], sums);
  for (const [index, counters] of sample.counters.entries()) {
    totals.counters[index] = addCounters(totals.counters[index], counters);
  }
  totals.seconds.float += sample.reference.seconds;
  totals.seconds.fixed += sample.seconds;
  const { fixedTop } = sample;
  const floatTop = sample.reference.top;
  if (floatTop.length > 0 && floatTop[0] === fixedTop[0]) totals.agreed++;
  totals.topChanges.push(Math.abs(sample.topValue! - sample.reference.topValue!));
  if (label === undefined) return;
  const { hits } = totals;
  if (floatTop[0] === label) hits.float1++;
  if (fixedTop[0] === label) hits.fixed1++;
  if (floatTop.includes(label)) hits.float5++;
  if (fixedTop.includes(label)) hits.fixed5++;
  if (floatTop[0] === label && fixedTop[0] !== label) totals.rightToWrong++;
  if (floatTop[0] !== label && fixedTop[0] === label) totals.wrongToRight++;
}

/** True for one output of shape [1,C] or [1,C,1,1]: its arg-max is a class. */
function classifies({ outputs, tensors }: Program): boolean {
  if (outputs.length !== 1) return false;
  const [batch, classes, ...rest] = tensors[outputs[0].tensor].shape;
  return (
    batch === 1 &&
    classes > 1 &&
    (rest.length === 0 || (rest.length === 2 && rest.every((size) => size === 1)))
  );
}

function summarize(
  engine: Engine,
  float: Program,
  fixed: Program,
  totals: Totals,
  samples: number,
  {
    labels,
    hardware = 'unknown',
    outputs,
    layers,
    memory,
    digest,
  }: Pick<ValidateOptions, 'labels' | 'hardware'> & Pick<Summary, 'outputs' | 'layers' | 'memory' | 'digest'>,
): Summary {
  const share = (count: number) => count / samples;
  const accuracy = (top1: number, top5: number): Accuracy => ({ top1: share(top1), top5: share(top5) });
  const { hits } = totals;
  const classified = classifies(float);
  const labelled = classified && labels !== undefined;
  const lanes = Math.min(engine.threads, samples);
  const seconds = { float: totals.seconds.float / lanes, fixed: totals.seconds.fixed / lanes };
  return {
    samples,
    ...(labelled && {
      float: accuracy(hits.float1, hits.float5),
      fixed: accuracy(hits.fixed1, hits.fixed5),
      rightToWrong: totals.rightToWrong,
      wrongToRight: totals.wrongToRight,
    }),
    ...(classified && { agreement: share(totals.agreed), topChange: summarizeChanges(totals.topChanges) }),
    outputs,
    layers,
    floatIslands: listFloatIslands(fixed),
    size: { floatBytes: constantBytes(float), fixedBytes: constantBytes(fixed) },
    memory,
    seconds,
    imagesPerSecond: { float: samples / seconds.float, fixed: samples / seconds.fixed },
    threads: engine.threads,
    variant: engine.variant,
    hardware,
    ...(digest !== undefined && { digest }),
  };
}

function summarizeChanges(changes: readonly number[]): Summary['topChange'] {
  const sorted = changes.toSorted((a, b) => a - b);
  const { length } = sorted;
  return { median: (sorted[(length - 1) >> 1] + sorted[length >> 1]) / 2, largest: sorted[length - 1] };
}

function summarizeLayer(
  { instructions }: Program,
  layer: Layer,
  totals: Totals,
  index: number,
): LayerSummary {
  const sums = totals.cumulative[index];
  const counters = totals.counters[index];
  return {
    name: layer.name,
    operator: layer.operator,
    format: layer.format === null ? 'float32' : formatText(layer.format),
    sqnr: sqnr(sums),
    isolatedSqnr: sqnr(totals.isolated[index]),
    maxError: sums.maxError,
    clipped: (counters?.clipped ?? sums.clipped) / Math.max(1, counters?.outputs ?? sums.count),
    ...accumulatorSummary(instructions[layer.instruction], counters),
  };
}
