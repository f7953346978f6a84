/**
 * A program in a memory that all workers share: constants are packed once. Each worker has an arena of its own, or all share one and
 * each has scratch of its own. The handle is plain data; a worker that gets it attaches an instance and keeps it until the session ends.
 * Every worker loads this module, so that it imports nothing of what prepares a program.
 */
import { readShared } from '../../platform/shared-value.js';
import type { Program } from '../../program/program.js';
import type { Executor, Replay } from '../executor.js';
import { reserveArena, reserveScratch } from './arenas.js';
import { createInstance, type WasmInstance } from './instance.js';
import type { Prepared } from './prepared.js';
import type { TeamControl } from './team.js';
import { accessTensors, type TensorAccess } from './tensor-access.js';
import type { KernelSet } from './variants.js';
import type { Memory } from './webassembly.js';

/** Words of the control block. */
const NEXT_MEMBER = 0;
const DISPOSED = 1;

export interface SessionHandle {
  readonly id: number;
  readonly kernels: KernelSet;
  readonly memory: Memory;
  /** A Content, which every thread reads once. */
  readonly content: SharedArrayBuffer;
  readonly control: Int32Array<SharedArrayBuffer>;
  /** Where the workers share the work of one run, and one arena. */
  readonly team?: TeamControl;
  readonly memoryUse: MemoryUse;
}

/** Bytes that a program takes when it is ready to run. */
export interface MemoryUse {
  /** Packed weights and tables, once for all workers. */
  readonly constants: number;
  /** An arena: activations and scratch. */
  readonly arena: number;
  /** What each worker adds after the first: an arena, or scratch alone where they share every run. */
  readonly furtherWorker: number;
}

/** What is stored in `SessionHandle.content`. */
export interface Content {
  /** Without the data of constants, which is packed in the memory, but where the oracle may need it. */
  readonly program: Program;
  readonly prepared: Prepared;
}

/** Tells the workers, none of which runs the session any more, to let go of the memory: each does when it next opens a session. */
export function disposeSessionHandle({ control }: SessionHandle): void {
  Atomics.store(control, DISPOSED, 1);
}

/** One thread's side of a session. */
export interface Member {
  readonly program: Program;
  readonly prepared: Prepared;
  readonly instance: WasmInstance;
}

const attached = new Map<number, { handle: SessionHandle; member: Member }>();

/** This thread's side of a session: with an arena that no other thread uses, or scratch of its own where they work as a team. */
export function joinSession(handle: SessionHandle): Member {
  for (const [id, { handle: other }] of attached) {
    if (Atomics.load(other.control, DISPOSED) === 1) attached.delete(id);
  }
  const known = attached.get(handle.id);
  if (known !== undefined) return known.member;
  const { memory, control, kernels, team } = handle;
  const { program, prepared } = readShared<Content>(handle.content);
  const index = Atomics.add(control, NEXT_MEMBER, 1);
  const where = `program "${program.name}"`;
  const arena = reserveArena(prepared, memory, team === undefined ? index : 0, where);
  const scratch = team === undefined ? 0 : reserveScratch(prepared, memory, index, where);
  const instance = createInstance(program, prepared, kernels, memory, arena, scratch);
  const member = { program, prepared, instance };
  attached.set(handle.id, { handle, member });
  return member;
}

/** The arena that the workers share, for the thread that starts their runs. */
export function openArena({ content, memory }: SessionHandle): { program: Program; tensors: TensorAccess } {
  const { program, prepared } = readShared<Content>(content);
  const arena = reserveArena(prepared, memory, 0, `program "${program.name}"`);
  return { program, tensors: accessTensors(program, prepared, memory, arena) };
}

/** The executor of this thread for a session whose workers do not share runs. */
export function openSession(handle: SessionHandle): Executor {
  const { program, instance } = joinSession(handle);
  const { run, counters, takeObservations, measure } = instance;
  return { name: 'wasm', program, run, counters, takeObservations, measure };
}

/** This thread's replay of a session that retains all tensors. */
export function openReplay(handle: SessionHandle): Replay {
  const { program, instance } = joinSession(handle);
  const { tensors, runInstruction } = instance;
  return { program, tensors, runInstruction };
}
