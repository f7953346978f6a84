/** The worker's side of measuring sensitivities: one clean run of a sample, then what depends on each source of noise, again. */
import type { Replay } from '../execute/executor.js';
import { bindInputs } from '../execute/ports.js';
import { openReplay, type SessionHandle } from '../execute/wasm/session.js';
import type { DatasetSpec } from '../inputs/dataset.js';
import { keepDataset } from '../inputs/keep-dataset.js';
import { serve } from '../platform/serve.js';
import { addNoise, createNoise, differenceEnergy, energy, saturate } from './noise.js';
import type { NoisePlan, NoiseSource } from './noise-sources.js';

export interface SensitivityTask {
  /** Of a session of the plan's program that retains all tensors. */
  readonly handle: SessionHandle;
  readonly spec: DatasetSpec;
  /** Sample of the data set. */
  readonly index: number;
  readonly plan: Pick<NoisePlan, 'instructions' | 'outputs' | 'sources'>;
}

export interface SensitivityPart {
  /** Per output, the energy of its elements. */
  readonly signals: Float64Array;
  /** Per source, the energy of its noise. */
  readonly injected: Float64Array;
  /** Per source and, within it, per output, the energy that arrived. */
  readonly arrived: Float64Array;
}

/** The tensors of a clean run. */
interface CleanRun {
  readonly session: number;
  readonly index: number;
  readonly digest: string;
  readonly tensors: Map<number, Float32Array>;
}

/** Tasks of one sample mostly follow each other. */
let kept: CleanRun | undefined;

export default serve((task: SensitivityTask): SensitivityPart => {
  const replay = openReplay(task.handle);
  if (kept?.session !== task.handle.id || kept.index !== task.index) kept = runClean(replay, task);
  const clean = kept;
  // What fails half-way leaves noise behind.
  kept = undefined;
  const { outputs, sources } = task.plan;
  const compared = outputs.map(({ tensor }) => ({ tensor, values: clean.tensors.get(tensor)! }));
  const signals = Float64Array.from(compared, ({ values }) => energy(values));
  const injected = new Float64Array(sources.length);
  const arrived = new Float64Array(sources.length * outputs.length);
  for (const [number, source] of sources.entries()) {
    injected[number] = inject(replay, clean, source);
    for (const { instruction, output } of source.steps) {
      replay.runInstruction(instruction);
      const own = replay.program.instructions[instruction].output;
      if (own !== output) replay.tensors.write(output, replay.tensors.read(own));
    }
    for (const [output, { tensor, values }] of compared.entries()) {
      const noise = differenceEnergy(replay.tensors.read(tensor) as Float32Array, values);
      // Noise that leads out of a function's domain counts as the loss of the whole signal.
      arrived[number * outputs.length + output] = Number.isFinite(noise) ? noise : signals[output];
    }
    const changed = source.steps.map(({ output }) => output);
    if (source.kind !== 'constant') changed.push(source.tensor);
    for (const tensor of changed) replay.tensors.write(tensor, clean.tensors.get(tensor)!);
  }
  kept = clean;
  return { signals, injected, arrived };
});

function runClean({ program, tensors, runInstruction }: Replay, task: SensitivityTask): CleanRun {
  const { handle, spec, index, plan } = task;
  const dataset = keepDataset(spec);
  const clean = new Map<number, Float32Array>();
  const keep = (tensor: number) => clean.set(tensor, tensors.read(tensor) as Float32Array);
  const inputs = bindInputs(program, dataset.load(index), dataset.samples[index].name);
  for (const [port, { tensor }] of program.inputs.entries()) {
    tensors.write(tensor, inputs[port]);
    keep(tensor);
  }
  for (let instruction = 0; instruction < plan.instructions; instruction++) {
    runInstruction(instruction);
    keep(program.instructions[instruction].output);
  }
  return { session: handle.id, index, digest: dataset.digest(index), tensors: clean };
}

/** Puts the noise of a source where its steps begin; the energy of it. */
function inject({ tensors }: Replay, clean: CleanRun, source: NoiseSource): number {
  if (source.kind === 'constant') return source.injected;
  const values = clean.tensors.get(source.tensor)!;
  if (source.kind !== 'bias') {
    const noise = createNoise(`${source.name} ${clean.digest}`);
    const noisy = source.kind === 'value' ? addNoise(values, 1, noise) : saturate(values);
    tensors.write(source.tensor, noisy);
    return differenceEnergy(noisy, values);
  }
  const { low, high } = source.clamp ?? { low: -Infinity, high: Infinity };
  const channels = source.noise.length;
  const noisy = values.map((value, index) =>
    value > low && value < high ? value + source.noise[index % channels] : value,
  );
  tensors.write(source.tensor, noisy);
  return energy(source.noise);
}
