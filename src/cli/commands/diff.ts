import { Command, Option } from 'commander';
import type { Executor } from '../../execute/executor.js';
import { differenceText, lockstep } from '../../execute/lockstep.js';
import { createOracle } from '../../execute/oracle/oracle.js';
import { bindInputs } from '../../execute/ports.js';
import { createWasmExecutor } from '../../execute/wasm/executor.js';
import { openDataset } from '../../inputs/dataset.js';
import { loadProgram } from '../../jobs/load-program.js';
import type { Program } from '../../program/program.js';
import { datasetSpec, programInputs } from '../data.js';
import {
  addDataOptions,
  addJsonOption,
  addModelOptions,
  type DataOptions,
  type ModelOptions,
} from '../options.js';
import { createProgress, print, printJson } from '../terminal.js';

const executors: Readonly<Record<string, (program: Program) => Executor>> = {
  oracle: createOracle,
  wasm: (program) => createWasmExecutor(program),
};

interface Options extends ModelOptions, DataOptions {
  readonly left: string;
  readonly right: string;
  readonly json?: boolean;
}

const side = (name: string, otherwise: string) =>
  new Option(`--${name} <executor>`, 'executor').choices(Object.keys(executors)).default(otherwise);

const command = new Command('diff')
  .description('run two executors in lockstep; stop at the first instruction and element that differ')
  .argument('<file>', 'program or model')
  .addOption(side('left', 'oracle'))
  .addOption(side('right', 'wasm'));

export const diff = addJsonOption(addModelOptions(addDataOptions(command))).action(
  (path: string, options: Options) => {
    const program = loadProgram(path, options.shape);
    const dataset = openDataset(datasetSpec(programInputs(program), options));
    const [left, right] = [executors[options.left](program), executors[options.right](program)];
    const progress = createProgress('diff');
    try {
      for (let index = 0; index < dataset.count; index++) {
        const { name } = dataset.samples[index];
        const difference = lockstep(left, right, bindInputs(program, dataset.load(index), name));
        progress.update(index + 1, dataset.count);
        if (difference === undefined) continue;
        progress.stop();
        if (options.json) printJson({ samples: index + 1, equal: false, sample: name, difference });
        else print(`sample ${name}\n${differenceText(difference)}`);
        process.exitCode = 1;
        return;
      }
    } finally {
      progress.stop();
    }
    if (options.json) printJson({ samples: dataset.count, equal: true });
    else print(`${dataset.count} samples: ${options.left} and ${options.right} agree in every element`);
  },
);
