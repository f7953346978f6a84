/**
 * A program in a memory that all workers share: constants are packed once, each worker has an arena of its own.
 * The handle is plain data; a worker that gets it attaches an executor and keeps it until the session ends.
 */
import type { Program } from '../../program/program.js';
import type { Executor } from '../executor.js';
import { createMemory } from './executor.js';
import { createInstance } from './instance.js';
import { type PrepareOptions, prepareProgram, reserveArena } from './prepare.js';
import type { Prepared } from './prepared.js';
import { type KernelSet, loadKernels } from './variants.js';
import type { Memory } from './webassembly.js';

/** Words of the control block. */
const NEXT_ARENA = 0;
const DISPOSED = 1;

export interface SessionHandle {
  readonly id: number;
  readonly kernels: KernelSet;
  readonly memory: Memory;
  /** Without the data of constants, which is in the memory. */
  readonly program: Program;
  readonly prepared: Prepared;
  readonly control: Int32Array<SharedArrayBuffer>;
}

let sessions = 0;

/**
 * Packs a program into a memory that no other session uses, new or left by one that has ended. Throws a ProgramError for what
 * the kernels do not run.
 */
export function createSessionHandle(
  program: Program,
  memory: Memory = createMemory(),
  options?: Omit<PrepareOptions, 'variant'>,
  kernels: KernelSet = loadKernels(),
): SessionHandle {
  const prepared = prepareProgram(program, memory, { ...options, variant: kernels.variant });
  const tensors = program.tensors.map(({ data, ...tensor }) => tensor);
  return {
    id: sessions++,
    kernels,
    memory,
    program: { ...program, tensors },
    prepared,
    control: new Int32Array(new SharedArrayBuffer(8)),
  };
}

/** Tells the workers to let go of the memory: each does when it next opens a session. */
export function disposeSessionHandle({ control }: SessionHandle): void {
  Atomics.store(control, DISPOSED, 1);
}

const attached = new Map<number, { handle: SessionHandle; executor: Executor }>();

/** The executor of this thread for a session, on an arena that no other thread uses. */
export function openSession(handle: SessionHandle): Executor {
  for (const [id, { handle: other }] of attached) {
    if (Atomics.load(other.control, DISPOSED) === 1) attached.delete(id);
  }
  const known = attached.get(handle.id);
  if (known !== undefined) return known.executor;
  const { prepared, memory, control, kernels, program } = handle;
  const arena = reserveArena(
    prepared,
    memory,
    Atomics.add(control, NEXT_ARENA, 1),
    `program "${program.name}"`,
  );
  const executor: Executor = {
    name: 'wasm',
    program,
    ...createInstance(program, prepared, kernels, memory, arena),
  };
  attached.set(handle.id, { handle, executor });
  return executor;
}
