/** The making of sessions, on the thread that owns the workers. */
import { storeShared } from '../../platform/shared-value.js';
import type { Program } from '../../program/program.js';
import { constantsOfFailures } from './failure.js';
import { type PrepareOptions, prepareProgram } from './prepare.js';
import { withoutData } from './release-program.js';
import { loadKernels } from './select-variant.js';
import type { Content, SessionHandle } from './session.js';
import { createTeamControl } from './team.js';
import type { KernelSet } from './variants.js';
import { createMemory, type Memory } from './webassembly.js';

let sessions = 0;

/**
 * Packs a program into a memory that no other session uses, new or left by one that has ended. Throws a ProgramError for what
 * the kernels do not run.
 */
export function createSessionHandle(
  program: Program,
  memory: Memory = createMemory(),
  options?: Omit<PrepareOptions, 'kernels'>,
  kernels: KernelSet = loadKernels(),
): SessionHandle {
  const prepared = prepareProgram(program, memory, { ...options, kernels });
  const shared = options?.threads !== undefined;
  return {
    id: sessions++,
    kernels,
    memory,
    content: storeShared({
      program: withoutData(program, constantsOfFailures(program, prepared)),
      prepared,
    } satisfies Content),
    control: new Int32Array(new SharedArrayBuffer(8)),
    ...(shared && { team: createTeamControl() }),
    memoryUse: {
      constants: prepared.constantBytes,
      arena: prepared.arenaBytes,
      furtherWorker: shared ? prepared.scratchBytes : prepared.arenaBytes,
    },
  };
}
