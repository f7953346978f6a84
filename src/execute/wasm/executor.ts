/** The WASM executor on one thread with a memory of its own. */
import type { Program } from '../../program/program.js';
import type { Executor } from '../executor.js';
import { createInstance } from './instance.js';
import { type PrepareOptions, prepareProgram, reserveArena } from './prepare.js';
import { loadKernels, type VariantOptions } from './variants.js';
import { type Memory, webAssembly } from './webassembly.js';

/** A shared memory as the kernels import it; it grows on demand up to 4 GiB. */
export function createMemory(): Memory {
  return new webAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
}

/**
 * Prepares a program for SIMD kernels: the same bytes as the oracle, fast. Throws a ProgramError for what does not fit
 * its memory.
 */
export function createWasmExecutor(
  program: Program,
  options: PrepareOptions & VariantOptions = {},
): Executor {
  const memory = createMemory();
  const kernels = loadKernels(options);
  const prepared = prepareProgram(program, memory, { ...options, variant: kernels.variant });
  const arena = reserveArena(prepared, memory, 0, `program "${program.name}"`);
  return { name: 'wasm', program, ...createInstance(program, prepared, kernels, memory, arena) };
}
