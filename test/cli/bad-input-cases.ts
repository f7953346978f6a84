/** What users get wrong, and what becomes of it: files, a command, and every line that must come out. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { encodeNpy } from '#src/inputs/npy.js';
import {
  encode,
  type GraphFields,
  node,
  reference,
  type TensorFields,
  value,
  weights,
} from '../onnx/samples.js';
import { calibrationImages, model, testImages } from './command-line.js';

export interface Case {
  readonly name: string;
  /** By their path in the folder where the command runs. */
  readonly files?: Readonly<Record<string, Uint8Array | string>>;
  readonly words: readonly string[];
  /** Lines on standard error, without the name of the program. */
  readonly lines: readonly string[];
}

/** What the commands make of the digits. */
export interface Made {
  readonly statistics: Uint8Array;
  readonly formats: string;
  readonly program: Uint8Array;
}

const digits = new Uint8Array(readFileSync(model));
const inspect = ['inspect', 'm.onnx'];
const load = ['compile', 'm.onnx', '-o', 'm.program'];

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.with(at, bytes[at] ^ 0x40);
}

/** The small model of the samples with another graph. */
function graph(fields: GraphFields): Record<string, Uint8Array> {
  return { 'm.onnx': encode(fields) };
}

/** The same with an initializer whose data lies elsewhere. */
function external(location: string, dims = [2]): Record<string, Uint8Array> {
  const externalData = [{ key: 'location', value: location }];
  const tensor: TensorFields = { name: 'w', dims, dataType: 1, dataLocation: 1, externalData };
  return graph({ initializer: [tensor] });
}

const models: Case[] = [
  {
    name: 'a model that does not exist',
    words: ['inspect', 'none.onnx'],
    lines: [],
  },
  {
    name: 'a truncated model',
    files: { 'm.onnx': digits.slice(0, 50000) },
    words: inspect,
    lines: [],
  },
  {
    name: 'a model with a flipped bit',
    files: { 'm.onnx': flipped(digits, 0x20) },
    words: inspect,
    lines: [],
  },
  { name: 'a text as a model', files: { 'm.onnx': 'not a model' }, words: inspect, lines: [] },
  { name: 'an empty model', files: { 'm.onnx': '' }, words: inspect, lines: [] },
  {
    name: 'a damaged .gz',
    files: { 'm.onnx.gz': readFileSync(testImages).subarray(0, 5000) },
    words: ['inspect', 'm.onnx.gz'],
    lines: [],
  },
  {
    name: 'a cyclic graph',
    files: graph({ node: [node('Add', ['x', 'y'], ['z']), node('Relu', ['z'], ['y'])] }),
    words: inspect,
    lines: [],
  },
  {
    name: 'shapes that do not fit',
    files: graph({ initializer: [weights('w', [3], [1, 2, 3])] }),
    words: load,
    lines: [],
  },
  { name: 'a missing initializer', files: graph({ initializer: [] }), words: inspect, lines: [] },
  {
    name: 'an initializer shorter than its shape',
    files: graph({ initializer: [weights('w', [2, 2], [1])] }),
    words: inspect,
    lines: [],
  },
  {
    name: 'a huge declared size',
    files: graph({ initializer: [weights('w', [2 ** 40, 2 ** 20], [])] }),
    words: inspect,
    lines: [],
  },
  {
    name: 'a constant that no memory holds',
    files: graph({
      initializer: [
        { name: 'shape', dims: [2], dataType: 7, int64Data: [2 ** 30, 2 ** 30] },
        weights('w', [2], [1, 2]),
      ],
      node: [
        node('ConstantOfShape', ['shape'], ['big']),
        node('ReduceMean', ['big'], ['mean']),
        node('Add', ['x', 'mean'], ['y']),
      ],
    }),
    words: load,
    lines: [],
  },
  {
    name: 'activations that no memory holds',
    files: graph({
      input: [value('x', [1, 64, 65536, 65536])],
      output: [value('y', [1, 64, 65536, 65536])],
      node: [node('Relu', ['x'], ['y'])],
    }),
    words: ['run', 'm.onnx', '--data', calibrationImages],
    lines: [],
  },
  { name: 'external data outside of the folder', files: external('../w.bin'), words: inspect, lines: [] },
  { name: 'external data that does not exist', files: external('w.bin'), words: inspect, lines: [] },
  {
    name: 'external data that ends too early',
    files: { ...external('w.bin', [1000000]), 'w.bin': 'four' },
    words: inspect,
    lines: [],
  },
  {
    name: 'operators nobody knows, all of them',
    files: graph({
      node: [
        node('Sample', ['x'], ['a'], { name: 'first' }),
        node('Add', ['a', 'w'], ['b']),
        node('Unheard', ['x'], ['c'], { name: 'second', domain: 'com.example' }),
        node('Add', ['b', 'c'], ['y']),
      ],
    }),
    words: load,
    lines: [],
  },
  {
    name: 'control flow',
    files: graph({
      initializer: [{ name: 'w', dims: [], dataType: 9, int32Data: [1] }],
      node: [
        node('If', ['w'], ['y'], {
          name: 'choice',
          attribute: [
            {
              name: 'then_branch',
              type: reference.AttributeProto.AttributeType.GRAPH,
              g: { node: [node('Relu', ['x'], ['z'])], output: [value('z')] },
            },
          ],
        }),
      ],
    }),
    words: load,
    lines: [],
  },
  {
    name: 'weights that are not numbers',
    files: graph({ initializer: [weights('w', [2], [1, Number.NaN])] }),
    words: load,
    lines: [],
  },
  {
    name: 'an operator set of the future',
    files: { 'm.onnx': encode({}, { opsetImport: [{ domain: '', version: 99 }] }) },
    words: inspect,
    lines: [],
  },
  {
    name: 'a symbolic size that nobody gave',
    files: graph({ input: [value('x', ['batch', 'width'])] }),
    words: inspect,
    lines: [],
  },
  {
    name: 'a --shape against the model',
    words: ['inspect', model, '--shape', 'image=1,3,28,28'],
    lines: [],
  },
  { name: 'a --shape of no input', words: ['inspect', model, '--shape', 'picture=1,1,28,28'], lines: [] },
];

