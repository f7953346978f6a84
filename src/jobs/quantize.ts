/** The main job: calibrate, assign, compile, validate, report. Files are written as they are finished. */
import { type AssignOptions, assignFormats } from '../assign/assign.js';
import { type FormatsFile, type Prediction, type Prices, writeFormats } from '../assign/formats-file.js';
import { type CalibrateOptions, calibrate } from '../calibrate/calibrate.js';
import { readStatistics, writeStatistics } from '../calibrate/file.js';
import type { Statistics } from '../calibrate/statistics.js';
import { compileProgram } from '../compile/compile.js';
import { AbortedError, InputError } from '../errors.js';
import type { Engine } from '../execute/wasm/engine.js';
import { EXPORT_FILES, type ExportResults, exportModels } from '../export/onnx/write-exports.js';
import type { Graph } from '../graph/graph.js';
import type { Profile } from '../hardware/schema.js';
import { type DatasetSpec, openDataset } from '../inputs/dataset.js';
import { createSha256, fileExists, makeFolder, removeFile, writeFile } from '../platform/files.js';
import { writeProgram } from '../program/file.js';
import type { Program } from '../program/program.js';
import { addBiases } from '../recover/add-biases.js';
import { DEFAULT_STEPS, type RecoveryStep, type RecoverySummary, weightNoiseLeft } from '../recover/steps.js';
import { encodeRefined } from '../recover/write-refined.js';
import { findCauses } from '../report/causes.js';
import { reportTensors } from '../report/content.js';
import { renderReport } from '../report/report.js';
import { findWidths } from '../report/widths.js';
import type { Summary } from '../validate/summary.js';
import { type ValidateOptions, validate } from '../validate/validate.js';
import { createCheckpoint } from './checkpoint.js';
import { countMacs, countWideMacs } from './count-macs.js';
import { type LoadedModel, statisticsHeader } from './load-model.js';
import { type Network, recoverAccuracy } from './recover.js';
import { verifyPrices } from './verify-prices.js';

/** Samples that calibrate where no calibration data is given: they are left out of every score. */
const HELD_OUT = 100;

/** What is written beside statistics.pb, which the next run into the folder goes on from. */
const FILES = {
  refined: 'refined.onnx',
  formats: 'formats.json',
  program: 'model.program',
  summary: 'summary.json',
  report: 'report.html',
} as const;

export interface QuantizeOptions {
  readonly model: LoadedModel;
  readonly profile: Profile;
  readonly data: DatasetSpec;
  /** Absent: the first samples of `data` calibrate. */
  readonly calibration?: DatasetSpec;
  /** Class of every sample of `data`. */
  readonly labels?: readonly number[];
  readonly method?: AssignOptions['method'];
  readonly percentile?: number;
  /** Samples whose sensitivities are measured: see `CalibrateOptions`. */
  readonly sensitivity?: number;
  /** Steps that recover accuracy; default: DEFAULT_STEPS. See docs/recovery.md. */
  readonly recover?: readonly RecoveryStep[];
  /** False: what the profile's rules cost is neither predicted nor measured. Default true, where scales are powers of two. */
  readonly prices?: boolean;
  /** Folder to write; it is created. */
  readonly output: string;
  /** False: validation compares outputs only, and no report is written. Default true. */
  readonly layers?: boolean;
  /** See ValidateOptions. */
  readonly references?: ValidateOptions['references'];
  readonly signal?: AbortSignal;
  /** Progress of one phase: calibrate, sensitivity, prices, recover or validate. */
  readonly onProgress?: (phase: string, done: number, total: number) => void;
}

/** What summary.json of the main job holds. */
export interface QuantizeSummary extends Summary {
  /** The ONNX models that were written, or why not. */
  readonly exports: ExportResults;
  /** What the assignment expects. */
  readonly prediction?: Prediction;
  /** What the rules of the profile cost; absent where scales are no powers of two. */
  readonly prices?: Prices;
  /** What each step of recovery did; absent without them. */
  readonly recovery?: readonly RecoverySummary[];
  /** Multiply-accumulates of one run, and how many of them have an operand of more than 8 bits. */
  readonly macs: { readonly all: number; readonly wide: number };
}

