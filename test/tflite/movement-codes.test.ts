/** Operators that move codes, against numpy's rules. */
import { expect, test } from 'vitest';
import type { BuiltModel, BuiltTensor } from './build.js';
import { int8, numbers, run } from './codes.js';

const moved = (
  code: number,
  x: readonly number[],
  y: readonly number[],
  others: readonly BuiltTensor[],
  options?: Pick<BuiltModel['operators'][number], 'union' | 'options'>,
): BuiltModel => ({
  tensors: [int8('x', [...x], 0.5, 3), int8('y', [...y], 0.5, 3), ...others],
  operators: [{ code, inputs: [0, ...others.map((_, index) => index + 2)], outputs: [1], ...options }],
  inputs: [0],
  outputs: [1],
});
const matrix = (name: string, shape: number[], values: number[]) => ({ ...numbers(name, values), shape });
const upTo = (length: number) => Int8Array.from({ length }, (_, index) => index);

test('blocks of pixels become batches and come back', () => {
  const lists = [numbers('block', [2, 3]), matrix('pads', [2, 2], [1, 0, 0, 1])];
  const apart = run(moved(38, [1, 3, 5, 2], [6, 2, 2, 2], lists), upTo(30));
  // Batch (r, c) holds the pixels r, r + 2, .. and c, c + 3, .. of the padded image; pads are the zero point.
  const pixel = (row: number, column: number, channel: number) =>
    row < 1 || column > 4 ? 3 : ((row - 1) * 5 + column) * 2 + channel;
  const expected = [0, 1].flatMap((r) =>
    [0, 1, 2].flatMap((c) =>
      [r, r + 2].flatMap((row) => [c, c + 3].flatMap((column) => [0, 1].map((k) => pixel(row, column, k)))),
    ),
  );
  expect(apart).toEqual(expected);
  expect(run(moved(37, [6, 2, 2, 2], [1, 3, 5, 2], lists), Int8Array.from(apart))).toEqual([...upTo(30)]);
});

test('tiles, mirrors, reversals and gathers', () => {
  expect(run(moved(69, [2, 2], [2, 4], [numbers('n', [1, 2])]), upTo(4))).toEqual([0, 1, 0, 1, 2, 3, 2, 3]);
  const pads = [matrix('pads', [2, 2], [0, 0, 2, 1])];
  const mode = (value: number) => ({ union: 77, options: [value] });
  expect(run(moved(100, [1, 4], [1, 7], pads, mode(0)), upTo(4))).toEqual([2, 1, 0, 1, 2, 3, 2]);
  expect(run(moved(100, [1, 4], [1, 7], pads, mode(1)), upTo(4))).toEqual([1, 0, 0, 1, 2, 3, 3]);
  expect(run(moved(105, [2, 3], [2, 3], [numbers('axes', [-1])]), upTo(6))).toEqual([2, 1, 0, 5, 4, 3]);
  const indices = [matrix('indices', [2, 1], [2, 0])];
  expect(run(moved(36, [3, 2], [2, 1, 2], indices, { union: 23, options: [0, 0] }), upTo(6))).toEqual([
    4, 5, 0, 1,
  ]);
  const one = [{ ...numbers('index', [1]), shape: [] }];
  expect(run(moved(36, [3, 2], [2], one, { union: 23, options: [0, 0] }), upTo(6))).toEqual([2, 3]);
});

test('elements of an axis as tensors', () => {
  const model: BuiltModel = {
    tensors: [int8('x', [2, 3], 0.5), ...['a', 'b', 'c'].map((name) => int8(name, [2], 0.5))],
    operators: [{ code: 88, inputs: [0], outputs: [1, 2, 3], union: 64, options: [3, 1] }],
    inputs: [0],
    outputs: [2],
  };
  expect(run(model, upTo(6))).toEqual([1, 4]);
});

test('the index of the largest code', () => {
  const model: BuiltModel = {
    tensors: [int8('x', [2, 3], 0.5, 7), numbers('axis', [1]), { name: 'y', shape: [2], type: 2 }],
    operators: [{ code: 56, inputs: [0, 1], outputs: [2] }],
    inputs: [0],
    outputs: [2],
  };
  expect(run(model, Int8Array.of(-3, 5, 5, 0, -1, -2))).toEqual([1, 0]);
});

const strided = (
  x: readonly number[],
  y: readonly number[],
  [begin, end, strides]: readonly number[][],
  options: readonly number[],
) => {
  const lists = [numbers('begin', begin), numbers('end', end), numbers('strides', strides)];
  return run(moved(45, x, y, lists, { union: 32, options }), upTo(x.reduce((a, b) => a * b, 1)));
};

test('strided slices backwards, with all other axes, with new axes and with ends counted from the beginning', () => {
  // x[::-1, 3:0:-2]
  expect(
    strided(
      [2, 4],
      [2, 2],
      [
        [0, 3],
        [0, 0],
        [-1, -2],
      ],
      [1, 1, 0, 0, 0],
    ),
  ).toEqual([7, 5, 3, 1]);
  // x[-1:-4:-1]
  expect(strided([5], [3], [[-1], [-4], [-1]], [0, 0, 0, 0, 0])).toEqual([4, 3, 2]);
  // x[..., 1:]
  expect(
    strided(
      [2, 2, 2],
      [2, 2, 1],
      [
        [0, 1],
        [0, 0],
        [1, 1],
      ],
      [0, 2, 1, 0, 0],
    ),
  ).toEqual([1, 3, 5, 7]);
  // x[1, newaxis, ..., 0]
  expect(
    strided(
      [2, 3, 2],
      [1, 3],
      [
        [1, 0, 0, 0],
        [2, 0, 0, 1],
        [1, 1, 1, 1],
      ],
      [0, 0, 4, 2, 9],
    ),
  ).toEqual([6, 8, 10]);
  // The end is 3 elements behind the beginning, which is counted from the end of the axis.
  expect(strided([5], [3], [[-4], [3], [1]], [0, 0, 0, 0, 0, 1])).toEqual([1, 2, 3]);
});

test('a strided slice backwards from before the first element is empty', () => {
  // x[-5::-1]
  expect(() => strided([3], [1], [[-5], [0], [-1]], [0, 2, 0, 0, 0])).toThrow(/no elements/);
});

test('nearest pixels are chosen by float32 positions', () => {
  for (const [size, resized, align, half] of [
    [2, 4, 0, 0],
    [3, 8, 0, 1],
    [4, 7, 1, 0],
    [5, 3, 0, 0],
    [4, 7, 1, 1],
    [89, 130, 0, 1],
  ]) {
    const { fround } = Math;
    const scale = align ? fround((size - 1) / (resized - 1)) : fround(size / resized);
    const expected = Array.from({ length: resized }, (_, index) => {
      const position = fround(fround(index + (half ? 0.5 : 0)) * scale);
      return Math.min(align ? Math.round(position) : Math.floor(position), size - 1);
    });
    const options = { union: 74, options: [align, half] };
    const model = moved(97, [1, 1, size, 1], [1, 1, resized, 1], [numbers('size', [1, resized])], options);
    expect(run(model, upTo(size))).toEqual(expected);
  }
});
