/** What a loaded program occupies. This module loads nothing but what runs programs, of that only what a figure needs. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { loadKernels } from '../../execute/wasm/select-variant.js';
import type { VariantName } from '../../execute/wasm/variants.js';
import { fileExists, readText } from '../../platform/files.js';
import { readProgram } from '../../program/file.js';
import { noiseInputs } from './noise.js';
import type { OpenSubject } from './open-subject.js';
import type { MemorySpec } from './specification.js';
import { settle } from './timing.js';

/** A program that moves one number. */
const SMALLEST = 'x = input f32 [1,1]\ny = reshape x -> f32 [1]\noutput y\n';

/** Runs, so that all kernels are compiled by the optimising compiler. */
const RUNS = 12;

/** Bytes beyond those of an empty process, or what the plan says of them. */
export function openMemory(spec: MemorySpec, emptyBytes: number): Promise<OpenSubject> {
  return spec.figure === 'executor' ? openExecutor(spec, emptyBytes) : openWorkers(spec, emptyBytes);
}

async function openWorkers(spec: MemorySpec, emptyBytes: number): Promise<OpenSubject> {
  const { threads, variant, figure } = spec;
  const { createEngine } = await import('../../execute/wasm/engine.js');
  const engine = createEngine({ threads, variant: variant as VariantName, v8Flags: true });
  const measure = async () => {
    const program = figure === 'engine' ? await smallestProgram() : readProgram(spec.program);
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

async function openExecutor(
  { program: path, variant }: MemorySpec,
  emptyBytes: number,
): Promise<OpenSubject> {
  const { createWasmExecutor } = await import('../../execute/wasm/executor.js');
  const options = { variant: variant as VariantName, v8Flags: true };
  const kernels = loadKernels(options);
  const measure = async () => {
    const program = readProgram(path);
    const inputs = noiseInputs(program);
    const executor = createWasmExecutor(program, { ...options, release: true });
    for (let run = 0; run < RUNS; run++) executor.run(inputs);
    await settle();
    return process.memoryUsage.rss() - emptyBytes;
  };
  return { variant: kernels.variant, measure };
}

async function smallestProgram() {
  const { parseProgram } = await import('../../program/parse.js');
  return parseProgram(SMALLEST);
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
