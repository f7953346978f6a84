/** Runs a program over a data set: outputs of every sample, their digest, and on request every intermediate tensor. */
import { computeAt, UsageError } from '../errors.js';
import { bindInputs, type RunResult } from '../execute/ports.js';
import type { Engine } from '../execute/wasm/engine.js';
import type { DumpSpec } from '../export/dump-manifest.js';
import { writeManifest } from '../export/write-dump.js';
import { type DatasetSpec, openDataset } from '../inputs/dataset.js';
import { createSha256, makeFolder } from '../platform/files.js';
import { inOrder, type RunOptions, runTasks } from '../platform/pool.js';
import { codeBytes } from '../program/digest.js';
import type { Program } from '../program/program.js';
import type { SampleRun, SampleTask } from './run-worker.js';

const worker = new URL('./run-worker.js', import.meta.url);

export interface RunSamplesOptions extends RunOptions {
  /** Called once per sample, in order. */
  readonly onSample?: (result: RunResult, index: number) => void;
  /** See SessionOptions. */
  readonly release?: boolean;
  /** Writes a folder per sample with every tensor whose instruction's name matches, and a manifest. */
  readonly dump?: DumpSpec;
}

export interface RunSummary {
  readonly samples: number;
  /** Steady state: the executors' own time, divided by the number of threads at work. */
  readonly seconds: number;
  readonly imagesPerSecond: number;
  readonly threads: number;
  readonly variant: string;
  readonly outputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Absent for a float program. */
  readonly digest?: string;
}

/** Throws a UsageError where no layer is to be dumped, an AbortedError when `signal` is aborted, and the error of the first sample that fails. */
export async function runSamples(
  engine: Engine,
  program: Program,
  spec: DatasetSpec,
  { onSample, release, dump, onProgress, signal }: RunSamplesOptions = {},
): Promise<RunSummary> {
  const { count, samples } = openDataset(spec);
  if (dump !== undefined) {
    if (!program.instructions.some(({ name }) => dump.layers.test(name))) {
      const [expected, got] = ['a pattern that matches a layer', String(dump.layers)];
      throw new UsageError({ where: 'layers', what: 'no instruction has such a name', expected, got });
    }
    makeFolder(dump.folder);
  }
  const hash = createSha256();
  let busy = 0;
  const merge = inOrder(({ result, seconds }: SampleRun, index) => {
    for (const codes of result.codes) if (codes !== undefined) hash.add(codeBytes(codes));
    busy += seconds;
    onSample?.(result, index);
    onProgress?.(index + 1, count);
  });
  // A single sample takes all workers.
  if (count === 1 && dump === undefined) merge(await runAlone(engine, program, spec, { release, signal }), 0);
  else {
    const session = engine.load(program, { release });
    const makeTask = (index: number): SampleTask => ({ handle: session.handle, spec, index, dump });
    try {
      await runTasks<SampleTask, SampleRun>(engine.pool, worker, count, makeTask, merge, signal);
    } finally {
      session.dispose();
    }
  }
  if (dump !== undefined)
    writeManifest(
      program,
      dump,
      samples.map(({ name }) => name),
    );
  const seconds = busy / Math.min(engine.threads, count);
  return {
    samples: count,
    seconds,
    imagesPerSecond: count / seconds,
    threads: engine.threads,
    variant: engine.variant,
    outputs: program.outputs.map(({ name, tensor }) => ({ name, shape: program.tensors[tensor].shape })),
    ...(program.outputs.some(({ codes }) => codes >= 0) && { digest: hash.digest() }),
  };
}

/** The first sample, on all workers. */
async function runAlone(
  engine: Engine,
  program: Program,
  spec: DatasetSpec,
  { release, signal }: Pick<RunSamplesOptions, 'release' | 'signal'>,
): Promise<SampleRun> {
  const { load, samples } = openDataset(spec);
  const { name } = samples[0];
  const inputs = bindInputs(program, load(0), name);
  const session = engine.load(program, { mode: 'latency', release });
  try {
    const start = performance.now();
    const result = await computeAt(name, () => session.run(inputs, { signal }));
    return { result, seconds: (performance.now() - start) / 1000 };
  } finally {
    session.dispose();
  }
}
