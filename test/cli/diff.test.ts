/** Folders that `diff` cannot take at their word, and runs that fail half-way: what is named, and the exit code. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { encodeNpy } from '#src/inputs/npy.js';
import {
  calibrationImages,
  dynafix,
  folderOfTests,
  json,
  kernelsOfWorkers,
  makeDigits,
  model,
  temporaryFolder,
  testImages,
} from './command-line.js';

const folder = folderOfTests();
const { formats, program } = await makeDigits(folder);
const dump = join(folder, 'dump');
await json(['run', program, '--data', testImages, '--limit', '2', '--dump', dump]);

const diff = (right: string, ...words: string[]) =>
  dynafix(['diff', program, '--left', 'oracle', '--right', right, ...words]);

/** A copy of the dump that goes away with the test. */
function copyDump(): string {
  const copy = join(temporaryFolder(), 'copy');
  cpSync(dump, copy, { recursive: true });
  return copy;
}

test('the side "wasm" runs the variant that is pinned', async () => {
  const words = ['diff', program, '--data', testImages, '--limit', '1', '--variant'];
  const added = 'convolutionTiles_i16_i8_i32';
  expect(await kernelsOfWorkers([...words, 'simd256'])).toContain(added);
  expect(await kernelsOfWorkers([...words, 'simd'])).not.toContain(added);
});

describe('a folder of other samples', () => {
  const refusal = (path: string, own: string, other: string) => ({
    exit: 2,
    stdout: '',
    stderr: expect.stringMatching(
      new RegExp(
        `^dynafix: ${path}: sample "${own}-images.*#0": the inputs differ: "image" is not that of "${other}-images.*#0" in .*` +
          ', in \\d+ of 784 elements, first at .*, expected value \\d+, got value \\d+\n$',
      ),
    ),
  });

  test('is refused by its inputs, and nothing is explained', async () => {
    expect(await diff(dump, '--data', calibrationImages, '--limit', '2')).toEqual(
      refusal(dump, 'test', 'calibration'),
    );
    expect(await diff(dump, '--data', testImages, '--limit', '2')).toMatchObject({ exit: 0, stderr: '' });
  });

  test('is refused beside another folder', async () => {
    const other = join(temporaryFolder(), 'other');
    await json(['run', program, '--data', calibrationImages, '--limit', '2', '--dump', other]);
    const outcome = await dynafix(['diff', program, '--left', dump, '--right', other]);
    expect(outcome).toEqual(refusal(other, 'calibration', 'test'));
  });

  test('is compared where it does not say its inputs', async () => {
    const copy = copyDump();
    const manifest = JSON.parse(readFileSync(join(copy, 'manifest.json'), 'utf8'));
    manifest.tensors = manifest.tensors.filter(({ tensor }: { tensor: string }) => tensor !== 'image');
    writeFileSync(join(copy, 'manifest.json'), JSON.stringify(manifest));
    const { exit, stdout } = await diff(copy, '--data', calibrationImages, '--limit', '2');
    expect({ exit, stdout }).toEqual({ exit: 1, stdout: expect.stringContaining('instruction 0 differs') });
  });
});

describe('a sample or a file that is not there is no agreement', () => {
  test.each([
    ['2', ['--data', testImages], 'test-images-idx3-ubyte.gz#2'],
    ['2', [], 'sample_2'],
  ])('sample %s with %j', async (_, data, name) => {
    const { exit, stderr } = await diff(dump, ...data, '--limit', '3');
    expect(stderr).toBe(
      `dynafix: ${dump}: has no sample "${name}", expected 3 samples, as --limit says, got 2\n`,
    );
    expect(exit).toBe(2);
  });

  test('--limit without --data takes the first samples of the folder', async () => {
    const { stdout, exit } = await diff(dump, '--limit', '1');
    expect({ stdout, exit }).toEqual({ stdout: expect.stringMatching(/^1 samples, /), exit: 0 });
  });

  test('a file that the manifest lists', async () => {
    const copy = copyDump();
    const file = join(copy, 'sample_1', 'relu2.out.npy');
    rmSync(file);
    const what = 'is missing, expected the file of "relu2.out", which the manifest lists';
    expect(await diff(copy)).toEqual({ exit: 2, stdout: '', stderr: `dynafix: ${file}: ${what}\n` });
  });

  test('sides without a common output', async () => {
    const copy = temporaryFolder();
    cpSync(join(dump, 'sample_0', 'image.npy'), join(copy, 'image.npy'));
    const what = 'have no output of an instruction in common';
    expect(await diff(copy)).toEqual({ exit: 2, stdout: '', stderr: `dynafix: oracle, ${copy}: ${what}\n` });
  });
});

test('an overflow that is forbidden names the first sample that has it, for any number of threads', async () => {
  const content = JSON.parse(readFileSync(formats, 'utf8'));
  Object.assign(content.nodes.relu1.accumulator, { bits: 15, overflow: 'trap' });
  const out = temporaryFolder();
  const [narrow, trapping, images] = ['f.json', 'p.program', 'images'].map((name) => join(out, name));
  writeFileSync(narrow, JSON.stringify(content));
  await json(['compile', model, '--formats', narrow, '-o', trapping]);
  mkdirSync(images);
  for (let sample = 0; sample < 8; sample++) {
    const data = new Float32Array(784).map((_, i) => (sample < 2 ? 0 : 255 * ((i >> sample) & 1)));
    writeFileSync(join(images, `${sample}.npy`), encodeNpy({ shape: [1, 1, 28, 28], data }));
  }
  const first = await dynafix(['run', trapping, '--data', images, '--threads', '1']);
  expect(first).toMatchObject({
    exit: 3,
    stderr: expect.stringMatching(
      /^dynafix: 2\.npy: instruction "relu1", element \d+: overflows where .*\n$/,
    ),
  });
  const data = ['--data', images, '--threads', '2'];
  for (const words of [
    ['run', trapping],
    ['validate', model, trapping],
    ['diff', trapping],
  ])
    expect(await dynafix([...words, ...data])).toMatchObject({ exit: 3, stderr: first.stderr });
  expect(await dynafix(['run', trapping, ...data, '--limit', '2'])).toMatchObject({ exit: 0 });
});
