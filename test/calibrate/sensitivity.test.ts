/** Gains of noise are those of networks simple enough to be worked by hand, whatever noise was drawn. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { calibrate } from '#src/calibrate/calibrate.js';
import { encodeStatistics } from '#src/calibrate/file.js';
import { mergeStatistics } from '#src/calibrate/merge.js';
import { addNoise, createNoise, roundingStep, saturate } from '#src/calibrate/noise.js';
import { noiseGains, saturationGains } from '#src/calibrate/sensitivity.js';
import { createEngine } from '#src/execute/wasm/engine.js';
import type { DatasetSpec } from '#src/inputs/dataset.js';
import type { Program } from '#src/program/program.js';
import { programOf } from '../programs.js';

const folder = mkdtempSync(join(tmpdir(), 'dynafix-sensitivity-'));
const [engine, alone] = [createEngine({ threads: 2 }), createEngine({ threads: 1 })];
afterAll(async () => {
  await engine.dispose();
  await alone.dispose();
  rmSync(folder, { recursive: true });
});

const header = { model: 'ab'.repeat(32), preprocess: 'null' };

/** Data of one input x [1,1]: a file for each of the integers. */
function dataOf(name: string, values: readonly number[]): DatasetSpec {
  const paths = values.map((value, index) => {
    const path = join(folder, `${name}-${index}.bin`);
    writeFileSync(path, Int8Array.of(value));
    return path;
  });
  return {
    path: paths.length === 1 ? paths[0] : join(folder, `${name}-*.bin`),
    inputs: [{ name: 'x', type: 'float32', shape: [1, 1] }],
    raw: { type: 'int8', shape: [1, 1] },
  };
}

async function gainsOf(program: Program, value: number): Promise<Map<string, number>> {
  const statistics = await calibrate(engine, program, header, dataOf(`only${value}`, [value]));
  return noiseGains(statistics.sensitivity!);
}

/** x, times [3; -4], through a matrix that doubles every energy, times 5, and a float tail. */
const chain = programOf(
  {
    x: { shape: [1, 1] },
    w: { shape: [2, 1], data: Float32Array.of(3, -4) },
    b: { shape: [2], data: Float32Array.of(0.5, -0.25) },
    y: { shape: [1, 2] },
    h: { shape: [2, 2], data: Float32Array.of(1, 1, 1, -1) },
    none: { shape: [2], data: Float32Array.of(0, 0) },
    z: { shape: [1, 2] },
    five: { shape: [1], data: Float32Array.of(5) },
    v: { shape: [1, 2] },
    p: { shape: [1, 2] },
  },
  [
    { op: 'gemm', inputs: ['x', 'w', 'b'], output: 'y', clamp: null, arithmetic: null },
    { op: 'gemm', inputs: ['y', 'h', 'none'], output: 'z', clamp: null, arithmetic: null },
    { op: 'multiply', inputs: ['z', 'five'], output: 'v', clamp: null, requantize: null },
    { op: 'softmax', inputs: ['v'], output: 'p', axis: 1 },
  ],
);

describe('gains', () => {
  test('of a linear chain, at the output before Softmax', async () => {
    const gains = await gainsOf(chain, 2);
    // y = [6.5, -8.25], z = [-1.75, 14.75], v = 5 z.
    const signal = 25 * (1.75 ** 2 + 14.75 ** 2);
    const expected = {
      x: 25 * 2 * (9 + 16),
      w: 25 * 2 * 2 ** 2,
      b: 25 * 2,
      y: 25 * 2,
      z: 25,
      five: 1.75 ** 2 + 14.75 ** 2,
      v: 1,
    };
    for (const [name, gain] of Object.entries(expected))
      expect(Math.abs((gains.get(name)! * signal) / gain - 1)).toBeLessThan(0.01);
    // Noise in Softmax's own result is no noise of integers, and zeros are exact.
    expect([...gains.keys()].sort()).toEqual([...Object.keys(expected), 'h'].sort());
  });

  test('of values that are read twice, and beside a rectifier', async () => {
    // y = max(0, [2x, -2x]), s = y + [x, x]: noise in x arrives 3 and 1 times.
    const program = programOf(
      {
        x: { shape: [1, 1] },
        w: { shape: [2, 1], data: Float32Array.of(2, -2) },
        b: { shape: [2], data: Float32Array.of(1, 1) },
        y: { shape: [1, 2] },
        s: { shape: [1, 2] },
      },
      [
        {
          op: 'gemm',
          inputs: ['x', 'w', 'b'],
          output: 'y',
          clamp: { low: 0, high: Infinity },
          arithmetic: null,
        },
        {
          op: 'add',
          inputs: ['y', 'x'],
          output: 's',
          sign: 1,
          shifts: [0, 0],
          scalings: null,
          clamp: null,
          requantize: null,
        },
      ],
    );
    const gains = await gainsOf(program, 4);
    const signal = 13 ** 2 + 4 ** 2;
    expect(gains.get('x')! * signal).toBeCloseTo(9 + 1, 4);
    // Noise is added to what the rectifier gives: its zeros stay zeros.
    expect(gains.get('y')! * signal).toBeCloseTo(1, 4);
  });
});

