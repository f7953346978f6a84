/** What is measured, as plain data that a process of its own can be told. */
import type { DatasetSpec } from '../../inputs/dataset.js';
import type { StreamKind } from './stream.js';

interface Runs {
  /** Cores that one run may use. */
  readonly threads: number;
  /** The first sample is what runs; default: noise. */
  readonly data?: DatasetSpec;
}

/** A program on the WASM executor. */
export interface ProgramSpec extends Runs {
  readonly kind: 'program';
  readonly program: string;
  readonly variant?: string;
  /** How several threads are used: a sample for each, or all for one. */
  readonly mode?: 'throughput' | 'latency';
}

/** The kernels of a program alone, without the copies and checks of a run. */
export interface KernelsSpec {
  readonly kind: 'kernels';
  readonly program: string;
  readonly variant?: string;
  readonly threads: 1;
}

/** An ONNX model on ONNX Runtime. */
export interface OnnxRuntimeSpec extends Runs {
  readonly kind: 'onnxruntime-node' | 'onnxruntime-web';
  readonly model: string;
  /** True: kernels that do not saturate, session option `session.x64quantprecision`. */
  readonly exact?: boolean;
}

/** As many register-only streams as threads, `macs` products each. */
export interface StreamSpec {
  readonly kind: 'stream';
  readonly stream: StreamKind;
  /** True: in 256-bit operations, which V8's flags must allow. */
  readonly wide?: boolean;
  readonly macs: number;
  readonly threads: number;
}

/** Moving as many bytes as something reads and writes, half of them each, from where the caches may hold them. */
export interface CopySpec {
  readonly kind: 'copy';
  readonly bytes: number;
  readonly threads: 1;
}

/** Float inference of all samples of the data, with or without statistics of every value; per sample. */
export interface CalibrateSpec {
  readonly kind: 'calibrate';
  /** A float program. */
  readonly program: string;
  readonly data: DatasetSpec;
  readonly statistics: boolean;
  readonly variant?: string;
  readonly threads: number;
}

/**
 * From a file to an executor that is ready, once per process; `formats` make an integer program of a model. `lazily`: V8's flags stay as
 * they are, so that kernels are compiled when they are called.
 */
export interface LoadSpec {
  readonly kind: 'load';
  readonly file: string;
  readonly formats?: string;
  readonly lazily?: boolean;
  readonly variant?: string;
  readonly threads: 1;
}

/** The first run of a program, once per process. */
export interface FirstRunSpec extends Omit<ProgramSpec, 'kind'> {
  readonly kind: 'first run';
}

/**
 * Bytes of a process with a loaded program on `threads` workers that have run it on noise, beyond those of an empty process:
 * `resident` now, `collected` after a collection of the main thread's garbage, `peak` at most; `planned`: packed weights and one
 * arena per worker; `engine`: a process whose workers have only run a program of one number; `executor`: without workers, one that has
 * run the program itself.
 */
export interface MemorySpec {
  readonly kind: 'memory';
  readonly figure: 'engine' | 'executor' | 'resident' | 'collected' | 'peak' | 'planned';
  readonly program: string;
  readonly variant?: string;
  readonly threads: number;
}

export type SubjectSpec =
  | ProgramSpec
  | KernelsSpec
  | OnnxRuntimeSpec
  | StreamSpec
  | CopySpec
  | CalibrateSpec
  | LoadSpec
  | FirstRunSpec
  | MemorySpec;

/** One of those that are measured side by side. */
export interface Subject {
  /** `VARIANT` in it stands for the kernel variant that the process reports. */
  readonly name: string;
  readonly spec: SubjectSpec;
}

/** A piece of work; all its subjects do the same. */
export interface Work {
  /** `ResNet-50 int8`, say. */
  readonly name: string;
  readonly unit: 'ms' | 'GMAC/s' | 'MiB';
  /** Multiply-accumulates of one run. */
  readonly macs: number;
  readonly subjects: readonly Subject[];
}

export interface Workshop {
  /** Folder for files that only this run needs. */
  readonly scratch: string;
  readonly signal?: AbortSignal;
}

/** Works that are measured in one interleaved run. */
export interface WorkGroup {
  readonly works: readonly string[];
  /** Writes what the wanted works need to a folder. */
  prepare(wanted: ReadonlySet<string>, workshop: Workshop): Promise<readonly Work[]>;
}
