/** Error measures, worked by hand. */
import { expect, test } from 'vitest';
import { sqnr, topIndices } from '#src/validate/metrics.js';

test('signal to noise in dB: null only where it is exact', () => {
  expect(sqnr({ signal: 1000, noise: 1 })).toBeCloseTo(30, 12);
  expect(sqnr({ signal: 5, noise: 0 })).toBeNull();
  const dead = sqnr({ signal: 0, noise: 1 });
  expect(Number.isFinite(dead)).toBe(true);
  expect(dead).toBeLessThan(-1000);
});

test('the largest values first, the first of equals before the others', () => {
  expect(topIndices([3, 7, 7, 1, 9], 3)).toEqual([4, 1, 2]);
  expect(topIndices([1, 2], 5)).toEqual([1, 0]);
});