test('what saturates together survives a mean that noise does not', async () => {
  // y = [x x x x], z = the mean of y: errors of all four elements arrive whole, independent ones a quarter as strong.
  const mean = programOf(
    {
      x: { shape: [1, 1] },
      w: { shape: [4, 1], data: Float32Array.of(1, 1, 1, 1) },
      y: { shape: [1, 4] },
      h: { shape: [1, 4], data: Float32Array.of(0.25, 0.25, 0.25, 0.25) },
      z: { shape: [1, 1] },
    },
    [
      { op: 'gemm', inputs: ['x', 'w'], output: 'y', clamp: null, arithmetic: null },
      { op: 'gemm', inputs: ['y', 'h'], output: 'z', clamp: null, arithmetic: null },
    ],
  );
  const statistics = await calibrate(engine, mean, header, dataOf('mean', [8]));
  const gains = saturationGains(statistics.sensitivity!);
  expect([...gains.keys()]).toEqual(['x', 'y', 'z']);
  for (const [name, gain] of Object.entries({ x: 1, y: 1 / 4, z: 1 }))
    expect(gains.get(name)! * 64).toBeCloseTo(gain, 5);
  expect(saturationGains({ ...statistics.sensitivity!, saturated: [] }).size).toBe(0);
});

test('a value saturates at 1 / sqrt(2) of its greatest magnitude', () => {
  const limit = Math.fround(4 * Math.SQRT1_2);
  expect([...saturate(Float32Array.of(-4, -2.8, 0, 2.9, 3))]).toEqual([
    -limit,
    Math.fround(-2.8),
    0,
    limit,
    limit,
  ]);
});

test('the bytes do not depend on threads, nor on where the work was interrupted', async () => {
  const data = dataOf('many', [3, 1, -5, 7, 2]);
  const whole = encodeStatistics(await calibrate(engine, chain, header, data, { sensitivity: 3 }));
  expect(encodeStatistics(await calibrate(alone, chain, header, data, { sensitivity: 3 }))).toEqual(whole);

  const stop = new AbortController();
  let read: (() => Awaited<ReturnType<typeof calibrate>>) | undefined;
  const interrupted = calibrate(engine, chain, header, data, {
    sensitivity: 3,
    signal: stop.signal,
    onCheckpoint(finished) {
      read = finished;
      if (finished().sensitivity?.samples.size === 2) stop.abort();
    },
  });
  await expect(interrupted).rejects.toThrow('was cancelled');
  const resume = read!();
  expect(resume.sensitivity!.samples.size).toBe(2);
  const resumed = await calibrate(engine, chain, header, data, { sensitivity: 3, resume });
  expect(encodeStatistics(resumed)).toEqual(whole);
});

test('parts merge in any order', async () => {
  const parts = [
    await calibrate(engine, chain, header, dataOf('first', [1, 2])),
    await calibrate(engine, chain, header, dataOf('second', [3])),
    await calibrate(engine, chain, header, dataOf('third', [4, 5]), { sensitivity: 0 }),
  ];
  const [a, b, c] = parts;
  const left = mergeStatistics(mergeStatistics(a, b), c);
  expect(encodeStatistics(mergeStatistics(c, mergeStatistics(b, a)))).toEqual(encodeStatistics(left));
  expect(left.sensitivity!.samples.size).toBe(3);
});

test('noise is white, within half a step, and spares zeros', () => {
  const values = Float32Array.from({ length: 1 << 16 }, (_, index) => (index % 4 === 0 ? 0 : 100));
  const noise = addNoise(values, 1, createNoise('seed')).map((noisy, index) => noisy - values[index]);
  const drawn = noise.filter((_, index) => index % 4 > 0);
  expect(noise.every((value, index) => (values[index] === 0 ? value === 0 : Math.abs(value) <= 0.5))).toBe(
    true,
  );
  const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
  const power = drawn.reduce((sum, value) => sum + value ** 2, 0) / drawn.length;
  const next = drawn.reduce((sum, value, index) => sum + value * (drawn[index + 1] ?? 0), 0) / drawn.length;
  expect(Math.abs(mean)).toBeLessThan(0.01);
  expect(power).toBeCloseTo(1 / 12, 2);
  expect(Math.abs(next)).toBeLessThan(0.005);
  expect([127, 127.5, 254, 1e-3].map((value) => roundingStep(Float32Array.of(0, -value)))).toEqual([
    1,
    2,
    2,
    2 ** -16,
  ]);
});
