import { Command } from 'commander';
import { loadProfile } from '../../hardware/profile.js';
import { loadModel } from '../../jobs/load-model.js';
import { quantize as quantizeModel } from '../../jobs/quantize.js';
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
  readonly sensitivity: number;
}

const command = new Command('quantize')
  .description('the main job: calibrate, assign, compile, validate and report')
  .argument('<model>', '.onnx or .tflite, also with .gz')
  .option('--calibration <path>', 'samples to calibrate with; default: the first 100 of --data')
  .option('--hardware <name|file>', 'built-in profile or JSON file', 'generic-int8')
  .option('--no-layers', 'validate by comparing outputs only, and write no report')
  .requiredOption('-o, --output <folder>', 'folder to write');
addMethodOptions(addSensitivityOption(command));

export const quantize = addJsonOption(
  addRunOptions(addModelOptions(addLabelOptions(addDataOptions(command)))),
).action(async (path: string, options: Options) => {
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
      output: options.output,
      layers: options.layers,
      signal,
      onProgress: (phase, done, total) => onProgress(done, total, phase),
    }),
  );
  if (options.json) printJson(summary);
  else print(describeSummary(summary));
  if (options.layers) say(`report: ${options.output}/report.html`);
});