const run = (...words: string[]) => ['run', model, ...words, '-o', 'outputs.npz'];
const npy = (length: number, element = 0) =>
  encodeNpy({ shape: [1, 1, 28, 28].map((size) => (size === 28 ? length : size)), data: new Float32Array(length ** 2).fill(element) });
const idx = gunzipSync(readFileSync(testImages));
const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49);

const data: Case[] = [
  { name: 'data that does not exist', words: run('--data', 'none'), lines: [] },
  { name: 'an empty folder', files: { 'data/.hidden': '' }, words: run('--data', 'data'), lines: [] },
  { name: 'a folder without samples', files: { 'data/readme.txt': '' }, words: run('--data', 'data'), lines: [] },
  { name: 'a pattern that matches nothing', words: run('--data', '*.jpg'), lines: [] },
  { name: 'a text as a photograph', files: { 'data/a.jpg': 'not a picture' }, words: run('--data', 'data'), lines: [] },
  { name: 'a truncated picture', files: { 'data/a.png': png }, words: run('--data', 'data'), lines: [] },
  {
    name: 'samples of several kinds',
    files: { 'data/a.npy': npy(28), 'data/b.png': png },
    words: run('--data', 'data'),
    lines: [],
  },
  { name: 'samples of another size', files: { 'a.npy': npy(27) }, words: run('--data', 'a.npy'), lines: [] },
  {
    name: 'samples that are not numbers',
    files: { 'data/a.npy': npy(28), 'data/b.npy': npy(28, Number.NaN) },
    words: run('--data', 'data'),
    lines: [],
  },
  { name: 'a truncated .npy', files: { 'a.npy': npy(28).subarray(0, 1000) }, words: run('--data', 'a.npy'), lines: [] },
  {
    name: 'a truncated idx file',
    files: { 'a-idx3-ubyte': idx.subarray(0, 5000) },
    words: run('--data', 'a-idx3-ubyte'),
    lines: [],
  },
  {
    name: 'raw samples of the wrong length',
    files: { 'data/a.bin': 'short' },
    words: run('--data', 'data', '--raw', '{"type":"int8","shape":[1,1,28,28]}'),
    lines: [],
  },
  {
    name: 'a --raw that is no JSON',
    words: run('--data', 'data', '--raw', '{'),
    lines: [],
  },
  {
    name: 'a preprocessing with two mistakes',
    files: { 'p.json': '{"std": [0], "crpo": [28, 28]}' },
    words: run('--data', testImages, '--preprocess', 'p.json'),
    lines: [],
  },
];

export function labels(): Case[] {
  const files = { 'data/a.npy': npy(28), 'data/b.npy': npy(28) };
  const words = ['quantize', model, '--data', 'data', '--labels', 'labels.txt', '-o', 'out'];
  return [
    { name: 'labels that do not exist', files, words, lines: [] },
    {
      name: 'a label that no class has',
      files: { ...files, 'labels.txt': 'a.npy 3\nb.npy 10\n' },
      words,
      lines: [],
    },
    { name: 'a sample without a label', files: { ...files, 'labels.txt': 'a.npy 3\n' }, words, lines: [] },
    {
      name: 'a label for a file that does not exist',
      files: { ...files, 'labels.txt': 'a.npy 3\nb.npy 4\nc.npy 5\n' },
      words,
      lines: [],
    },
    { name: 'labels without a class', files: { ...files, 'labels.txt': 'a.npy\n' }, words, lines: [] },
    {
      name: 'fewer labels than images',
      files: {
        'a-images-idx3-ubyte': idx,
        'a-labels-idx1-ubyte': Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3),
      },
      words: ['quantize', model, '--data', 'a-images-idx3-ubyte', '-o', 'out'],
      lines: [],
    },
  ];
}

