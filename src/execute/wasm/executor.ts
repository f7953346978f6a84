/** The WASM executor on one thread with a memory of its own. */
import type { Program } from '../../program/program.js';
import type { Executor } from '../executor.js';
import { reserveArena } from './arenas.js';
import { failAsOracle } from './fail-as-oracle.js';
import { createInstance } from './instance.js';
import { type PrepareOptions, prepareProgram } from './prepare.js';
import { loadKernels } from './select-variant.js';
import type { VariantOptions } from './variants.js';
import { createMemory } from './webassembly.js';

export { createMemory };

/**
 * Prepares a program for SIMD kernels: the same bytes as the oracle, fast. Throws a ProgramError for what does not fit
 * its memory.
 */
export function createWasmExecutor(
  program: Program,
  options: Omit<PrepareOptions, 'kernels'> & VariantOptions = {},
): Executor {
  const memory = createMemory();
  const kernels = loadKernels(options);
  const prepared = prepareProgram(program, memory, { ...options, kernels });
  const arena = reserveArena(prepared, memory, 0, `program "${program.name}"`);
  const instance = createInstance(program, prepared, kernels, memory, arena, 0, failAsOracle);
  return { name: 'wasm', program, ...instance };
}
