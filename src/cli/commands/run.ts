import { Command, Option } from 'commander';
import type { RunResult } from '../../execute/ports.js';
import { type DumpSpec, ENCODINGS, type Encoding } from '../../export/dump-manifest.js';
import { encodeNpz } from '../../inputs/npz.js';
import { loadProgram } from '../../jobs/load-program.js';
import { runSamples } from '../../jobs/run.js';
import { writeFile } from '../../platform/files.js';
import { datasetSpec, programInputs } from '../data.js';
import { withEngine } from '../engine.js';
import {
  addDataOptions,
  addJsonOption,
  addModelOptions,
  addRunOptions,
  type DataOptions,
  type ModelOptions,
  patternOption,
  type RunOptions,
  wholeNumber,
} from '../options.js';
import { stackOutputs } from '../stack-outputs.js';
import { print, printJson, short } from '../terminal.js';

interface Options extends ModelOptions, DataOptions, RunOptions {
  readonly output?: string;
  readonly dump?: string;
  readonly dumpAs: Encoding;
  readonly word?: number;
  readonly layers: RegExp;
}

function dumpSpec({ dump, dumpAs, word, layers }: Options): DumpSpec | undefined {
  return dump === undefined ? undefined : { folder: dump, layers, encoding: dumpAs, wordBits: word };
}

const command = new Command('run')
  .description('run a model or a program over samples')
  .argument('<file>', 'model or program')
  .option('-o, --output <file>', '.npz with the outputs of all samples')
  .option('--dump <folder>', 'write the tensors of every sample, with a manifest')
  .addOption(new Option('--dump-as <encoding>', 'files of the dump').choices(ENCODINGS).default('npy'))
  .option('--word <bits>', 'width of the words of .hex files; default: one element each', wholeNumber(8))
  .addOption(
    patternOption('--layers <pattern>', 'regular expression on the names of the instructions to dump'),
  );

export default addJsonOption(addRunOptions(addModelOptions(addDataOptions(command)))).action(
  async (path: string, options: Options) => {
    const program = loadProgram(path, options.shape);
    const spec = datasetSpec(programInputs(program), options);
    const results: RunResult[] = [];
    const onSample =
      options.output === undefined ? undefined : (result: RunResult) => void results.push(result);
    const summary = await withEngine(options, 'run', (engine, attendance) =>
      runSamples(engine, program, spec, {
        ...attendance,
        onSample,
        dump: dumpSpec(options),
        release: true,
      }),
    );
    if (options.output !== undefined) writeFile(options.output, encodeNpz(stackOutputs(results)));
    if (options.json) {
      printJson(summary);
      return;
    }
    const { samples, imagesPerSecond, threads, variant, digest } = summary;
    print(`${samples} samples, ${short(imagesPerSecond)}/s on ${threads} threads (kernels ${variant})`);
    if (digest) print(`digest ${digest}`);
  },
);