/** Seconds that `work` takes, with its result. */
async function timed<T>(work: () => T | Promise<T>): Promise<{ value: T; seconds: number }> {
  const start = performance.now();
  const value = await work();
  return { value, seconds: (performance.now() - start) / 1000 };
}

/**
 * Runs the whole job and returns what summary.json holds. Throws the first error of any step; every file that is written is
 * whole.
 */
export async function quantize(engine: Engine, options: QuantizeOptions): Promise<QuantizeSummary> {
  const { model, profile, output, signal } = options;
  const phase = (name: string) => ({
    signal,
    onProgress: (done: number, total: number, part = name) => options.onProgress?.(part, done, total),
  });
  const { calibration, scored } = splitSamples(options);
  makeFolder(output);
  const float = compileProgram(model.graph, null, { model: model.digest });
  const statisticsFile = `${output}/statistics.pb`;
  const calibrated = await timed(() =>
    collect(engine, float, model, calibration, statisticsFile, {
      ...phase('calibrate'),
      sensitivity: options.sensitivity,
    }),
  );
  const steps = options.recover ?? DEFAULT_STEPS;
  const graph = steps.length > 0 ? addBiases(model.graph) : model.graph;
  const assign: AssignOptions = {
    method: options.method,
    percentile: options.percentile,
    weightNoiseLeft: weightNoiseLeft(steps),
    model: model.digest,
  };
  const measure = async (scaled: Graph): Promise<Network> => {
    const header = statisticsHeader(model, calibration);
    const statistics = await calibrate(engine, compileProgram(scaled, null), header, calibration, {
      ...phase('recover'),
      sensitivity: options.sensitivity,
    });
    return { graph: scaled, statistics, formats: await assignFormats(scaled, statistics, profile, assign) };
  };
  const chosen = await timed(() => assignFormats(graph, calibrated.value, profile, assign));
  const network = { graph, statistics: calibrated.value, formats: chosen.value };
  const common = { profile, float, calibration };
  const recovered = await timed(() =>
    recoverAccuracy(engine, network, { ...phase('recover'), ...common, steps, measure }),
  );
  const priced = await timed(async () => {
    const { graph, statistics } = recovered.value.scaled;
    if (options.prices === false) return undefined;
    const formats = await assignFormats(graph, statistics, profile, { ...assign, prices: true });
    const from = { ...common, graph, statistics, formats, assign, correctsBiases: steps.includes('correct') };
    return (await verifyPrices(engine, { ...phase('prices'), ...from })).prices;
  });
  const refined = recovered.value;
  // What an earlier run left must not lie beside what this one writes.
  for (const name of [...Object.values(FILES), ...EXPORT_FILES]) removeFile(`${output}/${name}`);
  const digest =
    steps.length === 0 ? model.digest : writeRefined(`${output}/${FILES.refined}`, refined.graph);
  const formats = { ...refined.formats, model: digest, ...(priced.value && { prices: priced.value }) };
  writeFormats(`${output}/${FILES.formats}`, formats);
  const compiled = await timed(() =>
    compileProgram(refined.graph, formats, { model: digest, hardware: profile.name }),
  );
  writeProgram(`${output}/${FILES.program}`, compiled.value);
  const exports = exportModels(compiled.value, output);
  const compared = await validate(engine, float, compiled.value, options.data, {
    ...phase('validate'),
    indices: scored,
    labels: options.labels && scored.map((index) => options.labels![index]),
    hardware: profile.name,
    layers: options.layers,
    references: options.references,
  });
  const disjoint = areDisjoint(calibrated.value, options.data, scored);
  const summary: QuantizeSummary = {
    ...compared,
    exports,
    ...(formats.prediction && { prediction: formats.prediction }),
    ...(formats.prices && { prices: formats.prices }),
    macs: { all: countMacs(compiled.value), wide: countWideMacs(compiled.value) },
    calibration: { samples: calibrated.value.samples.length, disjoint },
    ...(steps.length > 0 && { recovery: refined.summary }),
    seconds: {
      calibrate: calibrated.seconds,
      assign: chosen.seconds,
      ...(priced.value && { prices: priced.seconds }),
      ...(steps.length > 0 && { recover: recovered.seconds }),
      compile: compiled.seconds,
      ...compared.seconds,
    },
  };
  writeFile(`${output}/${FILES.summary}`, `${JSON.stringify(summary, null, 2)}\n`);
  if (options.layers !== false)
    writeReport(`${output}/${FILES.report}`, model, summary, refined.statistics, formats, compiled.value);
  return summary;
}

