/** The library's engine: workers, and sessions that run programs on them: one sample per worker, or each sample on all workers. */
import { AbortedError, ExecutionError, UsageError } from '../../errors.js';
import { machineThreads } from '../../platform/machine-threads.js';
import { createPool, type WorkerPool } from '../../platform/pool.js';
import type { Program } from '../../program/program.js';
import { bindInputs, type Inputs, type RunResult } from '../ports.js';
import { growMemory } from './constants.js';
import { createSessionHandle } from './create-session.js';
import { createInputSlots } from './input-slots.js';
import type { PrepareOptions } from './prepare.js';
import { freeConstants, withoutData } from './release-program.js';
import { loadKernels, type RuledOut } from './select-variant.js';
import { disposeSessionHandle, type MemoryUse, type SessionHandle } from './session.js';
import { createTeam } from './team-session.js';
import type { KernelSet, VariantName, VariantOptions } from './variants.js';
import { createMemory, type Memory } from './webassembly.js';
import type { RunTask } from './worker.js';

const MODES: readonly unknown[] = ['throughput', 'latency'];

const worker = new URL('./worker.js', import.meta.url);

/** Inputs per worker: of the run at hand and the next. */
const SLOTS = 2;

export interface EngineOptions extends VariantOptions {
  /** Worker threads; default: as many as the machine runs at once. */
  readonly threads?: number;
}

/**
 * `counters`: each run also gives what the instructions counted; this takes time. `observed`: see `Executor.takeObservations`, `measured`:
 * see `Executor.measure`, and `retain`: see `Replay`, for tasks on the engine's pool.
 */
export type SessionOptions = Pick<PrepareOptions, 'counters' | 'observed' | 'measured' | 'retain'> & {
  /**
   * `throughput`: each run takes one worker, and as many run at once as there are workers, each with an arena of its own.
   * `latency`: each run takes all workers, which share every layer and one arena; runs wait for each other. Both give the same
   * bytes. Default `throughput`.
   */
  readonly mode?: 'throughput' | 'latency';
  /**
   * True: once the program is packed, the memory of its constants is freed at once, and that of the file they were read from: nobody
   * uses the program again. Default false: it is freed when the last who holds the program lets go of it and a garbage collection comes.
   */
  readonly release?: boolean;
};

/** A program that is ready to run. */
export interface Runner {
  /** What was loaded, without the data of its constants: they are packed, and the caller may let go of them. */
  readonly program: Program;
  /** Bytes of the memory that the workers share; more only where a worker has died. */
  readonly memoryUse: MemoryUse;
  /**
   * Runs one sample. `inputs` in the model's layout, by name or in order: float32, or integer codes. They are read when the
   * run's turn comes: they must not change until the promise settles. Throws an InputError where an input does not fit, an
   * ExecutionError where a worker fails, an AbortedError where `signal` was aborted before (`throughput`), or before the end
   * (`latency`).
   */
  run(inputs: Inputs, options?: { readonly signal?: AbortSignal }): Promise<RunResult>;
  /** Ends the session, whose memory serves the engine's next one as soon as the last run is done. */
  dispose(): void;
}

/** A runner whose runs take one worker each. */
export interface Session extends Runner {
  /** What a task on the engine's pool needs to run the program. */
  readonly handle: SessionHandle;
}

export interface Engine {
  readonly threads: number;
  /** Name of the kernel variant in use. */
  readonly variant: VariantName;
  /** Variants that were tried and do not serve. */
  readonly ruledOut: readonly RuledOut[];
  /** The kernels in use, for tasks on the pool. */
  readonly kernels: KernelSet;
  readonly pool: WorkerPool;
  /**
   * Packs a program; sessions run concurrently. Throws a ProgramError for what the kernels do not run, or where what all workers
   * need at once is more than 4 GiB or than the machine can give, an ExecutionError once the engine is disposed.
   */
  load(program: Program, options?: SessionOptions & { readonly mode?: 'throughput' }): Session;
  load(program: Program, options?: SessionOptions): Runner;
  dispose(): Promise<void>;
}

/**
 * Starts the workers. They do not keep the process alive while they are idle. Throws a UsageError for a number of
 * threads that is not a positive integer, or a variant that does not serve.
 */
export function createEngine({ threads = machineThreads(), ...options }: EngineOptions = {}): Engine {
  if (!Number.isInteger(threads) || threads < 1) {
    const expected = 'a whole number of at least 1';
    throw new UsageError({ where: 'threads', what: 'is out of range', expected, got: String(threads) });
  }
  const kernels = loadKernels(options);
  const pool = createPool(threads);
  // Workers would keep an ended session's memory until their next garbage collection.
  const memories: Memory[] = [];
  let disposed = false;
  return {
    threads,
    variant: kernels.variant,
    ruledOut: kernels.ruledOut,
    kernels,
    pool,
    load(program: Program, options: SessionOptions = {}) {
      if (disposed)
        throw new ExecutionError({ where: `program "${program.name}"`, what: 'the engine is disposed' });
      if (!MODES.includes(options.mode ?? 'throughput'))
        throw new UsageError({
          where: 'mode',
          what: 'is unknown',
          expected: MODES.join(', '),
          got: String(options.mode),
        });
      const memory = memories.pop() ?? createMemory();
      try {
        return createSession(pool, kernels, program, options, memory, () => memories.push(memory));
      } catch (error) {
        memories.push(memory);
        throw error;
      }
    },
    dispose() {
      disposed = true;
      return pool.close();
    },
  };
}

function createSession(
  pool: WorkerPool,
  kernels: KernelSet,
  loaded: Program,
  { counters, observed, measured, retain, mode, release }: SessionOptions,
  memory: Memory,
  returnMemory: () => void,
): Session {
  const shared = mode === 'latency' ? { threads: pool.threads } : {};
  const options = { counters, observed, measured, retain, ...shared };
  const handle = createSessionHandle(loaded, memory, options, kernels);
  reserveMemory(handle, loaded.name, pool.threads);
  const program = withoutData(loaded);
  if (release) freeConstants(loaded);
  const team = handle.team && createTeam(pool, handle);
  const slots = createInputSlots(SLOTS * pool.threads);
  let disposed = false;
  let running = 0;
  const releaseMemory = () => {
    disposeSessionHandle(handle);
    returnMemory();
  };
  const releaseWhenIdle = () => {
    if (!disposed || running > 0) return;
    // Workers that come late to a run that is done still look at its memory.
    if (team === undefined) releaseMemory();
    else void team.idle().then(releaseMemory);
  };
  return {
    program,
    handle,
    memoryUse: handle.memoryUse,
    async run(inputs, { signal } = {}) {
      if (disposed)
        throw new ExecutionError({ where: `program "${program.name}"`, what: 'the session is disposed' });
      if (signal?.aborted) throw new AbortedError({ where: 'run', what: 'was cancelled' });
      const bound = bindInputs(program, inputs);
      running++;
      try {
        if (team !== undefined) return await team.run(bound, signal);
        return await slots.use(bound, (copy) =>
          pool.run<RunTask, RunResult>(worker, { handle, inputs: copy }, { ahead: true }),
        );
      } finally {
        running--;
        releaseWhenIdle();
      }
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      releaseWhenIdle();
    },
  };
}

/** Grows the memory to what all workers need: each would else grow it by what it misses, whatever others add meanwhile. */
function reserveMemory({ memory, memoryUse }: SessionHandle, name: string, threads: number): void {
  const { constants, arena, furtherWorker } = memoryUse;
  const bytes = constants + arena + (threads - 1) * furtherWorker;
  growMemory(memory, bytes, `program "${name}" (threads: ${threads})`);
}
