/** A subject in its own process: how what it costs is measured. */
import { ExecutionError } from '../../errors.js';
import { createPool } from '../../platform/pool.js';
import { openOnnxRuntime } from './onnxruntime.js';
import { openCalibrate, openFirstRun, openKernels, openLoad, openProgram } from './open-program.js';
import type { CopySpec, MemorySpec, StreamSpec, SubjectSpec } from './specification.js';
import { createStream } from './stream.js';
import type { StreamTask } from './stream-worker.js';
import { createTimer } from './timing.js';

export interface OpenSubject {
  /** The kernel variant in use. */
  readonly variant?: string;
  /** Seconds of one run, or bytes. */
  readonly measure: () => Promise<number>;
}

export async function openSubject(spec: Exclude<SubjectSpec, MemorySpec>): Promise<OpenSubject> {
  switch (spec.kind) {
    case 'program':
      return openProgram(spec);
    case 'kernels':
      return openKernels(spec);
    case 'calibrate':
      return openCalibrate(spec);
    case 'first run':
      return openFirstRun(spec);
    case 'load':
      return openLoad(spec);
    case 'stream':
      return { measure: await openStream(spec) };
    case 'copy':
      return { measure: await openCopy(spec) };
    case 'onnxruntime-node':
    case 'onnxruntime-web':
      return { measure: await openOnnxRuntime(spec) };
    default:
      throw new ExecutionError({ where: 'subject', what: 'is of an unknown kind' });
  }
}

/** Seconds in which each thread computes its products, as if one after the other. */
function openStream({ stream, wide, macs, threads }: StreamSpec): Promise<() => Promise<number>> {
  if (threads === 1) {
    const run = createStream(stream, wide);
    return createTimer((times) => run(times * macs), 1);
  }
  const pool = createPool(threads);
  const worker = new URL('./stream-worker.js', import.meta.url);
  const run = async (times: number) => {
    const task: StreamTask = { kind: stream, wide, count: (times * macs) / threads };
    await Promise.all(Array.from({ length: threads }, () => pool.run<StreamTask, void>(worker, task)));
  };
  return createTimer(run, threads);
}

/** Seconds of a copy within shared memory, as kernels have it. */
function openCopy({ bytes }: CopySpec): Promise<() => Promise<number>> {
  const half = Math.ceil(bytes / 2);
  const source = new Uint8Array(new SharedArrayBuffer(half)).fill(1);
  const target = new Uint8Array(new SharedArrayBuffer(half));
  const run = (times: number) => {
    for (let i = 0; i < times; i++) target.set(source);
  };
  return createTimer(run, 1);
}