const usage: Case[] = [
  { name: 'an unknown command', words: ['rnu'], lines: [] },
  { name: 'an unknown option', words: run('--data', testImages, '--thraeds', '2'), lines: [] },
  { name: 'no threads', words: run('--data', testImages, '--threads', '0'), lines: [] },
  { name: 'an unknown limit', words: ['validate', model, 'm.program', '--data', testImages, '--fail-below', 'speed=1'], lines: [] },
  { name: 'a missing option', words: run(), lines: [] },
  { name: 'a missing model', words: ['calibrate', '--data', testImages, '-o', 's.pb'], lines: [] },
  { name: 'an unknown hardware', words: ['quantize', model, '--data', testImages, '--hardware', 'generic', '-o', 'out'], lines: [] },
];

function files({ statistics, formats, program }: Made): Case[] {
  const assign = (hardware: string) => ['assign', model, '--statistics', 's.pb', '--hardware', hardware, '-o', 'f.json'];
  const compile = ['compile', model, '--formats', 'f.json', '-o', 'm.program'];
  const runProgram = ['run', 'p.program', '--data', testImages];
  const edited = (edit: (formats: any) => void) => {
    const copy = JSON.parse(formats);
    edit(copy);
    return JSON.stringify(copy);
  };
  const profile = (edit: (profile: any) => void) => {
    const url = import.meta.resolve('#src/hardware/profiles/generic-int8.json');
    const copy = JSON.parse(readFileSync(new URL(url), 'utf8'));
    edit(copy);
    return JSON.stringify(copy);
  };
  return [
    { name: 'a text as a program', files: { 'p.program': 'not a program' }, words: runProgram, lines: [] },
    { name: 'a truncated program', files: { 'p.program': program.subarray(0, 9999) }, words: runProgram, lines: [] },
    { name: 'a program with a flipped bit', files: { 'p.program': flipped(program, 9999) }, words: runProgram, lines: [] },
    {
      name: 'codes that the program cannot hold',
      files: { 'p.program': program, 'a.npy': encodeNpy({ shape: [1, 1, 28, 28], data: new Int16Array(784).fill(300) }) },
      words: ['run', 'p.program', '--data', 'a.npy'],
      lines: [],
    },
    {
      name: 'a program of another model',
      files: { 'p.program': program, 'm.onnx': encode({ input: [value('x', [1, 1, 28, 28])], output: [value('y', [1, 1, 28, 28])], initializer: [weights('w', [1], [1])] }) },
      words: ['validate', 'm.onnx', 'p.program', '--data', testImages],
      lines: [],
    },
    { name: 'damaged statistics', files: { 's.pb': flipped(statistics, 999) }, words: assign('generic-int8'), lines: [] },
    { name: 'truncated statistics', files: { 's.pb': statistics.subarray(0, 999) }, words: assign('generic-int8'), lines: [] },
    {
      name: 'statistics of another model',
      files: { 's.pb': statistics, 'm.onnx': encode() },
      words: ['assign', 'm.onnx', '--statistics', 's.pb', '--hardware', 'generic-int8', '-o', 'f.json'],
      lines: [],
    },
    {
      name: 'samples that count twice',
      files: { 'a.pb': statistics, 'b.pb': statistics },
      words: ['calibrate', '--merge', 'a.pb', 'b.pb', '-o', 'c.pb'],
      lines: [],
    },
    { name: 'formats that are no JSON', files: { 'f.json': formats.slice(0, 99) }, words: compile, lines: [] },
    {
      name: 'formats with two mistakes',
      files: { 'f.json': edited((copy) => { copy.tensors.image.bits = 1; copy.version = 2; }) },
      words: compile,
      lines: [],
    },
    { name: 'formats without a tensor', files: { 'f.json': edited((copy) => { delete copy.tensors.pool1; }) }, words: compile, lines: [] },
    { name: 'formats without weights', files: { 'f.json': edited((copy) => { copy.constants = {}; }) }, words: compile, lines: [] },
    { name: 'formats without the arithmetic of a node', files: { 'f.json': edited((copy) => { delete copy.nodes[Object.keys(copy.nodes)[0]]; }) }, words: compile, lines: [] },
    {
      name: 'hardware that contradicts itself',
      files: { 's.pb': statistics, 'h.json': profile((copy) => { copy.accumulator.bits = 12; }) },
      words: assign('h.json'),
      lines: [],
    },
    {
      name: 'hardware that this network cannot use',
      files: { 's.pb': statistics, 'h.json': profile((copy) => { copy.operators = { Conv: { shifts: { output: [20, 20] } } }; }) },
      words: assign('h.json'),
      lines: [],
    },
    {
      name: 'a folder below a file',
      files: { file: '' },
      words: ['quantize', model, '--data', testImages, '-o', 'file/out'],
      lines: [],
    },
    {
      name: 'a folder that takes no files',
      words: ['quantize', model, '--data', testImages, '-o', '/proc/dynafix/out'],
      lines: [],
    },
    { name: 'an output in a folder that does not exist', words: ['compile', model, '-o', 'none/m.program'], lines: [] },
    { name: 'an output that is a folder', files: { 'data/a.txt': '' }, words: ['compile', model, '-o', 'data'], lines: [] },
  ];
}

export function badInput(made: Made): Case[] {
  return [...models, ...data, ...labels(), ...usage, ...files(made)];
}
