import { Command, InvalidArgumentError } from 'commander';
import { compileProgram } from '../../compile/compile.js';
import { loadModel } from '../../jobs/load-model.js';
import { makeFolder, writeFile } from '../../platform/files.js';
import { readProgram } from '../../program/file.js';
import type { Summary } from '../../validate/summary.js';
import { validate as validateProgram } from '../../validate/validate.js';
import { classCount, datasetSpec, readLabels } from '../data.js';
import { withEngine } from '../engine.js';
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
import { print, printJson, say } from '../terminal.js';

/** Limits of `--fail-below`: top1-drop in percentage points, agreement as a share, sqnr in dB. */
interface Limits {
  readonly 'top1-drop'?: number;
  readonly agreement?: number;
  readonly sqnr?: number;
}

interface Options extends ModelOptions, DataOptions, LabelOptions, RunOptions {
  readonly output?: string;
  readonly layers: boolean;
  readonly failBelow?: Limits;
}

function parseLimits(text: string): Limits {
  const entries = text.split(',').map((part) => {
    const [, name, value] = /^(top1-drop|agreement|sqnr)=(-?\d+(?:\.\d+)?)$/.exec(part) ?? [];
    if (name === undefined) throw new InvalidArgumentError('Expected top1-drop=0.5,agreement=0.97,sqnr=30.');
    return [name, Number(value)];
  });
  return Object.fromEntries(entries);
}

/** One line per limit that the summary does not keep; a figure that is missing does not keep its limit. */
function failures(summary: Summary, limits: Limits): string[] {
  const failed: string[] = [];
  const check = (
    name: keyof Limits,
    value: number | undefined,
    keeps: (value: number, limit: number) => boolean,
  ) => {
    const limit = limits[name];
    if (limit === undefined || (value !== undefined && keeps(value, limit))) return;
    failed.push(`${name}: expected ${limit}, got ${value ?? 'no figure'}`);
  };
  const { float, fixed, agreement, outputs } = summary;
  const drop = float && fixed && 100 * (float.top1 - fixed.top1);
  check('top1-drop', drop, (value, limit) => value <= limit);
  check('agreement', agreement, (value, limit) => value >= limit);
  const least = Math.min(...outputs.map(({ sqnr }) => sqnr ?? Number.POSITIVE_INFINITY));
  check('sqnr', least, (value, limit) => value >= limit);
  return failed;
}

const command = new Command('validate')
  .description('compare a program with its float model, per layer and end to end')
  .argument('<model>', '.onnx or .tflite, also with .gz')
  .argument('<program>', 'program file')
  .option('-o, --output <folder>', 'folder for summary.json')
  .option('--no-layers', 'compare outputs only, which takes about a third of the time')
  .option(
    '--fail-below <limits>',
    'exit 1 unless these hold: top1-drop=P (at most, percentage points), agreement=S (at least, 0 to 1), sqnr=D (at least, dB, of every output)',
    parseLimits,
  );

export default addJsonOption(addRunOptions(addModelOptions(addLabelOptions(addDataOptions(command))))).action(
  async (modelPath: string, programPath: string, options: Options) => {
    const { graph } = loadModel(modelPath, options.shape);
    const program = readProgram(programPath);
    const spec = datasetSpec(graph.inputs, options);
    const labels = readLabels(spec, classCount(graph), options);
    const { hardware } = program.metadata;
    const summary = await withEngine(options, 'validate', (engine, attendance) =>
      validateProgram(engine, compileProgram(graph, null), program, spec, {
        ...attendance,
        labels,
        hardware,
        layers: options.layers,
      }),
    );
    if (options.output !== undefined) {
      makeFolder(options.output);
      writeFile(`${options.output}/summary.json`, `${JSON.stringify(summary, null, 2)}\n`);
    }
    if (options.json) printJson(summary);
    else print(describeSummary(summary));
    const failed = failures(summary, options.failBelow ?? {});
    for (const line of failed) say(`dynafix: ${line}`);
    if (failed.length > 0) process.exitCode = 1;
  },
);
