import { expect, test } from 'vitest';
import { ProgramError } from '#src/errors.js';
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

const reciprocals = [
  { count: 1, multiplier: 1, shift: 0 },
  { count: 2, multiplier: 1, shift: 1 },
  { count: 4, multiplier: 1, shift: 2 },
];
const average = {
  op: 'averagePool',
  window,
  countIncludePad: false,
  reciprocals,
  rounding: 'halfAwayFromZero',
  overflow: 'saturate',
  accumulatorBits: 16,
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
  const approximate = [{ count: 4, multiplier: 7, shift: 5 }];
  expect(run({ ...average, countIncludePad: true, reciprocals: approximate })).toEqual([0, 0, -1, 4]);
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
  const draft = { ...average, window: third, reciprocals: [] };
  const [y] = createOracle(programOf(tensors(3, false), [draft])).run([x]);
  const { fround } = Math;
  const sum = fround(fround(fround(x[0] + x[1]) + x[3]) + x[4]);
  expect(y[0]).toBe(fround(sum * 0.25));
});

test('a missing reciprocal and a narrow accumulator are refused', () => {
  const make = (fields: object) => () =>
    createOracle(programOf(tensors(3, true), [{ ...average, ...fields }]));
  expect(make({ reciprocals: reciprocals.slice(1) })).toThrow(
    /no reciprocal for a window, expected 1, got 2, 4/,
  );
  // 4 * -128 = -512 fits 10 bits, not 9.
  expect(make({ accumulatorBits: 10 })).not.toThrow();
  expect(make({ accumulatorBits: 9 })).toThrow(ProgramError);
});
