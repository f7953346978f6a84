import { expect, test } from 'vitest';
import { ProgramError } from '#src/errors.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { fixed } from '#src/formats/format.js';
import { type InstructionDraft, programOf } from '../../programs.js';

const format = fixed(8, 3, { zeroPoint: 2 });

/** Runs one instruction with inputs of these shapes, filled with 0, 1, 2, ... through all of them. */
function move(shapes: number[][], output: number[], draft: object): number[] {
  let next = 0;
  const names = shapes.map((_, i) => `x${i}`);
  const tensors = { ...Object.fromEntries(shapes.map((shape, i) => [names[i], { shape, format }])) };
  const instruction = { ...draft, inputs: names, output: 'y' } as unknown as InstructionDraft;
  const program = programOf({ ...tensors, y: { shape: output, format } }, [instruction]);
  const inputs = shapes.map((shape) =>
    Int8Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => next++),
  );
  return [...createOracle(program).run(inputs)[0]].map(Number);
}

test('concat', () => {
  expect(
    move(
      [
        [2, 2],
        [2, 1],
      ],
      [2, 3],
      { op: 'concat', axis: 1 },
    ),
  ).toEqual([0, 1, 4, 2, 3, 5]);
  expect(
    move(
      [
        [1, 2],
        [2, 2],
      ],
      [3, 2],
      { op: 'concat', axis: 0 },
    ),
  ).toEqual([0, 1, 2, 3, 4, 5]);
  expect(move([[3], [0], [1]], [4], { op: 'concat', axis: 0 })).toEqual([0, 1, 2, 3]);
  expect(() =>
    move(
      [
        [2, 2],
        [1, 1],
      ],
      [2, 3],
      { op: 'concat', axis: 1 },
    ),
  ).toThrow(ProgramError);
  expect(() =>
    move(
      [
        [2, 2],
        [2, 2],
      ],
      [2, 3],
      { op: 'concat', axis: 1 },
    ),
  ).toThrow(ProgramError);
  expect(() => move([[2]], [2], { op: 'concat', axis: 1 })).toThrow(ProgramError);
});

test('slice, forwards and backwards', () => {
  // 0 1 2 3 / 4 5 6 7 / 8 9 10 11
  expect(move([[3, 4]], [2, 2], { op: 'slice', starts: [1, 0], steps: [1, 2] })).toEqual([4, 6, 8, 10]);
  expect(move([[3, 4]], [2, 3], { op: 'slice', starts: [2, 3], steps: [-2, -1] })).toEqual([
    11, 10, 9, 3, 2, 1,
  ]);
  expect(move([[3, 4]], [0, 4], { op: 'slice', starts: [3, 0], steps: [1, 1] })).toEqual([]);
  expect(() => move([[3, 4]], [3, 2], { op: 'slice', starts: [1, 0], steps: [1, 1] })).toThrow(ProgramError);
  expect(() => move([[3, 4]], [3, 2], { op: 'slice', starts: [0, 0], steps: [1, 0] })).toThrow(ProgramError);
});

test('pad', () => {
  const draft = { op: 'pad', before: [1, 0], after: [0, 2], interior: [], value: -7 };
  expect(move([[2, 1]], [3, 3], draft)).toEqual([-7, -7, -7, 0, -7, -7, 1, -7, -7]);
  expect(() => move([[2, 1]], [3, 2], draft)).toThrow(ProgramError);
  expect(() => move([[2, 1]], [1, 3], { ...draft, before: [-1, 0] })).toThrow(ProgramError);
});

test('transpose', () => {
  // x[n][h][w] = 6n + 3h + w; y[w][n][h]
  const y = move([[2, 2, 3]], [3, 2, 2], { op: 'transpose', permutation: [2, 0, 1] });
  expect(y).toEqual([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
  expect(() => move([[2, 2]], [2, 2], { op: 'transpose', permutation: [0, 0] })).toThrow(ProgramError);
});

test('reshape', () => {
  expect(move([[2, 3]], [1, 6, 1], { op: 'reshape' })).toEqual([0, 1, 2, 3, 4, 5]);
  expect(() => move([[2, 3]], [5], { op: 'reshape' })).toThrow(ProgramError);
});

test('movement between formats is refused', () => {
  const tensors = { x: { shape: [2], format }, y: { shape: [2], format: fixed(8, 3) } };
  expect(() => createOracle(programOf(tensors, [{ op: 'reshape', inputs: ['x'], output: 'y' }]))).toThrow(
    /formats differ, expected fixed\(8,3,zeroPoint=2\), got fixed\(8,3\)/,
  );
});
