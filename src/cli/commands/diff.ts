import { Command } from 'commander';
import { recordedDifferenceText } from '../../export/compare-folder.js';
import { diffSides } from '../../jobs/diff.js';
import { loadProgram } from '../../jobs/load-program.js';
import { datasetSpec, programInputs } from '../data.js';
import { withEngine } from '../engine.js';
import {
  addDataOptions,
  addJsonOption,
  addModelOptions,
  addRunOptions,
  type DataOptions,
  type ModelOptions,
  type RunOptions,
} from '../options.js';
import { print, printJson } from '../terminal.js';

interface Options extends ModelOptions, RunOptions, Omit<DataOptions, 'data'> {
  readonly data?: string;
  readonly left: string;
  readonly right: string;
}

const command = new Command('diff')
  .description(
    'compare two executors, or one and the folder of a device, up to the first element that differs',
  )
  .argument('<file>', 'program or model')
  .option('--left <oracle|wasm|folder>', 'executor, or folder of tensors', 'oracle')
  .option('--right <oracle|wasm|folder>', 'executor, or folder of tensors', 'wasm');

export default addJsonOption(addRunOptions(addModelOptions(addDataOptions(command, false)))).action(
  async (path: string, { data, ...options }: Options) => {
    const program = loadProgram(path, options.shape);
    const { left, right, limit, json } = options;
    const spec = data === undefined ? undefined : datasetSpec(programInputs(program), { ...options, data });
    const { different, ...result } = await withEngine(options, 'diff', ({ pool, kernels }, attendance) =>
      diffSides(pool, program, { left, right, data: spec, limit, kernels }, attendance),
    );
    const tensors = result.compared === undefined ? '' : `, ${result.compared} tensors`;
    if (json) printJson({ ...result, ...different });
    else if (different !== undefined) print(`sample ${result.sample}\n${recordedDifferenceText(different)}`);
    else print(`${result.samples} samples${tensors}: ${left} and ${right} agree in every element`);
    if (different !== undefined) process.exitCode = 1;
  },
);
