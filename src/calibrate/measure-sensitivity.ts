/** Measures sensitivities on all workers, a sample at a time; each worker takes a part of the sources of noise. */
import type { Engine } from '../execute/wasm/engine.js';
import { type DatasetSpec, openDataset } from '../inputs/dataset.js';
import { type RunOptions, runTasks } from '../platform/pool.js';
import type { Program } from '../program/program.js';
import { type NoiseSource, planNoise } from './noise-sources.js';
import { observedValues } from './observed-values.js';
import type { SampleSensitivity, Sensitivity } from './sensitivity.js';
import type { SensitivityPart, SensitivityTask } from './sensitivity-worker.js';

const worker = new URL('./sensitivity-worker.js', import.meta.url);

/** Tasks per thread and sample, so that threads end at about the same time. */
const TASKS_PER_THREAD = 4;

export interface MeasureOptions extends RunOptions {
  /** Number of samples, spread evenly over the data set. */
  readonly count: number;
  /** Samples that are measured already. */
  readonly finished: ReadonlySet<string>;
  /** Called with each sample as it is finished. */
  readonly onSample: (sensitivity: Sensitivity) => void;
}

/**
 * Measures samples of a data set. `float` is the all-float32 program of the model. The result does not depend on threads. Throws an AbortedError after
 * the running tasks when `signal` is aborted, and the first worker's error.
 */
export async function measureSensitivity(
  engine: Engine,
  float: Program,
  spec: DatasetSpec,
  { count, finished, onSample, onProgress, signal }: MeasureOptions,
): Promise<void> {
  const dataset = openDataset(spec);
  const pending = new Map<string, number>();
  const chosen = Math.min(count, dataset.count);
  for (let place = 0; place < chosen; place++) {
    const index = Math.floor((place * dataset.count) / chosen);
    const digest = dataset.digest(index);
    if (!finished.has(digest) && !pending.has(digest)) pending.set(digest, index);
  }
  if (pending.size === 0) return;
  const plan = planNoise(float, observedValues(float));
  const named = (saturated: boolean) =>
    plan.sources.filter(({ kind }) => (kind === 'saturated') === saturated).map(({ name }) => name);
  const names = {
    outputs: plan.outputs.map(({ name }) => name),
    sources: named(false),
    saturated: named(true),
  };
  const shares = shareSources(plan.sources, engine.threads * TASKS_PER_THREAD);
  const session = engine.load(plan.program, { retain: true });
  const total = pending.size * shares.length;
  let done = 0;
  onProgress?.(done, total);
  try {
    for (const [digest, index] of pending) {
      const parts: SensitivityPart[] = [];
      await runTasks<SensitivityTask, SensitivityPart>(
        engine.pool,
        worker,
        shares.length,
        (task) => {
          const sources = shares[task].map((source) => plan.sources[source]);
          const { instructions, outputs } = plan;
          return { handle: session.handle, spec, index, plan: { instructions, outputs, sources } };
        },
        (part, task) => {
          parts[task] = part;
          onProgress?.(++done, total);
        },
        signal,
      );
      onSample({ ...names, samples: new Map([[digest, joinParts(parts, shares, plan.outputs.length)]]) });
    }
  } finally {
    session.dispose();
  }
}

/** The numbers of the sources, dealt out so that all parts take about as long. */
function shareSources(sources: readonly NoiseSource[], parts: number): number[][] {
  const byLength = sources
    .map((_, index) => index)
    .sort((a, b) => sources[b].steps.length - sources[a].steps.length || a - b);
  const count = Math.min(parts, sources.length);
  return Array.from({ length: count }, (_, part) => byLength.filter((_, place) => place % count === part));
}

function joinParts(
  parts: readonly SensitivityPart[],
  shares: readonly (readonly number[])[],
  outputs: number,
): SampleSensitivity {
  const sources = shares.reduce((count, share) => count + share.length, 0);
  const injected = new Float64Array(sources);
  const arrived = new Float64Array(sources * outputs);
  for (const [part, share] of shares.entries()) {
    for (const [place, source] of share.entries()) {
      injected[source] = parts[part].injected[place];
      const from = parts[part].arrived.subarray(place * outputs, (place + 1) * outputs);
      arrived.set(from, source * outputs);
    }
  }
  return { signals: parts[0].signals, injected, arrived };
}