/** Statistics, going on from the file of an earlier run where it holds for the model, preprocessing and samples. */
async function collect(
  engine: Engine,
  float: Program,
  model: LoadedModel,
  spec: DatasetSpec,
  file: string,
  options: CalibrateOptions,
): Promise<Statistics> {
  const header = statisticsHeader(model, spec);
  const found = fileExists(file) ? readStatistics(file) : undefined;
  const fits =
    found?.model === header.model && found.preprocess === header.preprocess && isSubset(found.samples, spec);
  const { onCheckpoint, flush } = createCheckpoint(file);
  const statistics = await calibrate(engine, float, header, spec, {
    ...options,
    resume: fits ? found : undefined,
    onCheckpoint,
  }).catch((error) => {
    if (error instanceof AbortedError) flush();
    throw error;
  });
  writeStatistics(file, statistics);
  return statistics;
}

/** True where every digest belongs to a sample of the data set. */
function isSubset(digests: readonly string[], spec: DatasetSpec): boolean {
  const dataset = openDataset(spec);
  const known = new Set(Array.from({ length: dataset.count }, (_, index) => dataset.digest(index)));
  return digests.every((digest) => known.has(digest));
}

/** What calibrates, and the indices of the samples that are scored. */
function splitSamples({ data, calibration }: QuantizeOptions): {
  calibration: DatasetSpec;
  scored: number[];
} {
  const { count } = openDataset(data);
  const all = Array.from({ length: count }, (_, index) => index);
  if (calibration !== undefined) return { calibration, scored: all };
  const held = Math.min(HELD_OUT, count - 1);
  if (held === 0) {
    const expected = 'at least 2 samples, or samples of their own to calibrate';
    throw new InputError({ where: data.path, what: 'no sample is left to calibrate', expected, got: '1' });
  }
  return { calibration: { ...data, limit: held }, scored: all.slice(held) };
}

/** True where no scored sample calibrated. */
function areDisjoint(statistics: Statistics, spec: DatasetSpec, scored: readonly number[]): boolean {
  const seen = new Set(statistics.samples);
  const dataset = openDataset(spec);
  return !scored.some((index) => seen.has(dataset.digest(index)));
}

/** Writes the refined float network; gives its digest. */
function writeRefined(file: string, graph: Graph): string {
  const bytes = encodeRefined(graph);
  writeFile(file, bytes);
  const hash = createSha256();
  hash.add(bytes);
  return hash.digest();
}

function writeReport(
  file: string,
  model: LoadedModel,
  summary: QuantizeSummary,
  statistics: Statistics,
  formats: FormatsFile,
  program: Program,
): void {
  const title = `${model.path.split('/').at(-1)} for ${summary.hardware}`;
  const content = {
    title,
    summary,
    tensors: reportTensors(program, statistics, formats),
    causes: findCauses(program, statistics, formats, summary.layers),
    widths: findWidths(program),
  };
  writeFile(file, renderReport(content));
}
