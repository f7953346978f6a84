/** What a loaded program occupies. This module loads nothing but what runs programs. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createEngine } from '../../execute/wasm/engine.js';
import type { VariantName } from '../../execute/wasm/variants.js';
import { fileExists, readText } from '../../platform/files.js';
import { readProgram } from '../../program/file.js';
import { parseProgram } from '../../program/parse.js';
import { noiseInputs } from './noise.js';
import type { MemorySpec } from './specification.js';
import { settle } from './timing.js';

/** A program that moves one number. */
const SMALLEST = 'x = input f32 [1,1]\ny = reshape x -> f32 [1]\noutput y\n';

/** Runs, so that all kernels are compiled by the optimising compiler. */
const RUNS = 12;

/** Bytes beyond those of an empty process, or what the plan says of them. */
export function openMemory(spec: MemorySpec, emptyBytes: number) {
  const { threads, variant, figure } = spec;
  const engine = createEngine({ threads, variant: variant as VariantName, v8Flags: true });
  const measure = async () => {
    const program = figure === 'engine' ? parseProgram(SMALLEST) : readProgram(spec.program);
    const inputs = noiseInputs(program);
    const session = engine.load(program, { release: true });
    const { constants, arena, furtherWorker } = session.memoryUse;
    if (figure === 'planned') return constants + arena + (threads - 1) * furtherWorker;
    await Promise.all(Array.from({ length: RUNS * threads }, () => session.run(inputs)));
    if (figure === 'collected') collectGarbage();
    await settle();
    return (figure === 'peak' ? peakBytes() : process.memoryUsage.rss()) - emptyBytes;
  };
  return { variant: engine.variant, measure };
}

/** The most that this process has occupied. On Linux, what Node says of it counts the process that started it, too. */
function peakBytes(): number {
  const status = '/proc/self/status';
  const peak = fileExists(status) ? /VmHWM:\s*(\d+) kB/.exec(readText(status)) : null;
  return 1024 * (peak === null ? process.resourceUsage().maxRSS : Number(peak[1]));
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
