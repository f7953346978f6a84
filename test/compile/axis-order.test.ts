/** Axis orders, against elements looked up one by one. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  channelsLastOrder,
  inOrder,
  keepsElements,
  permutationBetween,
  permuteData,
  plainOrder,
  sameOrder,
} from '#src/compile/axis-order.js';
import { elementCount } from '#src/shape.js';

const orderOf = (rank: number) => fc.shuffledSubarray(plainOrder(rank), { minLength: rank, maxLength: rank });

/** A shape and two orders of its axes. */
const ordered = fc
  .array(fc.integer({ min: 1, max: 3 }), { maxLength: 5 })
  .chain((shape) => fc.tuple(fc.constant(shape), orderOf(shape.length), orderOf(shape.length)));

/** The elements 0, 1, 2, ... of a tensor of the shape given, as stored in an order. */
function stored(shape: readonly number[], order: readonly number[]): Float32Array {
  const elements: number[] = [];
  const visit = (depth: number, index: number[]) => {
    if (depth === order.length) {
      elements.push(shape.reduce((sum, size, axis) => sum * size + index[axis], 0));
      return;
    }
    const axis = order[depth];
    for (let i = 0; i < shape[axis]; i++) visit(depth + 1, index.with(axis, i));
  };
  visit(
    0,
    shape.map(() => 0),
  );
  return Float32Array.from(elements);
}

test('the orders by rank', () => {
  expect([0, 1, 2, 3, 4].map(plainOrder)).toEqual([[], [0], [0, 1], [0, 1, 2], [0, 1, 2, 3]]);
  expect([0, 1, 2].map(channelsLastOrder)).toEqual([[], [0], [0, 1]]);
  expect([3, 4, 5].map(channelsLastOrder)).toEqual([
    [0, 2, 1],
    [0, 2, 3, 1],
    [0, 2, 3, 4, 1],
  ]);
  expect(inOrder([2, 16, 7, 9], channelsLastOrder(4))).toEqual([2, 7, 9, 16]);
});

test('a permutation takes a tensor from one order to another', () => {
  fc.assert(
    fc.property(ordered, ([shape, from, to]) => {
      const permutation = permutationBetween(from, to);
      const source = stored(shape, from);
      const result = permuteData(source, inOrder(shape, from), permutation, new Float32Array(source.length));
      expect(result).toEqual(stored(shape, to));
      expect(inOrder(inOrder(shape, from), permutation)).toEqual(inOrder(shape, to));
      expect(sameOrder(from, to)).toBe(from.join() === to.join());
      expect(sameOrder(permutation, plainOrder(shape.length))).toBe(sameOrder(from, to));
    }),
  );
});

test('elements stay where they are exactly where keepsElements says so', () => {
  fc.assert(
    fc.property(ordered, ([shape, permutation]) => {
      const source = Float32Array.from({ length: elementCount(shape) }, (_, i) => i);
      const result = permuteData(source, shape, permutation, new Float32Array(source.length));
      expect(keepsElements(shape, permutation)).toBe(result.join() === source.join());
    }),
  );
});
