/** V8's flags for compiling WebAssembly. They are those of the whole process: nothing here runs unless a user asks for it. */
import { setFlagsFromString } from 'node:v8';

/**
 * `optimised`: every function is compiled when its module is, by the optimising compiler; `relaxed`: relaxed SIMD is on, where it
 * is still off; `fused`: a relaxed dot product that adds is one instruction, on CPUs that have it; `revectorized`: pairs of 128-bit
 * operations are compiled to 256-bit ones.
 */
export type CompilerMode = 'optimised' | 'relaxed' | 'fused' | 'revectorized';

const version = Number.parseFloat(process.versions.v8);

/** None where this V8 does it without; undefined where it does not do it. */
const flags: Readonly<Record<CompilerMode, readonly string[] | undefined>> = {
  // Since V8 14 inlining counts on what the baseline compiler has seen.
  optimised: ['no-liftoff', 'no-wasm-lazy-compilation', ...(version >= 14 ? ['no-wasm-inlining'] : [])],
  relaxed: version < 11.4 ? ['experimental-wasm-relaxed-simd'] : [],
  fused: version >= 13 ? [] : undefined,
  revectorized: version >= 12 ? ['experimental-wasm-revectorize'] : undefined,
};

/** True where this V8 must be given a flag for the mode. */
export function hasFlag(mode: CompilerMode): boolean {
  return flagsOf([mode]).length > 0;
}

/** False where this V8 does not do it, with a flag or without. */
export function isCompilerMode(mode: CompilerMode): boolean {
  return flags[mode] !== undefined;
}

/** The flags that V8 has while it compiles in these modes. */
export function flagsOf(modes: readonly CompilerMode[]): readonly string[] {
  return [...new Set(modes.flatMap((mode) => flags[mode] ?? []))];
}

/** Calls `compile` with V8 in these modes, and sets it back afterwards to what the process was started with. */
export function compileIn<T>(modes: readonly CompilerMode[], compile: () => T): T {
  const changed = flagsOf(modes).filter((flag) => !process.execArgv.includes(`--${flag}`));
  for (const flag of changed) setFlagsFromString(`--${flag}`);
  try {
    return compile();
  } finally {
    for (const flag of changed)
      setFlagsFromString(flag.startsWith('no-') ? `--${flag.slice(3)}` : `--no-${flag}`);
  }
}
