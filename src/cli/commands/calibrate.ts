import { Command } from 'commander';
import { calibrate as calibrateModel } from '../../calibrate/calibrate.js';
import { readStatistics, writeStatistics } from '../../calibrate/file.js';
import { collectStatistics } from '../../calibrate/merge.js';
import type { Statistics } from '../../calibrate/statistics.js';
import { compileProgram } from '../../compile/compile.js';
import { AbortedError, placeError, UsageError } from '../../errors.js';
import { CHECKPOINT_SECONDS, createCheckpoint } from '../../jobs/checkpoint.js';
import { loadModel, statisticsHeader } from '../../jobs/load-model.js';
import { fileExists } from '../../platform/files.js';
import { datasetSpec } from '../data.js';
import { withEngine } from '../engine.js';
import {
  addDataOptions,
  addJsonOption,
  addModelOptions,
  addRunOptions,
  addSensitivityOption,
  type DataOptions,
  type ModelOptions,
  type RunOptions,
  wholeNumber,
} from '../options.js';
import { printJson, say } from '../terminal.js';

interface Options extends ModelOptions, DataOptions, RunOptions {
  readonly merge?: readonly string[];
  readonly output: string;
  readonly checkpoint: number;
  readonly sensitivity: number;
}

const command = new Command('calibrate')
  .description('measure the statistics of every tensor; goes on from an existing file')
  .argument('[model]', '.onnx or .tflite, also with .gz')
  .option('--merge <files...>', 'merge statistics files instead')
  .requiredOption('-o, --output <file>', 'statistics file to write')
  .option(
    '--checkpoint <seconds>',
    'least time between two writes of unfinished statistics',
    wholeNumber(0),
    CHECKPOINT_SECONDS,
  );
addSensitivityOption(command);

export default addJsonOption(addRunOptions(addModelOptions(addDataOptions(command, false)))).action(
  async (path: string | undefined, options: Options) => {
    const statistics = options.merge ? merge(options.merge) : await measure(path, options);
    writeStatistics(options.output, statistics);
    const facts = { samples: statistics.samples.length, tensors: statistics.tensors.size };
    if (options.json) printJson(facts);
    else say(`${options.output}: ${facts.samples} samples, ${facts.tensors} tensors`);
  },
);

function merge([first, ...others]: readonly string[]): Statistics {
  const statistics = readStatistics(first);
  const collection = collectStatistics(statistics);
  collection.add(statistics);
  for (const file of others) {
    const part = readStatistics(file);
    try {
      collection.add(part);
    } catch (error) {
      throw placeError(error, file);
    }
  }
  return collection.read();
}

async function measure(path: string | undefined, options: Options): Promise<Statistics> {
  if (path === undefined) throw new UsageError({ where: 'calibrate', what: 'a model is missing' });
  if (options.data === undefined) throw new UsageError({ where: 'calibrate', what: '--data is missing' });
  const model = loadModel(path, options.shape);
  const spec = datasetSpec(model.graph.inputs, options);
  const header = statisticsHeader(model, spec);
  const resume = fileExists(options.output) ? readStatistics(options.output) : undefined;
  const checkpoint = createCheckpoint(options.output, options.checkpoint);
  try {
    return await withEngine(options, 'calibrate', (engine, attendance) =>
      calibrateModel(engine, compileProgram(model.graph, null), header, spec, {
        ...attendance,
        resume,
        onCheckpoint: checkpoint.onCheckpoint,
        sensitivity: options.sensitivity,
      }),
    );
  } catch (error) {
    if (error instanceof AbortedError) checkpoint.flush();
    throw error;
  }
}
