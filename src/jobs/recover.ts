/**
 * Recovers accuracy step by step on calibration samples. A step stays where it brings the outputs of other calibration
 * samples closer to those of the float network.
 */

import type { FormatsFile } from '../assign/formats-file.js';
import { compileProgram } from '../compile/compile.js';
import type { Engine } from '../execute/wasm/engine.js';
import type { Graph } from '../graph/graph.js';
import { type DatasetSpec, openDataset } from '../inputs/dataset.js';
import type { RunOptions } from '../platform/pool.js';
import type { Program } from '../program/program.js';
import { refineWeights } from '../recover/refine-weights.js';
import type { RecoveryStep, RecoverySummary } from '../recover/steps.js';
import type { FloatSamples } from '../validate/reference.js';
import { validate } from '../validate/validate.js';

/** Samples that weights are refined on, and others that judge. */
const REFINING = 32;
const JUDGING = 16;

export interface RecoverOptions extends RunOptions {
  readonly graph: Graph;
  readonly formats: FormatsFile;
  /** The float program of the model, which everything is compared with. */
  readonly float: Program;
  readonly calibration: DatasetSpec;
  readonly steps: readonly RecoveryStep[];
}

export interface Recovered {
  readonly graph: Graph;
  readonly summary: readonly RecoverySummary[];
}

/** The graph with refined weights and biases, and what each step gained. */
export async function recoverAccuracy(engine: Engine, options: RecoverOptions): Promise<Recovered> {
  const { formats, float, calibration, steps } = options;
  const { refining, judging } = chooseSamples(openDataset(calibration).count);
  const references: FloatSamples = new Map();
  const judge = async (graph: Graph) => {
    const program = compileProgram(graph, formats);
    const { outputs } = await validate(engine, float, program, calibration, {
      signal: options.signal,
      indices: judging,
      layers: false,
      references,
    });
    return outputNoise(outputs);
  };
  let { graph } = options;
  let noise = await judge(graph);
  const kept = { correct: false, round: false };
  const summary: RecoverySummary[] = [];
  for (const step of ['correct', 'round'] as const) {
    if (!steps.includes(step)) continue;
    const start = performance.now();
    const tried = await refineWeights(engine, options.graph, formats, calibration, {
      ...kept,
      [step]: true,
      indices: refining,
      signal: options.signal,
      onProgress: options.onProgress,
    });
    const reached = await judge(tried);
    const better = reached < noise;
    summary.push({
      step,
      before: decibels(noise),
      after: decibels(reached),
      kept: better,
      seconds: (performance.now() - start) / 1000,
    });
    if (!better) continue;
    graph = tried;
    noise = reached;
    kept[step] = true;
  }
  return { graph, summary };
}

/** Noise power by signal power, the mean over the outputs. */
export function outputNoise(outputs: readonly { readonly sqnr: number | null }[]): number {
  const sum = outputs.reduce((total, { sqnr }) => total + (sqnr === null ? 0 : 10 ** (-sqnr / 10)), 0);
  return sum / outputs.length;
}

export function decibels(noise: number): number | null {
  return noise === 0 ? null : -10 * Math.log10(noise);
}

/** Samples spread evenly over the data set; those that judge are others, where there are enough. */
function chooseSamples(count: number): { refining: number[]; judging: number[] } {
  const spread = (list: readonly number[], most: number) =>
    Array.from(
      { length: Math.min(most, list.length) },
      (_, index) => list[Math.floor((index * list.length) / Math.min(most, list.length))],
    );
  const all = Array.from({ length: count }, (_, index) => index);
  const judging = spread(all, Math.min(JUDGING, Math.ceil(count / 3)));
  const others = all.filter((index) => !judging.includes(index));
  return { refining: spread(others.length > 0 ? others : all, REFINING), judging };
}
