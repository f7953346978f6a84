/** Where the arenas of a prepared program lie: behind its constants, one behind the other. */
import { growMemory } from './constants.js';
import type { Prepared } from './prepared.js';
import type { Memory } from './webassembly.js';

/**
 * What must be added to scratch offsets of a thread of one run, beside the arena's address; the memory grows to hold it. The
 * first thread, 0, uses the scratch of the arena itself.
 */
export function reserveScratch(prepared: Prepared, memory: Memory, thread: number, where: string): number {
  const { constantBytes, arenaBytes, scratchBytes } = prepared;
  growMemory(memory, constantBytes + arenaBytes + thread * scratchBytes, where);
  return thread * scratchBytes;
}

/** Address of a worker's arena; the memory grows to hold it. */
export function reserveArena(prepared: Prepared, memory: Memory, worker: number, where: string): number {
  const base = prepared.constantBytes + worker * prepared.arenaBytes;
  growMemory(memory, base + prepared.arenaBytes, where);
  return base;
}
