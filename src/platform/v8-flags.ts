/** V8's flags for compiling WebAssembly. They are those of the whole process: nothing here runs unless a user asks for it. */
import { setFlagsFromString } from 'node:v8';

/**
 * `optimised`: every function is compiled when its module is, by the optimising compiler; `relaxed`: relaxed SIMD is on, where it
 * is still off; `fused`: a relaxed dot product that adds is one instruction, on CPUs that have it; `revectorized`: pairs of 128-bit
 * operations are compiled to 256-bit ones.
 */
export type CompilerMode = 'optimised' | 'relaxed' | 'fused' | 'revectorized';

const version = Number.parseFloat(process.versions.v8);

const flags: Readonly<Record<CompilerMode, readonly string[]>> = {
  // Since V8 14 inlining counts on what the baseline compiler has seen.
  optimised: ['no-liftoff', 'no-wasm-lazy-compilation', ...(version >= 14 ? ['no-wasm-inlining'] : [])],
  relaxed: version < 11.4 ? ['experimental-wasm-relaxed-simd'] : [],
  fused: [],
  revectorized: version >= 12 ? ['experimental-wasm-revectorize'] : [],
};

/** True where this V8 must be given a flag for the mode. */
export function hasFlag(mode: CompilerMode): boolean {
  return flags[mode].length > 0;
}

/** False where this V8 has no flag for the mode and does not do it without one. */
export function isCompilerMode(mode: CompilerMode): boolean {
  if (mode === 'fused') return version >= 13;
  return mode === 'relaxed' || hasFlag(mode);
}

/** Calls `compile` with V8 in these modes, and sets it back afterwards to what the process was started with. */
export function compileIn<T>(modes: readonly CompilerMode[], compile: () => T): T {
  const changed = modes
    .flatMap((mode) => flags[mode])
    .filter((flag) => !process.execArgv.includes(`--${flag}`));
  for (const flag of changed) setFlagsFromString(`--${flag}`);
  try {
    return compile();
  } finally {
    for (const flag of changed)
      setFlagsFromString(flag.startsWith('no-') ? `--${flag.slice(3)}` : `--no-${flag}`);
  }
}
