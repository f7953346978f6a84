import { Command } from 'commander';
import { createEngine } from '../../execute/wasm/engine.js';
import { loadProfile } from '../../hardware/profile.js';
import { loadModel } from '../../jobs/load-model.js';
import { quantize as quantizeModel } from '../../jobs/quantize.js';
import { classCount, datasetSpec, readLabels } from '../data.js';
import { interruptible } from '../interrupt.js';
import {
  addDataOptions,
  addJsonOption,
  addLabelOptions,
  addModelOptions,
  addRunOptions,
  type DataOptions,
  type LabelOptions,
  type ModelOptions,
  type RunOptions,
} from '../options.js';
import { describeSummary } from '../summary.js';
import { createProgress, print, printJson, say } from '../terminal.js';

interface Options extends ModelOptions, DataOptions, LabelOptions, RunOptions {
  readonly calibration?: string;
  readonly hardware: string;
  readonly output: string;
}

const command = new Command('quantize')
  .description('the main job: calibrate, assign, compile, validate and report')
  .argument('<model>', '.onnx or .tflite, also with .gz')
  .option('--calibration <path>', 'samples to calibrate with; default: the first 100 of --data')
  .option('--hardware <name|file>', 'built-in profile or JSON file', 'generic-int8')
  .requiredOption('-o, --output <folder>', 'folder to write');

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
  const engine = createEngine({ threads: options.threads });
  let progress = createProgress('calibrate');
  let current = 'calibrate';
  const onProgress = (phase: string, done: number, total: number) => {
    if (phase !== current) {
      progress.stop();
      progress = createProgress(phase);
      current = phase;
    }
    progress.update(done, total);
  };
  try {
    const summary = await interruptible((signal) =>
      quantizeModel(engine, {
        model,
        profile,
        data,
        calibration,
        labels,
        output: options.output,
        signal,
        onProgress,
      }),
    );
    progress.stop();
    if (options.json) printJson(summary);
    else print(describeSummary(summary));
    say(`report: ${options.output}/report.html`);
  } finally {
    progress.stop();
    await engine.dispose();
  }
});
