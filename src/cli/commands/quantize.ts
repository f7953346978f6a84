import { Command, InvalidArgumentError, Option } from 'commander';
import { loadProfile } from '../../hardware/profile.js';
import { loadModel } from '../../jobs/load-model.js';
import { quantize as quantizeModel } from '../../jobs/quantize.js';
import { DEFAULT_STEPS, RECOVERY_STEPS, type RecoveryStep } from '../../recover/steps.js';
import { classCount, datasetSpec, readLabels } from '../data.js';
import { withEngine } from '../engine.js';
import {
  addDataOptions,
  addJsonOption,
  addLabelOptions,
  addMethodOptions,
  addModelOptions,
  addRunOptions,
  addSensitivityOption,
  type DataOptions,
  type LabelOptions,
  type MethodOptions,
  type ModelOptions,
  type RunOptions,
} from '../options.js';
import { describeSummary } from '../summary.js';
import { print, printJson, say } from '../terminal.js';

interface Options extends ModelOptions, DataOptions, LabelOptions, MethodOptions, RunOptions {
  readonly calibration?: string;
  readonly hardware: string;
  readonly output: string;
  readonly layers: boolean;
  readonly prices: boolean;
  readonly sensitivity: number;
  readonly recover: readonly RecoveryStep[];
}

/** A list of steps, or none. */
function readSteps(text: string): readonly RecoveryStep[] {
  const names = text === 'none' ? [] : text.split(',').map((name) => name.trim());
  if (names.every((name) => (RECOVERY_STEPS as readonly string[]).includes(name)))
    return names as RecoveryStep[];
  throw new InvalidArgumentError(`Expected none or a list of ${RECOVERY_STEPS.join(', ')}.`);
}

const command = new Command('quantize')
  .description('the main job: calibrate, assign, compile, validate and report')
  .argument('<model>', '.onnx or .tflite, also with .gz')
  .option(
    '--calibration <path>',
    'samples to calibrate with, whatever --limit; default: the first 100 of --data, which are then not scored',
  )
  .option('--hardware <name|file>', 'built-in profile or JSON file', 'generic-int8')
  .addOption(
    new Option(
      '--recover <steps>',
      `steps that recover accuracy: none, or a list of ${RECOVERY_STEPS.join(', ')}`,
    )
      .argParser(readSteps)
      .default(DEFAULT_STEPS, DEFAULT_STEPS.join(',')),
  )
  .option('--no-layers', 'validate by comparing outputs only, and write no report')
  .option('--no-prices', "do not find what the hardware's rules cost")
  .requiredOption('-o, --output <folder>', 'folder to write');
addMethodOptions(addSensitivityOption(command));

export default addJsonOption(addRunOptions(addModelOptions(addLabelOptions(addDataOptions(command))))).action(
  async (path: string, options: Options) => {
    const profile = loadProfile(options.hardware);
    const model = loadModel(path, options.shape);
    const data = datasetSpec(model.graph.inputs, options);
    const calibration =
      options.calibration === undefined
        ? undefined
        : datasetSpec(model.graph.inputs, { ...options, data: options.calibration, limit: undefined });
    const labels = readLabels(data, classCount(model.graph), options);
    const summary = await withEngine(options, 'calibrate', (engine, { signal, onProgress }) =>
      quantizeModel(engine, {
        model,
        profile,
        data,
        calibration,
        labels,
        sensitivity: options.sensitivity,
        method: options.method,
        percentile: options.percentile,
        recover: options.recover,
        output: options.output,
        layers: options.layers,
        prices: options.prices,
        signal,
        onProgress: (phase, done, total) => onProgress(done, total, phase),
      }),
    );
    if (options.json) printJson(summary);
    else print(describeSummary(summary));
    if (options.layers) say(`report: ${options.output}/report.html`);
  },
);
