/** The WASM executor on one thread with a memory of its own. */
import type { Program } from '../../program/program.js';
import type { Executor } from '../executor.js';
import { reserveArena } from './arenas.js';
import { failAsOracle } from './fail-as-oracle.js';
import { constantsOfFailures } from './failure.js';
import { createInstance } from './instance.js';
import { type PrepareOptions, prepareProgram } from './prepare.js';
import { releaseProgram } from './release-program.js';
import { loadKernels } from './select-variant.js';
import type { KernelSet, VariantOptions } from './variants.js';
import { createMemory } from './webassembly.js';

export interface ExecutorOptions extends PrepareOptions, VariantOptions {
  /** Those of an engine, for instance; default: what `variant` and `v8Flags` ask for. */
  readonly kernels?: KernelSet;
  /** See `SessionOptions`: true frees the memory of the program's constants, which are packed. Default false. */
  readonly release?: boolean;
}

/**
 * Prepares a program for SIMD kernels: the same bytes as the oracle, fast. Throws a ProgramError for what does not fit
 * its memory.
 */
export function createWasmExecutor(
  given: Program,
  { release = false, variant, v8Flags, kernels: loaded, ...options }: ExecutorOptions = {},
): Executor {
  const memory = createMemory();
  const kernels = loaded ?? loadKernels({ variant, v8Flags });
  const prepared = prepareProgram(given, memory, { ...options, kernels });
  const program = release ? releaseProgram(given, constantsOfFailures(given, prepared)) : given;
  const arena = reserveArena(prepared, memory, 0, `program "${program.name}"`);
  const instance = createInstance(program, prepared, kernels, memory, arena, 0, failAsOracle);
  return { name: 'wasm', program, ...instance };
}
