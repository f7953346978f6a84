import { Command } from 'commander';
import { assignFormats } from '../../assign/assign.js';
import { writeFormats } from '../../assign/formats-file.js';
import { readStatistics } from '../../calibrate/file.js';
import { loadProfile } from '../../hardware/profile.js';
import { loadModel } from '../../jobs/load-model.js';
import {
  addJsonOption,
  addMethodOptions,
  addModelOptions,
  type MethodOptions,
  type ModelOptions,
} from '../options.js';
import { describePrices } from '../prices.js';
import { printJson, say } from '../terminal.js';

interface Options extends ModelOptions, MethodOptions {
  readonly statistics: string;
  readonly hardware: string;
  readonly output: string;
  readonly prices: boolean;
  readonly json?: boolean;
}

export default addMethodOptions(addJsonOption(addModelOptions(new Command('assign'))))
  .description("choose a format for every tensor under a hardware's constraints")
  .argument('<model>', '.onnx or .tflite, also with .gz')
  .requiredOption('--statistics <file>', 'statistics.pb of calibrate')
  .requiredOption('--hardware <name|file>', 'built-in profile or JSON file')
  .option('--no-prices', "do not find what the hardware's rules cost")
  .requiredOption('-o, --output <file>', 'formats.json to write')
  .action(async (path: string, options: Options) => {
    const model = loadModel(path, options.shape);
    const statistics = readStatistics(options.statistics);
    const profile = loadProfile(options.hardware);
    const formats = await assignFormats(model.graph, statistics, profile, {
      method: options.method,
      percentile: options.percentile,
      model: model.digest,
      prices: options.prices,
    });
    writeFormats(options.output, formats);
    if (options.json) printJson(formats);
    else {
      say(`${options.output}: ${Object.keys(formats.tensors).length} tensors for ${profile.name}`);
      for (const line of describePrices(formats)) say(line);
    }
  });
