/** The testbench of examples/rtl/ in Icarus Verilog reads what `export vectors` writes, and finds no mismatch. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect } from 'vitest';
import { exportVectors } from '#src/export/vectors.js';
import { codeRange, fixed } from '#src/formats/format.js';
import { type NamedRounding, ROUNDINGS } from '#src/formats/rounding.js';
import { encodeNpy } from '#src/inputs/npy.js';
import type { Program } from '#src/program/program.js';
import { json, makeDigits, testImages } from '../cli/command-line.js';
import { createRandom } from '../program/draw.js';
import { programOf, proved, windowOf } from '../programs.js';
import { findTool, toolTest } from '../tools.js';

const testbench = fileURLToPath(new URL('../../examples/rtl/convolution_tb.v', import.meta.url));
const simulatorTest = toolTest(findTool('iverilog'));
const root = mkdtempSync(join(tmpdir(), 'dynafix-rtl-'));
afterAll(() => rmSync(root, { recursive: true }));

/** What the testbench prints for the vectors of one instruction. */
function simulate(folder: string): string {
  execFileSync('iverilog', ['-g2005', '-I', folder, '-o', join(folder, 'tb'), testbench]);
  return execFileSync('vvp', ['-n', 'tb'], { cwd: folder, encoding: 'utf8' }).trim();
}

simulatorTest('every convolution and gemm of the digits, for two samples', async () => {
  const { program } = await makeDigits(root);
  const folder = join(root, 'digits');
  await json(['export', 'vectors', program, '--data', testImages, '--limit', '2', '-o', folder]);
  const { instructions } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  const units = instructions
    .map((one: { folder: string }) => join(folder, one.folder))
    .filter((path: string) => existsSync(join(path, 'parameters.vh')));
  expect(units.map(simulate)).toEqual(
    [4608, 1024, 64, 10].map((count) => `2 samples of ${count} elements, 0 mismatches`),
  );
});

/** A strided, dilated, grouped and padded convolution with zero points and a shift per channel. */
function oddConvolution(rounding: NamedRounding, overflow: 'saturate' | 'wrap', signed: boolean): Program {
  const random = createRandom(ROUNDINGS.indexOf(rounding));
  const draw = (length: number, low: number, high: number) =>
    Array.from({ length }, () => low + Math.floor(random() * (high - low + 1)));
  return programOf(
    {
      x: { shape: [2, 7, 6, 4], format: fixed(5, 0, { signed, zeroPoint: 3 }) },
      weights: {
        shape: [6, 2, 3, 2],
        format: fixed(6, 0, { zeroPoint: -2 }),
        data: Int8Array.from(draw(72, -32, 31)),
      },
      bias: { shape: [6], format: fixed(20, 0), data: Int32Array.from(draw(6, -300, 300)) },
      y: {
        shape: [2, 4, 3, 6],
        format: fixed(
          7,
          [0, 1, 2, 3, 4, 5].map((by) => -by),
          { signed, axis: 3, zeroPoint: [5, 5, 5, 5, 5, 5] },
        ),
      },
    },
    [
      {
        op: 'convolution',
        inputs: ['x', 'weights', 'bias'],
        output: 'y',
        window: windowOf([2, 3], { strides: [2, 2], pads: [1, 2, 1, 1], dilations: [2, 1] }),
        groups: 2,
        clamp: null,
        arithmetic: {
          accumulator: proved,
          requantize: { style: 'shift', shift: [0, 1, 2, 3, 4, 5], rounding, overflow },
        },
      },
    ],
  );
}

simulatorTest.each(ROUNDINGS)('rounding %s, both overflows, signed and unsigned', (rounding) => {
  for (const overflow of ['saturate', 'wrap'] as const)
    for (const signed of [true, false]) {
      const program = oddConvolution(rounding, overflow, signed);
      const { shape, format } = program.tensors[0];
      const { low, high } = codeRange(format!);
      const random = createRandom(5);
      const data = Int8Array.from(
        { length: 2 * 7 * 6 * 4 },
        () => low + Math.floor(random() * (high - low + 1)),
      );
      const path = join(root, 'x.npy');
      writeFileSync(path, encodeNpy({ shape, data }));
      const folder = join(root, `${rounding}-${overflow}-${signed}`);
      exportVectors(
        program,
        { path, inputs: [{ name: 'x', type: 'float32', shape }] },
        { folder, layers: /./ },
      );
      expect(simulate(join(folder, '000_y'))).toBe('1 samples of 144 elements, 0 mismatches');
    }
});
