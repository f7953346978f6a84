/** Error measures, worked by hand. */
import { expect, test } from 'vitest';
import { compareCodes, sqnr, topIndices } from '#src/validate/metrics.js';

test('errors, noise and clipping of codes with half steps', () => {
  // Steps of 0.5 from -2 to 1.5; references and what the codes mean:
  const reference = Float32Array.of(1, -0.75, 1.75, 2, -2.5);
  const codes = Int8Array.of(2, -2, 3, 3, -4); // 1, -1, 1.5, 1.5, -2
  const sums = compareCodes(reference, codes, { step: 0.5, zeroPoint: 0, low: -4, high: 3 });
  expect(sums.signal).toBe(1 + 0.5625 + 3.0625 + 4 + 6.25);
  expect(sums.noise).toBe(0 + 0.0625 + 0.0625 + 0.25 + 0.25);
  expect(sums.maxError).toBe(0.5);
  // 1.75 lies half a step beyond the largest code, which is still inside; 2 and -2.5 do not.
  expect(sums.clipped).toBe(2);
  expect(sums.count).toBe(5);
});

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
