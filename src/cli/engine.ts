/** The engine of one command, with its progress bar and Ctrl-C. */
import { createEngine, type Engine } from '../execute/wasm/engine.js';
import { type VariantName, v8FlagsOf } from '../execute/wasm/variants.js';
import { interruptible } from './interrupt.js';
import type { RunOptions } from './options.js';
import { createProgress, say } from './terminal.js';

/** What the work tells the person at the terminal, and what it hears from them. */
export interface Attendance {
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Shows how far a phase is; default: the command's only one. */
  readonly onProgress: (done: number, total: number, phase?: string) => void;
}

/** Names V8's flags while kernels are compiled: those of the pinned variant, else of all that are tried. */
export function describeFlags(pinned?: VariantName): string {
  const names = v8FlagsOf(pinned).map((flag) => `--${flag}`);
  return `V8's flags ${names.join(' ')} are set while kernels are compiled`;
}

/** Runs `work` on the engine that the options describe, and ends its workers before the result is given out. */
export async function withEngine<T>(
  { threads, variant, v8Flags }: RunOptions,
  title: string,
  work: (engine: Engine, attendance: Attendance) => Promise<T>,
): Promise<T> {
  const engine = createEngine({ threads, variant, v8Flags });
  if (v8Flags) say(`${describeFlags(variant)}; kernels ${engine.variant}`);
  for (const { variant, reason } of engine.ruledOut) say(`kernels ${variant} are ruled out: ${reason}`);
  let current = title;
  let progress = createProgress(title);
  const onProgress = (done: number, total: number, phase = title) => {
    if (phase !== current) {
      progress.stop();
      progress = createProgress(phase);
      current = phase;
    }
    progress.update(done, total);
  };
  try {
    return await interruptible((signal) => work(engine, { signal, onProgress }));
  } finally {
    progress.stop();
    await engine.dispose();
  }
}
