import { Command } from 'commander';
import { recordedDifferenceText } from '../../export/compare-folder.js';
import { diffSides } from '../../jobs/diff.js';
import { loadProgram } from '../../jobs/load-program.js';
import { datasetSpec, programInputs } from '../data.js';
import {
  addDataOptions,
  addJsonOption,
  addModelOptions,
  type DataOptions,
  type ModelOptions,
} from '../options.js';
import { createProgress, print, printJson } from '../terminal.js';

interface Options extends ModelOptions, Omit<DataOptions, 'data'> {
  readonly data?: string;
  readonly left: string;
  readonly right: string;
  readonly json?: boolean;
}

const command = new Command('diff')
  .description(
    'compare two executors, or one and the folder of a device, up to the first element that differs',
  )
  .argument('<file>', 'program or model')
  .option('--left <oracle|wasm|folder>', 'executor, or folder of tensors', 'oracle')
  .option('--right <oracle|wasm|folder>', 'executor, or folder of tensors', 'wasm');

export const diff = addJsonOption(addModelOptions(addDataOptions(command, false))).action(
  (path: string, { data, ...options }: Options) => {
    const program = loadProgram(path, options.shape);
    const spec = data === undefined ? undefined : datasetSpec(programInputs(program), { ...options, data });
    const progress = createProgress('diff');
    try {
      const { different, ...result } = diffSides(program, options, spec, progress.update);
      progress.stop();
      const { left, right } = options;
      const tensors = result.compared === undefined ? '' : `, ${result.compared} tensors`;
      if (options.json) printJson({ ...result, ...different });
      else if (different !== undefined)
        print(`sample ${result.sample}\n${recordedDifferenceText(different)}`);
      else print(`${result.samples} samples${tensors}: ${left} and ${right} agree in every element`);
      if (different !== undefined) process.exitCode = 1;
    } finally {
      progress.stop();
    }
  },
);
