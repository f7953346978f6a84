/** Two sides that are compared sample by sample: executors, or folders of a device. */
import { UsageError } from '../errors.js';
import type { Elements, Executor } from '../execute/executor.js';
import { lockstep } from '../execute/lockstep.js';
import { createOracle } from '../execute/oracle/oracle.js';
import { createWasmExecutor } from '../execute/wasm/executor.js';
import type { KernelSet } from '../execute/wasm/variants.js';
import { type Comparison, compareRecordings, type Recording, recordingOf } from '../export/compare-folder.js';
import { type DeviceFolder, openDeviceFolder } from '../export/device-folder.js';
import type { DatasetSpec } from '../inputs/dataset.js';
import { isFolder } from '../platform/files.js';
import type { Program } from '../program/program.js';
import { type Samples, samplesIn, samplesOf } from './diff-samples.js';

const executors: Readonly<Record<string, (program: Program, spec: SidesSpec) => Executor>> = {
  oracle: (program) => createOracle(program),
  wasm: (program, { kernels }) => createWasmExecutor(program, { kernels }),
};

/** An executor, which is made when it is first used, or a folder. */
type Side = { readonly executor: () => Executor } | { readonly folder: DeviceFolder };

/** What is compared, as data that workers can be posted. */
export interface SidesSpec {
  readonly left: string;
  readonly right: string;
  /** Left out: the samples of the first folder, which has the program's inputs. */
  readonly data?: DatasetSpec;
  /** Without `data`, samples that every folder must have; left out: as many as all have. */
  readonly limit?: number;
  /** What the side `wasm` runs, see `Engine.kernels`; left out: the plain kernels. */
  readonly kernels?: KernelSet;
}

export interface Sides {
  readonly count: number;
  readonly name: (sample: number) => string;
  /**
   * Compares one sample. Throws what executors throw, and an InputError for a file that is missing or cannot be read, or
   * other inputs than those of the run.
   */
  readonly compare: (sample: number) => Comparison;
}

/** Opens a side of a comparison by the name of an executor or the path of a folder. */
function openSide(side: 'left' | 'right', program: Program, spec: SidesSpec): Side {
  const name = spec[side];
  if (Object.hasOwn(executors, name)) {
    let made: Executor | undefined;
    return {
      executor: () => {
        made ??= executors[name](program, spec);
        return made;
      },
    };
  }
  if (isFolder(name)) return { folder: openDeviceFolder(name, program) };
  const expected = `${Object.keys(executors).join(', ')} or a folder`;
  throw new UsageError({ where: `--${side}`, what: 'is no executor and no folder', expected, got: name });
}

/** Throws a UsageError or an InputError where a side or the data set cannot be opened. */
export function openSides(program: Program, spec: SidesSpec): Sides {
  const [left, right] = [openSide('left', program, spec), openSide('right', program, spec)];
  const folders = [left, right].flatMap((side) => ('folder' in side ? [side.folder] : []));
  const { count, name, load, checkInputs } =
    spec.data === undefined
      ? samplesOf(folders, program, spec.limit)
      : samplesIn(spec.data, program, folders);
  const compare = (sample: number): Comparison => {
    checkInputs(sample);
    if ('executor' in left && 'executor' in right) {
      const difference = lockstep(left.executor(), right.executor(), load(sample));
      return difference === undefined ? {} : { different: { difference } };
    }
    const recordings = [left, right].map((side) => record(side, program, sample, load));
    return compareRecordings(program, recordings[0], recordings[1]);
  };
  return { count, name, compare };
}

function record(side: Side, program: Program, sample: number, load: Samples['load']): Recording {
  if ('folder' in side) return recordingOf(side.folder, sample);
  const executor = side.executor();
  const inputs = load(sample);
  const tensors = new Map<number, Elements>(program.inputs.map(({ tensor }, port) => [tensor, inputs[port]]));
  executor.run(inputs, (index, { read }) => {
    const { output } = program.instructions[index];
    tensors.set(output, read(output));
  });
  return { name: executor.name, read: (tensor) => tensors.get(tensor) };
}
