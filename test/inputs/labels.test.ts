import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { encode as encodePng } from 'fast-png';
import { afterAll, expect, test } from 'vitest';
import { InputError, UsageError } from '#src/errors.js';
import { openDataset } from '#src/inputs/dataset.js';
import { type LabelSpec, loadLabels } from '#src/inputs/labels.js';
import { shared, sharedTest } from '../shared.js';

const inputs = (...shape: number[]) => [{ name: 'x', type: 'float32' as const, shape }];
const temporary = mkdtempSync(join(tmpdir(), 'dynafix-labels-'));
afterAll(() => rmSync(temporary, { recursive: true }));

const png = encodePng({ width: 1, height: 1, channels: 1, depth: 8, data: Uint8Array.of(1) });
for (const name of ['b/1.png', 'a-b/2.png', 'a/3.png', 'a/4 5.png', '.other/2.png']) {
  mkdirSync(dirname(join(temporary, 'data', name)), { recursive: true });
  writeFileSync(join(temporary, 'data', name), png);
}
const open = (path = '', limit?: number) =>
  openDataset({ path: join(temporary, 'data', path), inputs: inputs(1, 1, 1, 1), limit });
/** Samples in the order of their names: a-b/2, a/3, a/4 5, b/1. */
const all = open();
let texts = 0;
function text(content: string): LabelSpec {
  const file = join(temporary, String(texts++), 'labels.txt');
  mkdirSync(dirname(file));
  writeFileSync(file, content);
  return { file };
}

test('a text of files and labels', () => {
  const spec = text('./a/3.png 3\r\n\na/4 5.png\t4\n2.png   2\n  elsewhere/1.png 1');
  expect(loadLabels(spec, all)).toEqual([2, 3, 4, 1]);
  expect(loadLabels({ ...spec, offset: 1 }, all, 6)).toEqual([3, 4, 5, 2]);
});

test('a text may say more than the data that was chosen', () => {
  const spec = text('a-b/2.png 2\na/3.png 3\na/4 5.png 4\nb/1.png 1\n');
  expect(loadLabels(spec, open('', 2))).toEqual([2, 3]);
  // This text labels another file of the same name, not the one that was chosen.
  expect(() => loadLabels(text('.other/2.png 1\n'), open('', 1))).toThrow(
    /no label for sample "a-b\/2\.png"/,
  );
  expect(loadLabels(text('3.png 3\n4 5.png 4\n'), open('a/3*.png'))).toEqual([3]);
});

test('an idx file with a label for each sample in order', () => {
  const idx = (...labels: number[]) => {
    const file = join(temporary, `labels-${labels.length}-idx1-ubyte`);
    writeFileSync(file, Uint8Array.of(0, 0, 8, 1, 0, 0, 0, labels.length, ...labels));
    return { file };
  };
  expect(loadLabels(idx(7, 6, 5, 4), all)).toEqual([7, 6, 5, 4]);
  expect(loadLabels({ ...idx(7, 6, 5, 4, 3), offset: 1 }, open('', 2))).toEqual([8, 7]);
  expect(() => loadLabels(idx(7, 6, 5), all)).toThrow(
    /does not label every sample, expected at least 4 labels/,
  );
});

test('folders are classes in the order of their names, whatever the limit', () => {
  expect(loadLabels({ folders: true }, all)).toEqual([1, 0, 0, 2]);
  expect(loadLabels({ folders: true }, open('', 1))).toEqual([1]);
});

test('a pattern on the name: its group or the whole match', () => {
  expect(loadLabels({ pattern: '(\\d)\\.png$' }, all)).toEqual([2, 3, 5, 1]);
  expect(loadLabels({ pattern: '\\d' }, all)).toEqual([2, 3, 4, 1]);
});

test('nothing gives labels', () => {
  expect(loadLabels({}, all)).toBeUndefined();
});

test('labels that do not fit: one clear error with the line', () => {
  const cases: [LabelSpec, RegExp, number?][] = [
    [text('a/3.png 3\n'), /labels\.txt: no label for sample "a-b\/2\.png"/],
    [text('a/3.png 3\nc/9.png 1\n'), /labels\.txt:2: names a file that is not in the data.*got c\/9\.png/],
    [text('a/3.png\n'), /labels\.txt:1: line is not understood/],
    [text('a/3.png cat\n'), /labels\.txt:1: label is not a number.*got "cat"/],
    [text('a/3.png -1\n'), /labels\.txt:1: label is not a number/],
    [text('a/3.png 1\n\na/3.png 2\n'), /labels\.txt:3: contradicts .*labels\.txt:1/],
    [text('2.png 1\n3.png 2\n4 5.png 9\n1.png 4'), /labels\.txt:3: .*expected 0 to 8, got 9/, 9],
    [{ ...text('2.png 1\n3.png 0\n4 5.png 9\n1.png 4'), offset: -1 }, /labels\.txt:2: .*got -1/],
    [{ pattern: 'a/(.*)\\.png' }, /no label for sample "a-b\/2\.png"/],
    [{ pattern: '(.)\\.' }, /expected 0 to 4, got 5/, 5],
    [{ pattern: '(' }, /--label-pattern: /],
    [{ pattern: 'a', folders: true }, /several sources/],
    [{ file: join(temporary, 'none.txt') }, /none\.txt: cannot be read/],
  ];
  for (const [spec, expected, classes] of cases) {
    const run = () => loadLabels(spec, all, classes);
    expect(run).toThrow(expected);
    expect(run).toThrow(spec.pattern === '(' || spec.folders ? UsageError : InputError);
  }
});

sharedTest('the labels of the shared data', () => {
  const validation = openDataset({ path: shared('imagenet/validation'), inputs: inputs(1, 3, 227, 227) });
  const labels = loadLabels({ file: shared('imagenet/validation.txt'), offset: 1 }, validation, 1001)!;
  expect(labels).toHaveLength(650);
  expect(labels.slice(0, 3)).toEqual([473, 301, 626]);

  const raw = { type: 'int8' as const, shape: [1, 49, 10] };
  const keywords = openDataset({ path: shared('keywords'), inputs: inputs(1, 49, 10, 1), raw });
  const words = loadLabels({ pattern: '(\\d+)\\.bin$' }, keywords, 12)!;
  expect(words.slice(0, 5)).toEqual([7, 6, 5, 8, 4]);
  expect(new Set(words).size).toBe(12);

  // The first images of CIFAR-10's test batch: cat, ship, ship, airplane, frog.
  const cifar = openDataset({ path: shared('cifar10/test_1000.bin.gz'), inputs: inputs(1, 3, 32, 32) });
  expect(loadLabels({}, cifar, 10)!.slice(0, 5)).toEqual([3, 8, 8, 0, 6]);
  expect(() => loadLabels({}, cifar, 9)).toThrow(/test_1000\.bin\.gz#\d+: label is not a class.*got 9/);
});
