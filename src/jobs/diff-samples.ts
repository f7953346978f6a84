/** The samples of a comparison: those of a data set, or those whose inputs a folder holds. */
import { InputError, UsageError } from '../errors.js';
import type { Elements } from '../execute/executor.js';
import { compareTensor, sideText } from '../execute/lockstep.js';
import { bindInputs } from '../execute/ports.js';
import { type DeviceFolder, isLegal } from '../export/device-folder.js';
import { type DatasetSpec, openDataset } from '../inputs/dataset.js';
import type { Program } from '../program/program.js';

export interface Samples {
  readonly count: number;
  readonly name: (sample: number) => string;
  /** The inputs of a sample, in the program's order. Throws an InputError where there are none that fit. */
  readonly load: (sample: number) => Elements[];
  /** Throws an InputError where a folder holds inputs of a sample that are others. */
  readonly checkInputs: (sample: number) => void;
}

/**
 * The samples of a data set: with a limit all of them, which every folder must have; without one as many as the folders have.
 * Throws an InputError where a folder lacks one.
 */
export function samplesIn(spec: DatasetSpec, program: Program, folders: readonly DeviceFolder[]): Samples {
  const dataset = openDataset(spec);
  const name = (sample: number) => dataset.samples[sample].name;
  const load = (sample: number) => bindInputs(program, dataset.load(sample), name(sample));
  const asked = spec.limit === undefined ? undefined : dataset.count;
  return {
    count: Math.min(dataset.count, countCommon(folders, asked, name)),
    name,
    load,
    checkInputs(sample) {
      if (folders.length === 0) return;
      const own = { name: `"${name(sample)}" in ${spec.path}`, inputs: load(sample) };
      for (const folder of folders) requireInputs(program, folder, sample, own);
    },
  };
}

/** The samples of the first folder, whose inputs are those of the run; with a limit, as many. Throws as `samplesIn` does. */
export function samplesOf(
  folders: readonly DeviceFolder[],
  program: Program,
  limit: number | undefined,
): Samples {
  const [first, ...others] = folders;
  if (first === undefined)
    throw new UsageError({
      where: '--data',
      what: 'is missing',
      expected: 'samples to run the executors on',
    });
  return {
    count: countCommon(folders, limit, (sample) => first.samples[sample]?.name ?? `sample_${sample}`),
    name: (sample) => first.samples[sample].name,
    load: (sample) =>
      program.inputs.map(({ name, tensor }) => {
        const elements = first.read(sample, tensor);
        const where = `${first.path}: input "${name}"`;
        if (elements === undefined)
          throw new InputError({ where, what: 'is missing', expected: 'a file, or --data' });
        if (!isLegal(elements, program.tensors[tensor].format))
          throw new InputError({ where, what: 'has codes out of range' });
        return elements;
      }),
    checkInputs(sample) {
      if (others.length === 0) return;
      const inputs = program.inputs.map(({ tensor }) => first.read(sample, tensor));
      const own = { name: `"${first.samples[sample].name}" in ${first.path}`, inputs };
      for (const folder of others) requireInputs(program, folder, sample, own);
    },
  };
}

/** Samples that all folders have; `asked` where it is given. Throws an InputError where a folder has less than that. */
function countCommon(
  folders: readonly DeviceFolder[],
  asked: number | undefined,
  name: (sample: number) => string,
): number {
  if (asked === undefined) return Math.min(...folders.map(({ samples }) => samples.length));
  for (const { path, samples } of folders) {
    const missing = asked - samples.length;
    if (missing <= 0) continue;
    const rest = missing === 1 ? '' : ` and ${missing - 1} behind it`;
    throw new InputError({
      where: path,
      what: `has no sample "${name(samples.length)}"${rest}`,
      expected: `${asked} samples, as --limit says`,
      got: String(samples.length),
    });
  }
  return asked;
}

/** Throws an InputError where a folder has other inputs than those of the run: no instruction would be to blame. */
function requireInputs(
  program: Program,
  folder: DeviceFolder,
  sample: number,
  run: { readonly name: string; readonly inputs: readonly (Elements | undefined)[] },
): void {
  for (const [port, { name, tensor }] of program.inputs.entries()) {
    const wanted = run.inputs[port];
    const elements = folder.read(sample, tensor);
    if (wanted === undefined || elements === undefined) continue;
    const sides = [
      { name: run.name, elements: wanted },
      { name: folder.path, elements },
    ] as const;
    const difference = compareTensor(program.tensors[tensor], ...sides);
    if (difference === undefined) continue;
    const extent = `${difference.differing} of ${difference.elements} elements`;
    const place = `first at [${difference.coordinates.join(', ')}]`;
    throw new InputError({
      where: `${folder.path}: sample "${folder.samples[sample].name}"`,
      what: `the inputs differ: "${name}" is not that of ${run.name}, in ${extent}, ${place}`,
      expected: sideText(difference.left),
      got: sideText(difference.right),
    });
  }
}
