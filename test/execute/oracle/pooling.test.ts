import { expect, test } from 'vitest';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { fixed } from '#src/formats/format.js';
import type { Window } from '#src/program/instructions.js';
import { type InstructionDraft, programOf } from '../../programs.js';

const format = fixed(8, 0);
/** Windows of 2 x 2, stride 2, padding 1 all around, over 3 x 3: each corner sees 1, 2, 2 and 4 pixels. */
const window: Window = { kernel: [2, 2], strides: [2, 2], pads: [1, 1, 1, 1], dilations: [1, 1] };
const image = [1, -2, 3, 4, -5, 6, -7, 8, 9];

const tensors = (size: number, isCodes: boolean) => ({
  x: { shape: [1, size, size, 1], ...(isCodes ? { format } : {}) },
  y: { shape: [1, 2, 2, 1], ...(isCodes ? { format } : {}) },
});

test('maxPool ignores padding, even where all values are negative', () => {
  const draft: InstructionDraft = { op: 'maxPool', window, inputs: ['x'], output: 'y' };
  const codes = createOracle(programOf(tensors(3, true), [draft]));
  expect([...codes.run([Int8Array.from(image)])[0]]).toEqual([1, 3, 4, 9]);
  const negative = Int8Array.from(image, (value) => -Math.abs(value));
  expect([...codes.run([negative])[0]]).toEqual([-1, -2, -4, -5]);
});

test('maxPool of float32 keeps the first of equal zeros and skips NaN', () => {
  const draft: InstructionDraft = { op: 'maxPool', window, inputs: ['x'], output: 'y' };
  const float = createOracle(programOf(tensors(3, false), [draft]));
  // Windows: (-0), (0 -0), (NaN, NaN), (-0 0 0 0)
  const x = Float32Array.of(-0, 0, -0, NaN, -0, 0, NaN, 0, 0);
  expect([...float.run([x])[0]]).toEqual([-0, 0, -Infinity, -0]);
});

const byReciprocal = (count: number, multiplier: number, shift: number) => {
  const rounding = 'halfAwayFromZero' as const;
  return { count, scaling: { style: 'multiplier', multiplier, shift, rounding } as const };
};
const scalings = [byReciprocal(1, 1, 0), byReciprocal(2, 1, 1), byReciprocal(4, 1, 2)];
const average = {
  op: 'averagePool',
  window,
  countIncludePad: false,
  scalings,
  overflow: 'saturate',
  inputs: ['x'],
  output: 'y',
} as const;

test('averagePool counts pixels with or without padding', () => {
  // Sums: 1; -2 + 3 = 1; 4 - 7 = -3; -5 + 6 + 8 + 9 = 18.
  const run = (draft: InstructionDraft) => [
    ...createOracle(programOf(tensors(3, true), [draft])).run([Int8Array.from(image)])[0],
  ];
  // 1; 1/2 -> 1; -3/2 -> -2; 18/4 = 4.5 -> 5
  expect(run(average)).toEqual([1, 1, -2, 5]);
  // All by 4: 0.25 -> 0, 0.25 -> 0, -0.75 -> -1, 5
  expect(run({ ...average, countIncludePad: true })).toEqual([0, 0, -1, 5]);
  // The approximation 7/32 of a quarter: 18 * 7 / 32 = 3.94 -> 4, -3 * 7 / 32 = -0.66 -> -1
  const approximate = [byReciprocal(4, 7, 5)];
  expect(run({ ...average, countIncludePad: true, scalings: approximate })).toEqual([0, 0, -1, 4]);
});

test('a window that reaches past the padding (ceil mode) counts nothing there', () => {
  // One pixel in each direction of padding at the top and left only: the last windows reach past the image.
  const ceil: Window = { ...window, pads: [0, 0, 0, 0] };
  // Windows: (1 -2 4 -5), (3 6), (-7 8), (9). Means -0.5, 4.5, 0.5, 9.
  for (const countIncludePad of [false, true]) {
    const draft = { ...average, window: ceil, countIncludePad };
    const [y] = createOracle(programOf(tensors(3, true), [draft])).run([Int8Array.from(image)]);
    expect([...y]).toEqual([-1, 5, 1, 9]);
  }
});

test('averagePool of float32 multiplies the rounded sum by a rounded reciprocal', () => {
  const x = Float32Array.from(image, (value) => value / 3);
  const third: Window = { kernel: [2, 2], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] };
  const draft = { ...average, window: third, scalings: [] };
  const [y] = createOracle(programOf(tensors(3, false), [draft])).run([x]);
  const { fround } = Math;
  const sum = fround(fround(fround(x[0] + x[1]) + x[3]) + x[4]);
  expect(y[0]).toBe(fround(sum * 0.25));
});

test('a missing scaling is refused', () => {
  const make = (fields: object) => () =>
    createOracle(programOf(tensors(3, true), [{ ...average, ...fields }]));
  expect(make({ scalings: scalings.slice(1) })).toThrow(/no scaling for a window, expected 1, got 2, 4/);
});
