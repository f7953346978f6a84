/** A data set: samples by index, whatever files they come from. */
import { InputError } from '../errors.js';
import type { Elements } from '../execute/executor.js';
import type { GraphInput } from '../graph/graph.js';
import { sha256 } from '../platform/files.js';
import { arrayInput } from './array-input.js';
import { type Container, type Content, openers } from './container.js';
import { findUnits, type Unit } from './find-units.js';
import type { Image } from './image.js';
import { imageInput } from './image-input.js';
import type { Preprocess, RawType } from './preprocess.js';

/** Plain data that says which samples there are and what becomes of them: worker threads open the same data set again. */
export interface DatasetSpec {
  /** A file, a folder or a glob. */
  readonly path: string;
  /** Inputs of the network, in its order, with the batch dimension 1. */
  readonly inputs: readonly GraphInput[];
  readonly preprocess?: Preprocess;
  /** Element type and shape of raw .bin files; without it they are CIFAR-10 files. */
  readonly raw?: RawType;
  /** The first samples in the order of file names; all where left out. */
  readonly limit?: number;
}

/** One array per network input, in the input's layout: float32 real values, or integer codes. */
export type SampleInput = Elements;

export interface Dataset {
  readonly spec: DatasetSpec;
  /** The folder that names are relative to. */
  readonly root: string;
  readonly count: number;
  /** A file's name, with `#` and a number where the file holds several samples. */
  readonly samples: readonly { readonly name: string }[];
  /** Names of the folders directly below the root that hold samples, in order. */
  readonly folders: readonly string[];
  /** Decodes and preprocesses a sample. Throws an InputError naming its file. */
  load(index: number): SampleInput[];
  /** SHA-256 of the stored bytes of a sample: the unpacked file, or its part of the file. */
  digest(index: number): string;
  /** The class that idx and CIFAR-10 files give a sample. */
  label(index: number): number | undefined;
}

/**
 * Opens a data set. Files are read when a sample is asked for; those that hold several samples also here, to count
 * them, and the last one read is kept. Samples are ordered by the code points of their file names.
 * Throws an InputError where there is no sample or a file's size or shape does not fit the network.
 */
export function openDataset(spec: DatasetSpec): Dataset {
  const { path, inputs, preprocess, raw, limit = Infinity } = spec;
  if (inputs.length > 1 && preprocess)
    throw new InputError({
      where: path,
      what: 'preprocessing needs a network with one input',
      got: String(inputs.length),
    });
  const { root, kind, units, folders } = findUnits(path, raw);

  let last: { readonly unit: Unit; readonly container: Container } | undefined;
  const open = (unit: Unit): Container => {
    if (last?.unit !== unit)
      last = { unit, container: openers[kind](unit.paths, { inputs, raw, labels: unit.labels }) };
    return last.container;
  };

  const samples: { name: string; where: string; unit: Unit; record: number }[] = [];
  for (const unit of units) {
    const count = kind === 'image' || kind === 'raw' ? 1 : open(unit).count;
    for (let record = 0; record < count && samples.length < limit; record++) {
      const suffix = count === 1 ? '' : `#${record}`;
      samples.push({ name: unit.name + suffix, where: unit.paths[0] + suffix, unit, record });
    }
    if (samples.length >= limit) break;
  }
  if (samples.length === 0)
    throw new InputError({ where: path, what: 'holds no samples', got: units[0].name });

  return {
    spec,
    root,
    count: samples.length,
    samples,
    folders,
    load(index) {
      const { unit, record, where } = samples[index];
      return open(unit)
        .content(record)
        .map((content, input) =>
          isImage(content)
            ? imageInput(content, inputs[input], preprocess ?? {}, where)
            : arrayInput(content, inputs[input], preprocess, where),
        );
    },
    digest(index) {
      const { unit, record } = samples[index];
      const parts = open(unit).bytes(record);
      return parts.length === 1 ? sha256(parts[0]) : sha256(...parts.map((part) => sha256(part)));
    },
    label(index) {
      const { unit, record } = samples[index];
      return open(unit).label?.(record);
    },
  };
}

function isImage(content: Content): content is Image {
  return 'width' in content;
}
