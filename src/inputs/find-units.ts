/** Which files of a data set are read, as what, and which belong together. */
import { InputError } from '../errors.js';
import { fileExists } from '../platform/files.js';
import { listFiles, sortByCodePoint } from '../platform/list-files.js';
import type { Kind } from './container.js';
import type { RawType } from './preprocess.js';

/** One file, or the `input_K.pb` of one folder. */
export interface Unit {
  /** Relative to the data set's root. */
  readonly name: string;
  readonly paths: readonly string[];
  /** Path of the labels that belong to an idx file. */
  readonly labels?: string;
}

export interface Units {
  readonly root: string;
  readonly kind: Kind;
  readonly units: readonly Unit[];
  /** Names of the folders directly below the root that hold samples, in order. */
  readonly folders: readonly string[];
}

const endings: readonly (readonly [RegExp, Kind])[] = [
  [/\.(jpe?g|png)$/i, 'image'],
  [/\.npy$/i, 'npy'],
  [/\.npz$/i, 'npz'],
  [/\.pb$/i, 'pb'],
  [/[-.]idx3-ubyte$/i, 'idx'],
];
const idxLabels = /[-.]idx1-ubyte$/i;
const tensorFile = /^(.*?)(input|output)_(\d+)\.pb$/;

function kindOf(name: string, raw: RawType | undefined): Kind | undefined {
  const plain = name.replace(/\.gz$/i, '');
  if (/\.bin$/i.test(plain)) return raw ? 'raw' : 'cifar';
  return endings.find(([ending]) => ending.test(plain))?.[1];
}

/**
 * Finds the sample files that `path` (a file, a folder with all below it, or a glob) stands for; other files are left
 * out. Throws an InputError where there are none, or files of several kinds.
 */
export function findUnits(path: string, raw?: RawType): Units {
  const { root, names } = listFiles(path);
  const byKind = new Map<Kind, string[]>();
  for (const name of names) {
    const kind = kindOf(name, raw);
    if (!kind) continue;
    if (!byKind.has(kind)) byKind.set(kind, []);
    byKind.get(kind)!.push(name);
  }
  const [first] = byKind;
  if (!first) throw noSamples(path, names);
  const [kind, files] = first;
  if (byKind.size > 1)
    throw new InputError({
      where: path,
      what: 'holds samples of several kinds',
      expected: 'files of one kind',
      got: [...byKind.values()].map(([name]) => name).join(' and '),
    });
  const full = (name: string) => (root === '.' ? name : `${root.replace(/\/$/, '')}/${name}`);
  const units =
    kind === 'pb' ? tensorUnits(files, full) : files.map((name) => fileUnit(name, full(name), kind));
  if (units.length === 0) throw noSamples(path, names);
  const folders = sortByCodePoint(
    new Set(files.filter((name) => name.includes('/')).map((name) => name.split('/')[0])),
  );
  return { root, kind, units, folders };
}

function noSamples(path: string, names: readonly string[]): InputError {
  const labels = names.find((name) => idxLabels.test(name.replace(/\.gz$/i, '')));
  return new InputError({
    where: path,
    what: 'holds no samples',
    expected: 'JPEG, PNG, .npy, .npz, idx3-ubyte, .bin or .pb files',
    got: labels ?? names[0] ?? 'an empty folder',
  });
}

function fileUnit(name: string, path: string, kind: Kind): Unit {
  if (kind !== 'idx') return { name, paths: [path] };
  const plain = path.replace(/\.gz$/i, '').replace(/images([-.])idx3(-ubyte)$/i, 'labels$1idx1$2');
  const labels = [plain, `${plain}.gz`].find((candidate) => idxLabels.test(plain) && fileExists(candidate));
  return { name, paths: [path], labels };
}

/** `input_K.pb` files of one folder are one sample, in the order of K; `output_K.pb` are no input; others are samples. */
function tensorUnits(files: readonly string[], full: (name: string) => string): Unit[] {
  const units = new Map<string, string[]>();
  const position = (name: string) => Number(tensorFile.exec(name.replace(/\.gz$/i, ''))?.[3] ?? 0);
  for (const name of files) {
    const match = tensorFile.exec(name.replace(/\.gz$/i, ''));
    if (match?.[2] === 'output') continue;
    const unit = match ? match[1].replace(/\/$/, '') || name : name;
    units.set(unit, [...(units.get(unit) ?? []), name]);
  }
  return [...units].map(([name, parts]) => ({
    name,
    paths: parts.sort((a, b) => position(a) - position(b)).map(full),
  }));
}
