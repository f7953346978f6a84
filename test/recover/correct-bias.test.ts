/** The bias that brings a channel closest to float, against all shifts of a fine grid. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { closestShift } from '#src/recover/correct-bias.js';

const RECTIFIER = { low: 0, high: Infinity };
const sums = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: 1, maxLength: 60 });
const clamps = fc.constantFrom(RECTIFIER, { low: 0, high: 3 }, { low: -Infinity, high: Infinity });

function errorOf(
  wanted: readonly number[],
  found: readonly number[],
  shift: number,
  { low, high } = RECTIFIER,
) {
  const pass = (sum: number) => Math.min(Math.max(sum, low), high);
  return wanted.reduce((total, sum, index) => total + (pass(sum) - pass(found[index] + shift)) ** 2, 0);
}

test('no shift is better where sums lie lower by about as much, nor is none or the difference of means', () => {
  fc.assert(
    fc.property(
      sums,
      fc.double({ min: -1, max: 1, noNaN: true }),
      clamps,
      fc.nat(),
      (wanted, by, clamp, seed) => {
        const found = wanted.map((sum, index) => sum - by + 0.01 * Math.sin(seed + index));
        const shift = closestShift(Float32Array.from(wanted), Float32Array.from(found), 0, 1, 0, clamp);
        const error = errorOf(wanted, found, shift, clamp);
        const mean = wanted.reduce((total, sum, index) => total + (sum - found[index]) / wanted.length, 0);
        for (const other of [0, mean, by])
          expect(error).toBeLessThanOrEqual(errorOf(wanted, found, other, clamp) + 1e-5);
      },
    ),
  );
});

test('what the rectifier cuts off does not count, whatever the mean says', () => {
  const wanted = Float32Array.of(-3, -2, 1, 2);
  const found = Float32Array.of(-1, -1.5, 1, 2);
  expect(closestShift(wanted, found, 0, 1, 0, RECTIFIER)).toBe(0);
});

test('channels lie side by side, and the bias moves what the rectifier sees', () => {
  // Channel 1 of 2: 0.5 is missing where the sum, with the bias, passes.
  const wanted = Float32Array.of(9, 1, 9, -1, 9, 3);
  const found = Float32Array.of(0, 0.5, 0, -4, 0, 2.5);
  expect(closestShift(wanted, found, 1, 2, 0, RECTIFIER)).toBeCloseTo(0.5, 12);
  // With a bias of 4 all pass: the mean of 0.5, 3 and 0.5.
  expect(closestShift(wanted, found, 1, 2, 4.01, RECTIFIER)).toBeCloseTo(4 / 3, 12);
});
