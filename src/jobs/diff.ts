/** Compares two executors, or an executor and the folder of a device, sample by sample. */
import { InputError, UsageError } from '../errors.js';
import type { Elements, Executor } from '../execute/executor.js';
import { lockstep } from '../execute/lockstep.js';
import { createOracle } from '../execute/oracle/oracle.js';
import { bindInputs } from '../execute/ports.js';
import { createWasmExecutor } from '../execute/wasm/executor.js';
import {
  type Comparison,
  compareRecordings,
  type RecordedDifference,
  type Recording,
  recordingOf,
} from '../export/compare-folder.js';
import { type DeviceFolder, isLegal, openDeviceFolder } from '../export/device-folder.js';
import { type DatasetSpec, openDataset } from '../inputs/dataset.js';
import { isFolder } from '../platform/files.js';
import type { Program } from '../program/program.js';

const executors: Readonly<Record<string, (program: Program) => Executor>> = {
  oracle: createOracle,
  wasm: (program) => createWasmExecutor(program),
};

/** An executor or a folder. */
type Side = { readonly executor: Executor } | { readonly folder: DeviceFolder };

export interface DiffResult {
  /** Samples that were compared, up to the first that differs. */
  readonly samples: number;
  readonly equal: boolean;
  /** Outputs of instructions that both sides have, over all samples; left out between two executors. */
  readonly compared?: number;
  readonly sample?: string;
  readonly different?: RecordedDifference;
}

/** Opens a side of a comparison by the name of an executor or the path of a folder. */
function openSide(option: string, name: string, program: Program): Side {
  if (Object.hasOwn(executors, name)) return { executor: executors[name](program) };
  if (isFolder(name)) return { folder: openDeviceFolder(name, program) };
  const expected = `${Object.keys(executors).join(', ')} or a folder`;
  throw new UsageError({ where: option, what: 'is no executor and no folder', expected, got: name });
}

/**
 * Stops at the first instruction and element that differ. `spec` may be left out where a side is a folder that has the
 * program's inputs. Throws a UsageError or an InputError where a side cannot be opened, and what executors throw.
 */
export function diffSides(
  program: Program,
  names: { readonly left: string; readonly right: string },
  spec: DatasetSpec | undefined,
  onProgress: (done: number, total: number) => void = () => {},
): DiffResult {
  const sides = [openSide('--left', names.left, program), openSide('--right', names.right, program)];
  const folders = sides.flatMap((side) => ('folder' in side ? [side.folder] : []));
  const samples = spec === undefined ? samplesOf(folders, program) : samplesIn(spec, program, folders);
  const compare = (index: number): Comparison => {
    const [left, right] = sides;
    if ('executor' in left && 'executor' in right) {
      const difference = lockstep(left.executor, right.executor, samples.load(index));
      return difference === undefined ? {} : { different: { difference } };
    }
    return compareRecordings(
      program,
      record(left, program, index, samples.load),
      record(right, program, index, samples.load),
    );
  };
  let compared: number | undefined;
  for (let index = 0; index < samples.count; index++) {
    const comparison = compare(index);
    if (comparison.compared !== undefined) compared = (compared ?? 0) + comparison.compared;
    onProgress(index + 1, samples.count);
    const { different } = comparison;
    if (different === undefined) continue;
    return { samples: index + 1, equal: false, compared, sample: samples.name(index), different };
  }
  return { samples: samples.count, equal: true, compared };
}

interface Samples {
  readonly count: number;
  readonly name: (index: number) => string;
  readonly load: (index: number) => Elements[];
}

/** As many samples of a data set as the folders have. */
function samplesIn(spec: DatasetSpec, program: Program, folders: readonly DeviceFolder[]): Samples {
  const dataset = openDataset(spec);
  const name = (index: number) => dataset.samples[index].name;
  return {
    count: Math.min(dataset.count, ...folders.map(({ samples }) => samples.length)),
    name,
    load: (index) => bindInputs(program, dataset.load(index), name(index)),
  };
}

/** The samples of the first folder, whose inputs are those of the run. */
function samplesOf([folder, ...others]: readonly DeviceFolder[], program: Program): Samples {
  if (folder === undefined)
    throw new UsageError({
      where: '--data',
      what: 'is missing',
      expected: 'samples to run the executors on',
    });
  return {
    count: Math.min(folder.samples.length, ...others.map(({ samples }) => samples.length)),
    name: (index) => folder.samples[index].name,
    load: (index) =>
      program.inputs.map(({ name, tensor }) => {
        const elements = folder.read(index, tensor);
        const where = `${folder.path}: input "${name}"`;
        if (elements === undefined)
          throw new InputError({ where, what: 'is missing', expected: 'a file, or --data' });
        if (!isLegal(elements, program.tensors[tensor].format))
          throw new InputError({ where, what: 'has codes out of range' });
        return elements;
      }),
  };
}

function record(side: Side, program: Program, sample: number, load: Samples['load']): Recording {
  if ('folder' in side) return recordingOf(side.folder, sample);
  const { executor } = side;
  const inputs = load(sample);
  const tensors = new Map<number, Elements>(program.inputs.map(({ tensor }, port) => [tensor, inputs[port]]));
  executor.run(inputs, (index, { read }) => {
    const { output } = program.instructions[index];
    tensors.set(output, read(output));
  });
  return { name: executor.name, read: (tensor) => tensors.get(tensor) };
}
