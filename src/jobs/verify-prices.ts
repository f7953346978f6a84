/** Measures what the dearest rules cost: the network compiled with and without each of them, run on calibration samples. */
import { type AssignOptions, assignFormats } from '../assign/assign.js';
import type { FormatsFile, RulePrice } from '../assign/formats-file.js';
import { liftRules } from '../assign/lift.js';
import type { Statistics } from '../calibrate/statistics.js';
import { compileProgram } from '../compile/compile.js';
import { ConstraintError, ModelError, ProgramError } from '../errors.js';
import type { Engine } from '../execute/wasm/engine.js';
import { decibels } from '../formats/decibels.js';
import type { Graph } from '../graph/graph.js';
import type { Profile } from '../hardware/schema.js';
import { type DatasetSpec, openDataset } from '../inputs/dataset.js';
import type { RunOptions } from '../platform/pool.js';
import type { Program } from '../program/program.js';
import { correctExpectedErrors } from '../recover/expect-errors.js';
import type { FloatSamples } from '../validate/reference.js';
import { validate } from '../validate/validate.js';
import { outputNoise } from './recover.js';

/** Rules that are verified, and samples that they run on. */
const DEAREST = 5;
const SAMPLES = 8;

export interface VerifyOptions extends RunOptions {
  readonly graph: Graph;
  readonly statistics: Statistics;
  readonly profile: Profile;
  readonly formats: FormatsFile;
  /** The float program of the model, which everything is compared with. */
  readonly float: Program;
  readonly calibration: DatasetSpec;
  readonly assign: AssignOptions;
  /** True where recovery corrects biases: they are then corrected analytically, for each choice of formats. */
  readonly correctsBiases: boolean;
}

/**
 * The formats, with what was measured at the dearest rules that cost anything. A rule without which the compiler takes no formats
 * keeps its predicted price alone.
 */
export async function verifyPrices(engine: Engine, options: VerifyOptions): Promise<FormatsFile> {
  const { graph, statistics, profile, formats, float, calibration } = options;
  if (formats.prices === undefined) return formats;
  const { count } = openDataset(calibration);
  const samples = Math.min(SAMPLES, count);
  const indices = Array.from({ length: samples }, (_, index) => Math.floor((index * count) / samples));
  const references: FloatSamples = new Map();
  const measure = async (chosen: FormatsFile) => {
    const biased = options.correctsBiases ? correctExpectedErrors(graph, chosen, statistics) : graph;
    const program = compileProgram(biased, chosen);
    const { signal } = options;
    const how = { signal, indices, layers: false, references };
    const { outputs } = await validate(engine, float, program, calibration, how);
    return decibels(1, outputNoise(outputs));
  };
  const lifts = liftRules(profile, new Set(graph.nodes.map(({ operator }) => operator)));
  const dearest = formats.prices.rules.slice(0, DEAREST).filter(({ noise }) => noise > 0);
  const verified = new Map<string, RulePrice>();
  const before = dearest.length === 0 ? null : await measure(formats);
  for (const [done, price] of dearest.entries()) {
    const { lift } = lifts.find(({ rule }) => rule === price.rule)!;
    try {
      const without = { ...options.assign, prices: false };
      const chosen = await assignFormats(graph, statistics, lift(profile), without);
      const measured = { samples, with: before, without: await measure(chosen) };
      verified.set(price.rule, { ...price, measured });
    } catch (error) {
      const isRefused = [ConstraintError, ModelError, ProgramError].some((kind) => error instanceof kind);
      if (!isRefused) throw error;
    }
    options.onProgress?.(done + 1, dearest.length);
  }
  const rules = formats.prices.rules.map((price) => verified.get(price.rule) ?? price);
  return { ...formats, prices: { ...formats.prices, rules } };
}
