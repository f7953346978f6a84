/** The class of each sample. */
import { InputError, UsageError } from '../errors.js';
import { fileExists, readBytes, readText } from '../platform/files.js';
import type { Dataset } from './dataset.js';
import { decodeIdx, isIdx } from './idx.js';

/** Where labels come from: at most one of the first three; none: the labels in the data files, if they have any. */
export interface LabelSpec {
  /** A text of lines `file label`, or an idx file with one label for each sample. */
  readonly file?: string;
  /** The first folder of each name is its class; folders are numbered in the order of their names. */
  readonly folders?: boolean;
  /** A regular expression on the sample's name; its first group, or the whole match, is the class. */
  readonly pattern?: string;
  /** Added to every label: 1 for a network whose class 0 is the background. */
  readonly offset?: number;
}

/** A label and the place that gave it, for errors. */
interface Found {
  readonly label: number;
  readonly where: string;
}

/**
 * The class of every sample, offset included, or undefined where nothing gives labels.
 * Throws an InputError for a sample without a label, for a label that is not in 0 .. classes - 1, and for a line that
 * cannot be read or names a file that does not exist.
 */
export function loadLabels(spec: LabelSpec, dataset: Dataset, classes = Infinity): number[] | undefined {
  const { file, folders, pattern, offset = 0 } = spec;
  if ([file, folders || undefined, pattern].filter((source) => source !== undefined).length > 1)
    throw new UsageError({
      where: 'labels',
      what: 'come from several sources',
      expected: 'a file, folders or a pattern',
    });
  let find: (index: number) => Found | undefined;
  if (file !== undefined)
    find = isIdx(readBytes(file)) ? labelsOfIdx(file, dataset) : labelsOfText(file, dataset);
  else if (folders) find = labelsOfFolders(dataset);
  else if (pattern !== undefined) find = labelsOfPattern(pattern, dataset);
  else if (dataset.label(0) === undefined) return undefined;
  else
    find = (index) => {
      const label = dataset.label(index);
      return label === undefined ? undefined : { label, where: sampleName(dataset, index) };
    };

  return Array.from({ length: dataset.count }, (_, index) => {
    const found = find(index);
    if (!found)
      throw new InputError({
        where: file ?? sampleName(dataset, index),
        what: `no label for sample "${dataset.samples[index].name}"`,
      });
    const label = found.label + offset;
    if (label >= 0 && label < classes) return label;
    throw new InputError({
      where: found.where,
      what: 'label is not a class of the network',
      expected: classes === Infinity ? '0 or more' : `0 to ${classes - 1}`,
      got: String(label),
    });
  });
}

function sampleName(dataset: Dataset, index: number): string {
  return `${dataset.root}/${dataset.samples[index].name}`;
}

/** Reads a class; the limit keeps a later offset exact. */
function parseLabel(text: string, where: string): Found {
  if (/^\d{1,9}$/.test(text)) return { label: Number(text), where };
  throw new InputError({
    where,
    what: 'label is not a number',
    expected: 'a class from 0',
    got: JSON.stringify(text),
  });
}

/** The file and the label of a line; undefined where the line is empty. */
function parseLine(line: string, where: string): { path: string; found: Found } | undefined {
  if (line.trim() === '') return undefined;
  const [, path, text] = /^\s*(?:\.\/)?(.+?)\s+(\S+)\s*$/.exec(line) ?? [];
  if (path !== undefined) return { path, found: parseLabel(text, where) };
  throw new InputError({
    where,
    what: 'line is not understood',
    expected: 'file label',
    got: JSON.stringify(line.slice(0, 80)),
  });
}

function labelsOfIdx(file: string, dataset: Dataset): (index: number) => Found {
  const { shape, data } = decodeIdx(readBytes(file), file);
  if (shape.length !== 1 || shape[0] < dataset.count)
    throw new InputError({
      where: file,
      what: 'does not label every sample',
      expected: `at least ${dataset.count} labels`,
      got: `shape [${shape}]`,
    });
  return (index) => ({ label: data[index], where: `${file}, label ${index}` });
}

function labelsOfText(file: string, dataset: Dataset): (index: number) => Found | undefined {
  const known = new Set(dataset.samples.flatMap(({ name }) => [name, baseName(name)]));
  const exists = (path: string) => fileExists(`${dataset.root}/${path.replace(/#\d+$/, '')}`);
  const labels = new Map<string, Found>();
  const lines = readText(file)
    .replace(/^\ufeff/, '')
    .split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    const where = `${file}:${index + 1}`;
    const { path, found } = parseLine(line, where) ?? {};
    if (!path || !found) continue;
    // A file of the data that was not chosen.
    if (!known.has(path) && exists(path)) continue;
    const name = known.has(path) ? path : baseName(path);
    if (!known.has(name) && !exists(name))
      throw new InputError({
        where,
        what: 'names a file that is not in the data',
        expected: `a file in ${dataset.root}`,
        got: path,
      });
    const earlier = labels.get(name);
    if (earlier && earlier.label !== found.label)
      throw new InputError({
        where,
        what: `contradicts ${earlier.where}`,
        expected: String(earlier.label),
        got: String(found.label),
      });
    labels.set(name, found);
  }
  return (index) => {
    const { name } = dataset.samples[index];
    return labels.get(name) ?? labels.get(baseName(name));
  };
}

function baseName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

function labelsOfFolders({ samples, folders }: Dataset): (index: number) => Found | undefined {
  const classes = new Map(folders.map((name, index) => [name, index]));
  return (index) => {
    const [folder] = samples[index].name.split('/');
    const label = samples[index].name.includes('/') ? classes.get(folder) : undefined;
    return label === undefined ? undefined : { label, where: folder };
  };
}

function labelsOfPattern(pattern: string, dataset: Dataset): (index: number) => Found | undefined {
  let expression: RegExp;
  try {
    expression = new RegExp(pattern, 'u');
  } catch (error) {
    throw new UsageError({ where: '--label-pattern', what: (error as Error).message, cause: error });
  }
  return (index) => {
    const match = expression.exec(dataset.samples[index].name);
    return match ? parseLabel(match[1] ?? match[0], sampleName(dataset, index)) : undefined;
  };
}
