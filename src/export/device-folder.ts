/** Reads a folder of tensors that somebody's RTL, firmware or runtime wrote: any subset, as .npy or as .hex memories. */
import { InputError } from '../errors.js';
import type { Elements } from '../execute/executor.js';
import { codeRange, type Format } from '../formats/format.js';
import { decodeNpy, type NumericData } from '../inputs/npy.js';
import { fileExists, isFolder, readBytes, readText } from '../platform/files.js';
import type { Program } from '../program/program.js';
import { elementCount } from '../shape.js';
import { ENCODINGS, fileNames, readManifest } from './dump-manifest.js';
import { decodeMemory } from './memory.js';

export interface DeviceFolder {
  readonly path: string;
  /** Samples that the folder has. */
  readonly samples: readonly { readonly folder: string; readonly name: string }[];
  /** A tensor of a sample, codes as they stand in the file; undefined where the folder does not have it. */
  read(sample: number, tensor: number): Elements | undefined;
}

/**
 * Opens a folder: with a manifest as `run --dump` writes it; or with files that are named as such a dump names them, in
 * `sample_0`, `sample_1`, ... or, for one sample, in the folder itself. Throws an InputError where there is no tensor of
 * the program, and, when a tensor is read, for a file that the manifest lists and is missing, that cannot be read or has
 * the wrong size.
 */
export function openDeviceFolder(path: string, program: Program): DeviceFolder {
  const manifest = readManifest(path);
  const samples =
    manifest?.samples.map(({ folder, name }) => ({ folder, name: name ?? folder })) ?? findSamples(path);
  const stems = fileNames(program);
  const entries = new Map(manifest?.tensors.map((entry) => [entry.tensor, entry]));
  const known = new Set(program.tensors.map(({ name }) => name));
  const unknown = manifest?.tensors.find(({ tensor }) => !known.has(tensor));
  if (unknown !== undefined)
    throw new InputError({ where: path, what: 'the program has no such tensor', got: unknown.tensor });

  const find = (sample: number, tensor: number) => {
    const folder = samples[sample].folder === '' ? path : `${path}/${samples[sample].folder}`;
    if (manifest === undefined) {
      const files = ENCODINGS.map((encoding) => `${folder}/${stems[tensor]}.${encoding}`);
      const file = files.find((name) => fileExists(name));
      return file === undefined ? undefined : { file };
    }
    const entry = entries.get(program.tensors[tensor].name);
    if (entry === undefined) return undefined;
    return { file: `${folder}/${entry.file}`, word: entry.word };
  };
  if (!program.tensors.some((_, tensor) => find(0, tensor) !== undefined)) {
    const expected = `files such as ${stems[program.instructions[0]?.output ?? 0]}.npy or .hex`;
    throw new InputError({ where: path, what: 'holds no tensor of the program', expected });
  }
  return {
    path,
    samples,
    read(sample, tensor) {
      const found = find(sample, tensor);
      if (found === undefined) return undefined;
      const { name, shape, format } = program.tensors[tensor];
      const { file, word } = found;
      const length = elementCount(shape);
      if (!fileExists(file)) {
        const [what, expected] = ['is missing', `the file of "${name}", which the manifest lists`];
        throw new InputError({ where: file, what, expected });
      }
      if (file.endsWith('.hex')) return decodeMemory(readText(file), length, format, file, word);
      const { data } = decodeNpy(readBytes(file), file);
      if (data.length !== length)
        throw new InputError({
          where: file,
          what: 'has a wrong size',
          expected: `${length} elements`,
          got: `${data.length}`,
        });
      return format === null ? Float32Array.from(data as Float32Array, Number) : toCodes(data, format, file);
    },
  };
}

/** `sample_0`, `sample_1`, ... as far as they are there, else the folder itself. */
function findSamples(path: string): { folder: string; name: string }[] {
  if (!isFolder(path)) throw new InputError({ where: path, what: 'cannot be read: no such folder' });
  const samples: { folder: string; name: string }[] = [];
  while (isFolder(`${path}/sample_${samples.length}`)) {
    const folder = `sample_${samples.length}`;
    samples.push({ folder, name: folder });
  }
  return samples.length > 0 ? samples : [{ folder: '', name: path }];
}

/** Integers of any type as codes, in or out of the format's range. */
function toCodes(data: NumericData, format: Format, where: string): Elements {
  const wrong = Array.from(data as Float64Array, Number).findIndex((value) => !Number.isInteger(value));
  if (wrong >= 0)
    throw new InputError({
      where,
      what: `element ${wrong} is no code`,
      expected: 'integers',
      got: `${data[wrong]}`,
    });
  return format.bits > 32
    ? BigInt64Array.from(data as Int32Array, BigInt)
    : Int32Array.from(data as Int32Array, Number);
}

/** True where all codes lie in the range of a format, so that instructions can compute with them. */
export function isLegal(elements: Elements, format: Format | null): boolean {
  if (format === null) return true;
  const { low, high } = codeRange(format);
  return (elements as Int32Array).every((code) => code >= low && code <= high);
}
