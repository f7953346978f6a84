import { Command, Option } from 'commander';
import { assignFormats, METHODS } from '../../assign/assign.js';
import { writeFormats } from '../../assign/formats-file.js';
import { readStatistics } from '../../calibrate/file.js';
import { loadProfile } from '../../hardware/profile.js';
import { loadModel } from '../../jobs/load-model.js';
import { addJsonOption, addModelOptions, type ModelOptions } from '../options.js';
import { printJson, say } from '../terminal.js';

interface Options extends ModelOptions {
  readonly statistics: string;
  readonly hardware: string;
  readonly method: (typeof METHODS)[number];
  readonly output: string;
  readonly json?: boolean;
}

export const assign = addJsonOption(addModelOptions(new Command('assign')))
  .description("choose a format for every tensor under a hardware's constraints")
  .argument('<model>', '.onnx or .tflite, also with .gz')
  .requiredOption('--statistics <file>', 'statistics.pb of calibrate')
  .requiredOption('--hardware <name|file>', 'built-in profile or JSON file')
  .addOption(new Option('--method <name>', 'how ranges are chosen').choices(METHODS).default('leastSquares'))
  .requiredOption('-o, --output <file>', 'formats.json to write')
  .action(async (path: string, options: Options) => {
    const model = loadModel(path, options.shape);
    const statistics = readStatistics(options.statistics);
    const profile = loadProfile(options.hardware);
    const formats = await assignFormats(model.graph, statistics, profile, {
      method: options.method,
      model: model.digest,
    });
    writeFormats(options.output, formats);
    if (options.json) printJson(formats);
    else say(`${options.output}: ${Object.keys(formats.tensors).length} tensors for ${profile.name}`);
  });
