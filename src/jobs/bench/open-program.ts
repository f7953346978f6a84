/** Programs as subjects: their speed, their first run, how fast they load, and what they occupy. */
import { readFormats } from '../../assign/formats-file.js';
import { calibrate } from '../../calibrate/calibrate.js';
import { compileProgram } from '../../compile/compile.js';
import type { Elements } from '../../execute/executor.js';
import { bindInputs } from '../../execute/ports.js';
import { reserveArena } from '../../execute/wasm/arenas.js';
import { createEngine, type Runner } from '../../execute/wasm/engine.js';
import { createWasmExecutor } from '../../execute/wasm/executor.js';
import { prepareProgram } from '../../execute/wasm/prepare.js';
import { loadKernels } from '../../execute/wasm/select-variant.js';
import { instantiate, type VariantName } from '../../execute/wasm/variants.js';
import { createMemory } from '../../execute/wasm/webassembly.js';
import type { DatasetSpec } from '../../inputs/dataset.js';
import { openDataset } from '../../inputs/dataset.js';
import { readProgram } from '../../program/file.js';
import type { Program } from '../../program/program.js';
import { loadModel } from '../load-model.js';
import { runSamples } from '../run.js';
import { noiseInputs } from './noise.js';
import type { OpenSubject } from './open-subject.js';
import type { CalibrateSpec, FirstRunSpec, KernelsSpec, LoadSpec, ProgramSpec } from './specification.js';
import { createTimer, settle } from './timing.js';

/** A process measures one variant: V8's flags disturb nobody. */
const kernelOptions = (variant: string | undefined, v8Flags = true) => ({
  variant: variant as VariantName,
  v8Flags,
});

/** The first sample of the data, else noise. */
function loadInputs(program: Program, data: DatasetSpec | undefined): Elements[] {
  if (data !== undefined) return bindInputs(program, openDataset(data).load(0));
  return noiseInputs(program);
}

/** Runs a sample `count` times, at most `lanes` at once. */
async function runMany(session: Runner, inputs: Elements[], count: number, lanes: number): Promise<void> {
  let started = 0;
  const lane = async () => {
    while (started++ < count) await session.run(inputs);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Runs in flight per worker, so that none waits for its next. */
const LANES = 2;

/** Seconds of one run. */
export async function openProgram({
  program: path,
  variant,
  threads,
  data,
  mode,
}: ProgramSpec): Promise<OpenSubject> {
  const program = readProgram(path);
  const inputs = loadInputs(program, data);
  const options = kernelOptions(variant);
  if (threads === 1) {
    const executor = createWasmExecutor(program, options);
    const run = (times: number) => {
      for (let i = 0; i < times; i++) executor.run(inputs);
    };
    return { variant: loadKernels(options).variant, measure: await createTimer(run, 1) };
  }
  const engine = createEngine({ threads, ...options });
  const session = engine.load(program, { mode });
  const lanes = mode === 'latency' ? 1 : LANES * threads;
  const run = (times: number) => runMany(session, inputs, times, lanes);
  return { variant: engine.variant, measure: await createTimer(run, lanes) };
}

/** Seconds of the kernel calls of one run. */
export async function openKernels({ program: path, variant }: KernelsSpec): Promise<OpenSubject> {
  const program = readProgram(path);
  const kernels = loadKernels(kernelOptions(variant));
  const memory = createMemory();
  const prepared = prepareProgram(program, memory, { kernels });
  const arena = reserveArena(prepared, memory, 0, path);
  const inputs = noiseInputs(program);
  for (const [index, { tensor }] of program.inputs.entries()) {
    const { offset, length, kind } = prepared.tensors[tensor]!;
    const place = [memory.buffer, arena + offset, length] as const;
    const input = kind === 'f32' ? new Float32Array(...place) : new Int16Array(...place);
    input.set(inputs[index] as Float32Array);
  }
  const functions = instantiate(kernels, memory);
  const calls = prepared.steps.map(({ kernel, args, arena: relative }) => {
    const bound = args.map((arg, index) => ((relative >> index) & 1 ? arg + arena : arg));
    return () => functions[kernel](...bound);
  });
  const run = (times: number) => {
    for (let i = 0; i < times; i++) for (const call of calls) call();
  };
  return { variant: kernels.variant, measure: await createTimer(run, 1) };
}

/** Seconds of a sample. */
export async function openCalibrate(spec: CalibrateSpec): Promise<OpenSubject> {
  const { data, statistics, threads, variant } = spec;
  const program = readProgram(spec.program);
  const { count } = openDataset(data);
  const engine = createEngine({ threads, ...kernelOptions(variant) });
  const header = { model: '', preprocess: '' };
  const runAll = async () => {
    if (statistics) await calibrate(engine, program, header, data, { sensitivity: 0 });
    else await runSamples(engine, program, data);
  };
  await runAll();
  const measure = async () => {
    const start = performance.now();
    await runAll();
    return (performance.now() - start) / 1000 / count;
  };
  return { variant: engine.variant, measure };
}

/** Seconds of what is done once. */
async function timeOnce(work: () => void): Promise<number> {
  await settle();
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
}

/** Seconds of the first run in a process. */
export function openFirstRun({ program: path, variant, data }: FirstRunSpec): OpenSubject {
  const program = readProgram(path);
  const inputs = loadInputs(program, data);
  const options = kernelOptions(variant);
  const executor = createWasmExecutor(program, options);
  const measure = () => timeOnce(() => void executor.run(inputs));
  return { variant: loadKernels(options).variant, measure };
}

/** Seconds from a file to an executor that is ready, the kernels' compilation included unless they are compiled lazily. */
export async function openLoad({ file, formats, variant, lazily }: LoadSpec): Promise<OpenSubject> {
  const options = kernelOptions(variant, !lazily);
  const seconds = await timeOnce(() => {
    const program = file.endsWith('.program') ? readProgram(file) : compileModel(file, formats);
    createWasmExecutor(program, options);
  });
  return { variant: loadKernels(options).variant, measure: async () => seconds };
}

function compileModel(file: string, formats: string | undefined): Program {
  const model = loadModel(file);
  return compileProgram(model.graph, formats === undefined ? model.formats : readFormats(formats));
}
