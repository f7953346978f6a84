/** The subjects of a work: which executors on how many threads. */
import type { DatasetSpec } from '../../inputs/dataset.js';
import { isCompilerMode } from '../../platform/v8-flags.js';
import type { OnnxRuntimeSpec, Subject } from './specification.js';
import type { StreamKind } from './stream.js';

export interface Settings {
  /** Numbers of threads; each is measured. */
  readonly threads: readonly number[];
  /** Kernel variants; undefined: what the engine chooses. */
  readonly variants: readonly (string | undefined)[];
  /** Packages of ONNX Runtime that can be loaded. */
  readonly runtimes: readonly OnnxRuntimeSpec['kind'][];
}

export type StreamSettings = Pick<Settings, 'threads' | 'variants'>;

/** A program on every variant. `VARIANT` in the name stands for the variant's. */
export function programSubjects(
  name: string,
  program: string,
  data: DatasetSpec | undefined,
  { threads, variants }: Settings,
): Subject[] {
  return threads.flatMap((count) =>
    variants.map((variant) => ({ name, spec: { kind: 'program', program, data, variant, threads: count } })),
  );
}

/** A program on every variant, all threads on one sample. */
export function latencySubjects(
  program: string,
  data: DatasetSpec | undefined,
  { threads, variants }: Settings,
): Subject[] {
  const mode = 'latency';
  return threads
    .filter((count) => count > 1)
    .flatMap((count) =>
      variants.map((variant) => ({
        name: 'dynafix/VARIANT latency',
        spec: { kind: 'program', program, data, variant, mode, threads: count },
      })),
    );
}

/** The kernels of a program alone, without the copies and checks of a run, on every variant. */
export function kernelSubjects(program: string, variants: Settings['variants']): Subject[] {
  return variants.map((variant) => ({
    name: 'dynafix/VARIANT',
    spec: { kind: 'kernels', program, variant, threads: 1 },
  }));
}

/** A model on ONNX Runtime. */
export function onnxRuntimeSubjects(
  suffix: string,
  model: string,
  data: DatasetSpec | undefined,
  { threads, runtimes }: Settings,
): Subject[] {
  return threads.flatMap((count) =>
    runtimes.map((kind) => ({ name: `${kind}${suffix}`, spec: { kind, model, data, threads: count } })),
  );
}

/** A model of 8-bit operators on the kernels of onnxruntime-node that do not saturate. */
export function exactSubjects(
  model: string,
  data: DatasetSpec | undefined,
  { threads, runtimes }: Settings,
): Subject[] {
  const kind = 'onnxruntime-node';
  if (!runtimes.includes(kind)) return [];
  return threads.map((count) => ({
    name: `${kind} exact`,
    spec: { kind, model, data, exact: true, threads: count },
  }));
}

/**
 * The yardstick: as many streams as threads. A stream of 256-bit operations, where V8 has a flag for them, unless a variant without
 * them is pinned.
 */
export function streamSubjects(
  stream: StreamKind,
  macs: number,
  { threads, variants }: StreamSettings,
): Subject[] {
  const pinned = variants.every((variant) => variant !== undefined && !variant.endsWith('256'));
  return threads.flatMap((count) => {
    const spec = { kind: 'stream' as const, stream, macs, threads: count };
    const plain: Subject = { name: 'dot stream', spec };
    if (pinned || !isCompilerMode('revectorized')) return [plain];
    return [plain, { name: 'dot stream, 256 bits', spec: { ...spec, wide: true } }];
  });
}
