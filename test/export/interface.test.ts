/** The exported C file as firmware uses it: compiled by itself, called through its header, and what it returns. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect } from 'vitest';
import { fixed } from '#src/formats/format.js';
import { decodeNpz } from '#src/inputs/npz.js';
import { json, listAll, makeDigits, testImages } from '../cli/command-line.js';
import { byShift, programOf } from '../programs.js';
import { compilerTest, runInC } from './c-batch.js';

const root = mkdtempSync(join(tmpdir(), 'dynafix-interface-'));
afterAll(() => rmSync(root, { recursive: true }));

const main = `
#include <stdio.h>
#include "small.h"
int main(void)
{
  static float image[784], probabilities[10];
  if (fread(image, sizeof *image, 784, stdin) != 784) return 2;
  const int status = small_run(image, probabilities);
  fwrite(probabilities, sizeof *probabilities, 10, stdout);
  return status;
}
`;

compilerTest('export c: compiled as documented, without libm, and called by the header', async () => {
  const { program } = await makeDigits(root);
  const folder = join(root, 'c');
  expect(await json(['export', 'c', program, '-o', folder, '--name', 'small'])).toEqual({
    files: [`${folder}/small.c`, `${folder}/small.h`],
    entry: 'small_run',
    inputs: [{ name: 'image', parameter: 'image' }],
    outputs: [{ name: 'probabilities', parameter: 'probabilities_out' }],
  });
  expect(listAll(folder)).toEqual(['small.c', 'small.h']);
  writeFileSync(join(folder, 'main.c'), main);
  for (const file of ['small', 'main'])
    execFileSync('gcc', ['-std=c99', '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-O2', '-c', `${file}.c`], {
      cwd: folder,
    });
  execFileSync('gcc', ['main.o', 'small.o', '-o', 'main'], { cwd: folder });

  const outputs = join(root, 'outputs.npz');
  await json(['run', program, '--data', testImages, '--limit', '1', '-o', outputs]);
  const [{ data }] = decodeNpz(new Uint8Array(readFileSync(outputs)), outputs);
  const pixels = gunzipSync(readFileSync(testImages)).subarray(16, 16 + 784);
  const bytes = execFileSync(join(folder, 'main'), { input: Buffer.from(Float32Array.from(pixels).buffer) });
  expect(new Float32Array(new Uint8Array(bytes).buffer)).toEqual(data);
});

compilerTest(
  'what a run returns: 0, 1 + the instruction that traps, -1 - the input with codes out of range',
  () => {
    const program = programOf(
      {
        a: { shape: [2], format: fixed(8, 0) },
        b: { shape: [2], format: fixed(5, 0) },
        c: { shape: [2], format: fixed(9, 0) },
        d: { shape: [2], format: fixed(4, -1) },
      },
      [
        {
          op: 'add',
          inputs: ['a', 'b'],
          output: 'c',
          sign: 1,
          shifts: [0, 0],
          scalings: null,
          clamp: null,
          requantize: byShift(0),
        },
        { op: 'requantize', inputs: ['c'], output: 'd', requantize: { ...byShift(1), overflow: 'trap' } },
      ],
    );
    // (3 + 2) / 2 and (-4 - 5) / 2, ties to even; 8 needs 5 bits; 16 is no code of 5 bits.
    const samples = [
      [Int8Array.of(3, -4), Int8Array.of(2, -5)],
      [Int8Array.of(14, 0), Int8Array.of(2, 0)],
      [Int8Array.of(0, 0), Int8Array.of(0, 16)],
    ];
    const [runs] = runInC([{ program, samples }]);
    expect(runs.map(({ status }) => status)).toEqual([0, 2, -2]);
    expect(runs[0].outputs).toEqual([Int8Array.of(2, -4)]);
  },
);
