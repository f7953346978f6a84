/** Programs, statistics, formats, hardware and places that cannot be used, and the lines that say why. */
import { readFileSync } from 'node:fs';
import { encodeNpy } from '#src/inputs/npy.js';
import { encode, value, weights } from '../onnx/samples.js';
import { type Case, flipped, type Made } from './bad-input.js';
import { model, testImages } from './command-line.js';

const otherModel = encode({
  input: [value('x', [1, 1, 28, 28])],
  output: [value('y', [1, 1, 28, 28])],
  initializer: [weights('w', [1], [1])],
});

/** JSON with other values at some paths; undefined removes what is there. */
function changed(json: string, values: Readonly<Record<string, unknown>>): string {
  const root = JSON.parse(json);
  for (const [path, value] of Object.entries(values)) {
    const keys = path.split('/');
    const last = keys.pop()!;
    keys.reduce((object, key) => object[key], root)[last] = value;
  }
  return JSON.stringify(root);
}

/** Needs what the commands make of good input. */
export function badFiles({ statistics, formats, program }: Made): Case[] {
  const assign = (hardware: string) => [
    'assign',
    model,
    '--statistics',
    's.pb',
    '--hardware',
    hardware,
    '-o',
    'f.json',
  ];
  const compile = ['compile', model, '--formats', 'f.json', '-o', 'm.program'];
  const runProgram = ['run', 'p.program', '--data', testImages];
  const generic = readFileSync(
    new URL(import.meta.resolve('#src/hardware/profiles/generic-int8.json')),
    'utf8',
  );
  return [
    {
      name: 'a text as a program',
      files: { 'p.program': 'not a program' },
      words: runProgram,
      lines: ['p.program: is not a program file, expected the header of dynafix'],
    },
    {
      name: 'a truncated program',
      files: { 'p.program': program.subarray(0, 9999) },
      words: runProgram,
      lines: [/^p\.program: is damaged or cut short, expected digest [0-9a-f]{64}, got [0-9a-f]{64}$/],
    },
    {
      name: 'a program with a flipped bit',
      files: { 'p.program': flipped(program, 9999) },
      words: runProgram,
      lines: [/^p\.program: is damaged or cut short, expected digest [0-9a-f]{64}, got [0-9a-f]{64}$/],
    },
    {
      name: 'codes that the program cannot hold',
      files: {
        'p.program': program,
        'a.npy': encodeNpy({ shape: [1, 1, 28, 28], data: new Int16Array(784).fill(300) }),
      },
      words: ['run', 'p.program', '--data', 'a.npy'],
      lines: ['a.npy: input "image": code outside its format, expected -128 to 127, got 300 at element 0'],
    },
    {
      name: 'a program of another model',
      files: {
        'p.program': program,
        'm.onnx': otherModel,
        'a.npy': encodeNpy({ shape: [1, 1, 28, 28], data: new Float32Array(784) }),
      },
      words: ['validate', 'm.onnx', 'p.program', '--data', 'a.npy'],
      lines: ['tensor "relu1.out": the model has no such value: is the program made from it?'],
    },
    {
      name: 'damaged statistics',
      files: { 's.pb': flipped(statistics, 999) },
      words: assign('generic-int8'),
      lines: ['s.pb: is not a whole statistics file: the checksum at its end does not match'],
    },
    {
      name: 'truncated statistics',
      files: { 's.pb': statistics.subarray(0, 999) },
      words: assign('generic-int8'),
      lines: ['s.pb: is not a whole statistics file: the checksum at its end does not match'],
    },
    {
      name: 'statistics of another model',
      files: { 's.pb': statistics, 'm.onnx': encode() },
      words: ['assign', 'm.onnx', '--statistics', 's.pb', '--hardware', 'generic-int8', '-o', 'f.json'],
      lines: [/^statistics: belong to another model, expected [0-9a-f]{64}, got [0-9a-f]{64}$/],
    },
    {
      name: 'samples that count twice',
      files: { 'a.pb': statistics, 'b.pb': statistics },
      words: ['calibrate', '--merge', 'a.pb', 'b.pb', '-o', 'c.pb'],
      lines: [/^b\.pb: statistics: 100 of the samples are in both, for example [0-9a-f]{64}$/],
    },
    {
      name: 'formats that are no JSON',
      files: { 'f.json': formats.slice(0, 99) },
      words: compile,
      lines: [/^f\.json: is not JSON: .+$/],
    },
    {
      name: 'formats with two mistakes',
      files: { 'f.json': changed(formats, { 'tensors/image/bits': 1, version: 2 }) },
      words: compile,
      lines: [
        'f.json: version: Invalid input: expected 1',
        'f.json: tensors.image.bits: Too small: expected number to be >=2',
      ],
    },
    {
      name: 'formats with text for fraction bits',
      files: { 'f.json': changed(formats, { 'tensors/image/fractionBits': '4' }) },
      words: compile,
      lines: [
        'f.json: tensors.image.fractionBits: Invalid input: expected INTEGER | a list of INTEGER, received "4"',
      ],
    },
    {
      name: 'formats without a tensor',
      files: { 'f.json': changed(formats, { 'tensors/pool1.out': undefined }) },
      words: compile,
      lines: ['f.json: node "relu2": input "pool1.out" has no format'],
    },
    {
      name: 'formats with a misspelt name',
      files: { 'f.json': changed(formats, { 'tensors/pool1': JSON.parse(formats).tensors.image }) },
      words: compile,
      lines: ['f.json: tensors of the formats: the model has no "pool1"'],
    },
    {
      name: 'formats of another model',
      files: { 'f.json': formats, 'm.onnx': otherModel },
      words: ['compile', 'm.onnx', '--formats', 'f.json', '-o', 'm.program'],
      lines: [
        /^f\.json: "model" is the digest of another model \(formats of a refined network belong to the refined\.onnx beside them\), expected [0-9a-f]{64}, got [0-9a-f]{64}$/,
      ],
    },
    {
      name: 'formats without weights',
      files: { 'f.json': changed(formats, { constants: {} }) },
      words: compile,
      lines: ['f.json: node "relu1": constant "conv1.weight" has no format'],
    },
    {
      name: 'formats without the arithmetic of a node',
      files: { 'f.json': changed(formats, { 'nodes/relu1': undefined }) },
      words: compile,
      lines: ['f.json: node "relu1": has no arithmetic'],
    },
    {
      name: 'hardware that contradicts itself',
      files: {
        's.pb': statistics,
        'h.json': changed(generic, { 'accumulator/bits': 12 }),
      },
      words: assign('h.json'),
      lines: [
        'h.json: accumulator.bits: 12 bits cannot hold a product of 16 bits',
        'h.json: bias.bits: a bias of 32 bits does not fit an accumulator of 12 bits',
      ],
    },
    {
      name: 'hardware that this network cannot use',
      files: {
        's.pb': statistics,
        'h.json': changed(generic, {
          operators: {
            Conv: { windows: { shift: { terms: { input: 1, weights: 1, output: -1 }, min: 24 } } },
          },
        }),
      },
      words: assign('h.json'),
      lines: [
        'node "relu1" (Conv): no useful formats satisfy all of node "relu1": windows.shift.min 24 of Conv; node "relu2": windows.shift.min 24 of Conv; node "pool1": sharedFormat of MaxPool: whatever does leaves nothing but zeros of "relu2.out" or nothing but clipped values of "image" or "conv1.weight" or "conv2.weight"',
      ],
    },
    {
      name: 'a folder below a file',
      files: { file: '' },
      words: ['quantize', model, '--data', testImages, '-o', 'file/out'],
      lines: ['file/out: cannot be created: is not a folder'],
    },
    {
      name: 'a folder that takes no files',
      words: ['quantize', model, '--data', testImages, '-o', '/proc/dynafix/out'],
      lines: ['/proc/dynafix: cannot be created: no such file or folder'],
    },
    {
      name: 'an output in a folder that does not exist',
      words: ['compile', model, '-o', 'none/m.program'],
      lines: ['none/m.program: cannot be written: no such file or folder'],
    },
    {
      name: 'an output that is a folder',
      files: { 'data/a.txt': '' },
      words: ['compile', model, '-o', 'data'],
      lines: ['data: cannot be written: is a folder'],
    },
  ];
}
