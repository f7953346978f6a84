/** Files and the samples in them, whatever their kind. */
import { InputError } from '../errors.js';
import type { GraphInput } from '../graph/graph.js';
import { readBytes } from '../platform/files.js';
import { elementCount } from '../shape.js';
import { countSamples, sliceSample } from './array-input.js';
import { decodeIdx } from './idx.js';
import { decodeImage, type Image } from './image.js';
import { decodeNpy, type NumericArray, type NumericData } from './npy.js';
import { decodeNpz, type NamedArray } from './npz.js';
import type { RawType } from './preprocess.js';
import { decodeTensorFile } from './tensor-file.js';

/** What a sample holds for one network input, before preprocessing. */
export type Content = Image | NumericData;

/** An opened file. Indices run from 0 to count - 1. */
export interface Container {
  readonly count: number;
  /** The stored bytes of a sample, one array per network input. */
  bytes(index: number): Uint8Array[];
  /** The decoded content of a sample, one per network input. */
  content(index: number): Content[];
  /** The class that the file itself gives a sample. */
  label?(index: number): number;
}

export interface OpenOptions {
  readonly inputs: readonly GraphInput[];
  readonly raw?: RawType;
  /** Path of the file with the labels of this one, where there is one beside it. */
  readonly labels?: string;
}

/** Opens the files that make up one unit: one file, except for a folder of `input_K.pb`. */
type Open = (paths: readonly string[], options: OpenOptions) => Container;

export type Kind = 'image' | 'npy' | 'npz' | 'idx' | 'cifar' | 'raw' | 'pb';

export const openers: Readonly<Record<Kind, Open>> = {
  image: ([path], { inputs }) => {
    single(inputs, path);
    const bytes = readBytes(path);
    return { count: 1, bytes: () => [bytes], content: () => [decodeImage(bytes, path)] };
  },
  npy: ([path], { inputs }) => {
    single(inputs, path);
    return arrayContainer([decodeNpy(readBytes(path), path)], inputs, path);
  },
  npz: ([path], { inputs }) =>
    arrayContainer(matchInputs(decodeNpz(readBytes(path), path), inputs, path), inputs, path),
  pb: (paths, { inputs }) => {
    const tensors = paths.map((path) => decodeTensorFile(readBytes(path), path));
    return arrayContainer(matchInputs(tensors, inputs, paths[0]), inputs, paths[0]);
  },
  raw: ([path], { inputs, raw }) => {
    single(inputs, path);
    const array = decodeRaw(readBytes(path), raw!, path);
    return arrayContainer([array], inputs, path);
  },
  idx: openIdx,
  cifar: openCifar,
};

function single(inputs: readonly GraphInput[], where: string): void {
  if (inputs.length === 1) return;
  throw new InputError({
    where,
    what: 'feeds one input, the network has more',
    expected: '.npz files or folders of input_K.pb',
    got: inputs.map(({ name }) => name).join(', '),
  });
}

function arrayContainer(
  arrays: readonly NumericArray[],
  inputs: readonly GraphInput[],
  where: string,
): Container {
  const counts = arrays.map(({ shape }, index) => countSamples(shape, inputs[index], where));
  if (counts.some((count) => count !== counts[0]))
    throw new InputError({
      where,
      what: 'the inputs have different numbers of samples',
      got: counts.join(', '),
    });
  const content = (index: number) => arrays.map((array, input) => sliceSample(array, inputs[input], index));
  return {
    count: counts[0],
    content,
    bytes: (index) =>
      content(index).map(
        ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
      ),
  };
}

/** The array of each input: by name where every input's name is there, else, where the numbers agree, by position. */
function matchInputs(
  arrays: readonly NamedArray[],
  inputs: readonly GraphInput[],
  where: string,
): NumericArray[] {
  const byName = inputs.map(({ name }) => arrays.find((array) => array.name === name));
  if (byName.every((array) => array !== undefined)) return byName;
  if (arrays.length === inputs.length) return [...arrays];
  const names = (list: readonly { name: string }[]) => list.map(({ name }) => name).join(', ');
  throw new InputError({
    where,
    what: "does not have the network's inputs",
    expected: names(inputs),
    got: names(arrays) || 'nothing',
  });
}

/** Elements of a raw type, in the little-endian order of files. */
function decodeRaw(bytes: Uint8Array, { type, shape }: RawType, where: string): NumericArray {
  const constructors = {
    int8: Int8Array,
    uint8: Uint8Array,
    int16: Int16Array,
    uint16: Uint16Array,
    int32: Int32Array,
    uint32: Uint32Array,
    int64: BigInt64Array,
    float32: Float32Array,
    float64: Float64Array,
  };
  const expected = elementCount(shape) * constructors[type].BYTES_PER_ELEMENT;
  if (bytes.length !== expected)
    throw new InputError({
      where,
      what: `is not one sample of ${type} [${shape}]`,
      expected: `${expected} bytes`,
      got: String(bytes.length),
    });
  return { shape, data: new constructors[type](new Uint8Array(bytes).buffer) };
}

/** Gray images [count, height, width]; labels come from the file beside it. */
function openIdx([path]: readonly string[], { inputs, labels }: OpenOptions): Container {
  single(inputs, path);
  const { shape, data } = decodeIdx(readBytes(path), path);
  if (shape.length !== 3)
    throw new InputError({
      where: path,
      what: 'idx file has no images',
      expected: '3 dimensions',
      got: `[${shape}]`,
    });
  const [count, height, width] = shape;
  const bytes = (index: number) => data.subarray(index * height * width, (index + 1) * height * width);
  const container: Container = {
    count,
    bytes: (index) => [bytes(index)],
    content: (index) => [{ width, height, channels: 1, data: bytes(index) }],
  };
  if (!labels) return container;
  const found = decodeIdx(readBytes(labels), labels);
  if (found.shape.length !== 1 || found.data.length !== count)
    throw new InputError({
      where: labels,
      what: `is not one label per image of ${path}`,
      expected: `[${count}]`,
      got: `[${found.shape}]`,
    });
  return { ...container, label: (index) => found.data[index] };
}

const cifarSide = 32;
const cifarPlane = cifarSide * cifarSide;
/** Bytes of a CIFAR-10 record: a label, then the red, the green and the blue plane. */
const cifarRecord = 1 + 3 * cifarPlane;

function openCifar([path]: readonly string[], { inputs }: OpenOptions): Container {
  single(inputs, path);
  const data = readBytes(path);
  if (data.length === 0 || data.length % cifarRecord !== 0)
    throw new InputError({
      where: path,
      what: 'is not a CIFAR-10 file; other .bin files need --raw',
      expected: `records of ${cifarRecord} bytes`,
      got: `${data.length} bytes`,
    });
  const record = (index: number) => data.subarray(index * cifarRecord, (index + 1) * cifarRecord);
  return {
    count: data.length / cifarRecord,
    bytes: (index) => [record(index)],
    content: (index) => {
      const planes = record(index).subarray(1);
      const pixels = new Uint8Array(3 * cifarPlane);
      for (let i = 0; i < pixels.length; i++) pixels[i] = planes[(i % 3) * cifarPlane + Math.floor(i / 3)];
      return [{ width: cifarSide, height: cifarSide, channels: 3, data: pixels }];
    },
    label: (index) => record(index)[0],
  };
}
