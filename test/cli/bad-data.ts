/** Samples, labels and options that do not fit, and the lines that say why. */

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { BUILT_IN_PROFILES } from '#src/hardware/profile.js';
import { encodeNpy } from '#src/inputs/npy.js';
import type { Case } from './bad-input.js';
import { model, testImages } from './command-line.js';

const run = (...words: string[]) => ['run', model, ...words, '-o', 'outputs.npz'];
const npy = (length: number, element = 0) =>
  encodeNpy({
    shape: [1, 1, 28, 28].map((size) => (size === 28 ? length : size)),
    data: new Float32Array(length ** 2).fill(element),
  });
const idx = gunzipSync(readFileSync(testImages));
const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49);

const samples: readonly Case[] = [
  {
    name: 'data that does not exist',
    words: run('--data', 'none'),
    lines: ['none: cannot be read: no such file or folder'],
  },
  {
    name: 'an empty folder',
    files: { 'data/.hidden': '' },
    words: run('--data', 'data'),
    lines: [
      'data: holds no samples, expected JPEG, PNG, .npy, .npz, idx3-ubyte, .bin or .pb files, got an empty folder',
    ],
  },
  {
    name: 'a folder without samples',
    files: { 'data/readme.txt': '' },
    words: run('--data', 'data'),
    lines: [
      'data: holds no samples, expected JPEG, PNG, .npy, .npz, idx3-ubyte, .bin or .pb files, got readme.txt',
    ],
  },
  {
    name: 'a pattern that matches nothing',
    words: run('--data', '*.jpg'),
    lines: ['*.jpg: the pattern matches no file'],
  },
  {
    name: 'a text as a photograph',
    files: { 'data/a.jpg': 'not a picture' },
    words: run('--data', 'data'),
    lines: ['data/a.jpg: is neither a JPEG nor a PNG image'],
  },
  {
    name: 'a truncated picture',
    files: { 'data/a.png': png },
    words: run('--data', 'data'),
    lines: ['data/a.png: cannot be decoded as a PNG image: it does not begin with a header'],
  },
  {
    name: 'samples of several kinds',
    files: { 'data/a.npy': npy(28), 'data/b.png': png },
    words: run('--data', 'data'),
    lines: ['data: holds samples of several kinds, expected files of one kind, got a.npy and b.png'],
  },
  {
    name: 'samples of another size',
    files: { 'a.npy': npy(27) },
    words: run('--data', 'a.npy'),
    lines: [
      'a.npy: does not fit the network\'s input "image", expected [1,1,28,28] or many of them along a first dimension, got [1,1,27,27]',
    ],
  },
  {
    name: 'samples that are not numbers',
    files: { 'data/a.npy': npy(28), 'data/b.npy': npy(28, Number.NaN) },
    words: run('--data', 'data'),
    lines: ['data/b.npy: element 0 is not a finite float32, got NaN'],
  },
  {
    name: 'a truncated .npy',
    files: { 'a.npy': npy(28).subarray(0, 1000) },
    words: run('--data', 'a.npy'),
    lines: ['a.npy: .npy data does not fill its shape [1,1,28,28], expected 3136 bytes, got 872'],
  },
  {
    name: 'a truncated idx file',
    files: { 'a-idx3-ubyte': idx.subarray(0, 5000) },
    words: run('--data', 'a-idx3-ubyte'),
    lines: ['a-idx3-ubyte: idx data does not fill its shape [400,28,28], expected 313600 bytes, got 4984'],
  },
  {
    name: 'raw samples of the wrong length',
    files: { 'data/a.bin': 'short' },
    words: run('--data', 'data', '--raw', '{"type":"int8","shape":[1,1,28,28]}'),
    lines: ['data/a.bin: is not one sample of int8 [1,1,28,28], expected 784 bytes, got 5'],
  },
  {
    name: 'a --raw that is no JSON',
    words: run('--data', 'data', '--raw', '{'),
    lines: [/^--raw: is not JSON: .+$/],
  },
  {
    name: 'a preprocessing with two mistakes',
    files: { 'p.json': '{"std": [0], "crpo": [28, 28]}' },
    words: run('--data', testImages, '--preprocess', 'p.json'),
    lines: ['p.json: std: must not be 0', 'p.json: Unrecognized key: "crpo"'],
  },
];

function labels(): Case[] {
  const files = { 'data/a.npy': npy(28), 'data/b.npy': npy(28) };
  const words = ['quantize', model, '--data', 'data', '--labels', 'labels.txt', '-o', 'out'];
  return [
    {
      name: 'labels that do not exist',
      files,
      words,
      lines: ['labels.txt: cannot be read: no such file or folder'],
    },
    {
      name: 'a label that no class has',
      files: { ...files, 'labels.txt': 'a.npy 3\nb.npy 10\n' },
      words,
      lines: ['labels.txt:2: label is not a class of the network, expected 0 to 9, got 10'],
    },
    {
      name: 'a sample without a label',
      files: { ...files, 'labels.txt': 'a.npy 3\n' },
      words,
      lines: ['labels.txt: no label for sample "b.npy"'],
    },
    {
      name: 'a label for a file that does not exist',
      files: { ...files, 'labels.txt': 'a.npy 3\nb.npy 4\nc.npy 5\n' },
      words,
      lines: ['labels.txt:3: names a file that is not in the data, expected a file in data, got c.npy'],
    },
    {
      name: 'labels without a class',
      files: { ...files, 'labels.txt': 'a.npy\n' },
      words,
      lines: ['labels.txt:1: line is not understood, expected file label, got "a.npy"'],
    },
    {
      name: 'fewer labels than images',
      files: {
        'a-images-idx3-ubyte': idx,
        'a-labels-idx1-ubyte': Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3),
      },
      words: ['quantize', model, '--data', 'a-images-idx3-ubyte', '-o', 'out'],
      lines: [
        'a-labels-idx1-ubyte: is not one label per image of a-images-idx3-ubyte, expected [400], got [3]',
      ],
    },
  ];
}

const usage: readonly Case[] = [
  { name: 'an unknown command', words: ['rnu'], lines: ["unknown command 'rnu' (Did you mean run?)"] },
  {
    name: 'an unknown option',
    words: run('--data', testImages, '--thraeds', '2'),
    lines: ["unknown option '--thraeds' (Did you mean --threads?)"],
  },
  {
    name: 'no threads',
    words: run('--data', testImages, '--threads', '0'),
    lines: ["option '--threads <n>' argument '0' is invalid. Expected a whole number of at least 1."],
  },
  {
    name: 'an unknown limit',
    words: ['validate', model, 'm.program', '--data', testImages, '--fail-below', 'speed=1'],
    lines: [
      "option '--fail-below <limits>' argument 'speed=1' is invalid. Expected top1-drop=0.5,agreement=0.97,sqnr=30.",
    ],
  },
  { name: 'a missing option', words: run(), lines: ["required option '--data <path>' not specified"] },
  {
    name: 'a missing model',
    words: ['calibrate', '--data', testImages, '-o', 's.pb'],
    lines: ['calibrate: a model is missing'],
  },
  {
    name: 'an unknown hardware',
    words: ['quantize', model, '--data', testImages, '--hardware', 'generic', '-o', 'out'],
    lines: [
      `--hardware: no such profile, expected ${BUILT_IN_PROFILES.join(', ')} or a JSON file, got generic`,
    ],
  },
];

export const badData: readonly Case[] = [...samples, ...labels(), ...usage];
