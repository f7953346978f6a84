/**
 * Recovers accuracy step by step on calibration samples. A step stays where it brings the outputs of other calibration
 * samples closer to those of the float network.
 */
import type { FormatsFile } from '../assign/formats-file.js';
import type { Statistics } from '../calibrate/statistics.js';
import { compileProgram } from '../compile/compile.js';
import { ConstraintError } from '../errors.js';
import type { Engine } from '../execute/wasm/engine.js';
import { decibels } from '../formats/decibels.js';
import type { Graph } from '../graph/graph.js';
import type { Profile } from '../hardware/schema.js';
import { type DatasetSpec, openDataset } from '../inputs/dataset.js';
import type { RunOptions } from '../platform/pool.js';
import type { Program } from '../program/program.js';
import { absorbBiases } from '../recover/absorb.js';
import { equaliseChannels } from '../recover/equalise.js';
import { correctExpectedErrors } from '../recover/expect-errors.js';
import { refineWeights } from '../recover/refine-weights.js';
import { RECOVERY_STEPS, type RecoveryStep, type RecoverySummary } from '../recover/steps.js';
import { stretchValues } from '../recover/stretch.js';
import type { FloatSamples } from '../validate/reference.js';
import { validate } from '../validate/validate.js';

/** Samples that weights are refined on, and others that judge. */
const REFINING = 96;
const JUDGING = 96;

/** Steps whose networks are compared with biases corrected analytically: where weights are coarse, their errors hide the rest. */
const SCALING: readonly RecoveryStep[] = ['equalise', 'absorb', 'stretch'];
/** What they must gain to stay, as a ratio of noise (1 dB): they also change how far unseen samples reach. */
const CLEAR_GAIN = 10 ** -0.1;

/** A float network, its statistics, and its formats. */
export interface Network {
  readonly graph: Graph;
  readonly statistics: Statistics;
  readonly formats: FormatsFile;
}

export interface RecoverOptions extends RunOptions {
  readonly profile: Profile;
  /** The float program of the model, which everything is compared with. */
  readonly float: Program;
  readonly calibration: DatasetSpec;
  readonly steps: readonly RecoveryStep[];
  /** Statistics and formats of a network whose values are others. */
  readonly measure: (graph: Graph) => Promise<Network>;
}

export interface Recovered extends Network {
  /** The network that the formats were chosen for. */
  readonly scaled: Network;
  readonly summary: readonly RecoverySummary[];
}

/** The network with refined constants, and what each step gained. */
export async function recoverAccuracy(
  engine: Engine,
  network: Network,
  options: RecoverOptions,
): Promise<Recovered> {
  const { float, calibration, profile, steps, signal, onProgress, measure } = options;
  const { refining, judging } = chooseSamples(openDataset(calibration).count);
  const references: FloatSamples = new Map();
  const judge = async ({ graph, formats }: Network) => {
    const program = compileProgram(graph, formats);
    const judged = { signal, indices: judging, layers: false, references };
    const { outputs } = await validate(engine, float, program, calibration, judged);
    return outputNoise(outputs);
  };
  /** The network before weights and biases are refined on samples. */
  let scaled = network;
  let best = network;
  const kept = { correct: false, round: false };
  const scale = async (graph: Graph) => {
    if (graph === scaled.graph) return undefined;
    try {
      return await measure(graph);
    } catch (error) {
      // The profile allows formats for the network as it was, if not for this one.
      if (error instanceof ConstraintError) return undefined;
      throw error;
    }
  };
  const refine = async (step: 'correct' | 'round'): Promise<Network> => {
    const chosen = { ...kept, [step]: true, indices: refining, signal, onProgress };
    const graph = await refineWeights(engine, scaled.graph, scaled.formats, calibration, chosen);
    return { ...scaled, graph };
  };
  const expect = (tried: Network): Network => ({
    ...tried,
    graph: correctExpectedErrors(tried.graph, tried.formats, tried.statistics),
  });
  const attempts: Record<RecoveryStep, () => Promise<Network | undefined>> = {
    equalise: () => scale(equaliseChannels(scaled.graph, scaled.statistics, profile)),
    absorb: () => scale(absorbBiases(scaled.graph, scaled.statistics)),
    stretch: () => scale(stretchValues(scaled.graph, scaled.statistics, profile)),
    expect: async () => expect(scaled),
    correct: () => refine('correct'),
    round: () => refine('round'),
  };
  const summary: RecoverySummary[] = [];
  for (const step of RECOVERY_STEPS) {
    if (!steps.includes(step)) continue;
    const start = performance.now();
    const tried = await attempts[step]();
    if (tried === undefined) continue;
    const scales = SCALING.includes(step);
    const before = await judge(scales ? expect(best) : best);
    const after = await judge(scales ? expect(tried) : tried);
    const better = after < before * (scales ? CLEAR_GAIN : 1);
    const seconds = (performance.now() - start) / 1000;
    summary.push({ step, before: decibels(1, before), after: decibels(1, after), kept: better, seconds });
    if (!better) continue;
    best = tried;
    if (step === 'correct' || step === 'round') kept[step] = true;
    else scaled = tried;
  }
  return { ...best, scaled, summary };
}

/** Noise power by signal power, the mean over the outputs. */
export function outputNoise(outputs: readonly { readonly sqnr: number | null }[]): number {
  const sum = outputs.reduce((total, { sqnr }) => total + (sqnr === null ? 0 : 10 ** (-sqnr / 10)), 0);
  return sum / outputs.length;
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
