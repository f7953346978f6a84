import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clippedShare, expectedError, mostFractionBits, signalPower } from '#src/assign/distribution.js';
import { chooseConstantBits, chooseFractionBits } from '#src/assign/fraction-bits.js';
import { codeRange, fixed } from '#src/formats/format.js';
import { summarise } from '../calibrate/summarise.js';

const int8 = codeRange(fixed(8, 0));

function distributionOf(values: readonly number[]) {
  return summarise(1, Float32Array.from(values));
}

/** Sum of squared errors of rounding and saturating actual values. */
function measuredError(values: readonly number[], fractionBits: number, { low, high } = int8): number {
  const step = 2 ** -fractionBits;
  return values.reduce((sum, value) => {
    const code = Math.min(Math.max(Math.round(value / step), low), high);
    return sum + (value - code * step) ** 2;
  }, 0);
}

/** Normally distributed values from a seed. */
function normal(count: number, seed: number): number[] {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Array.from({ length: count }, () =>
    Math.fround(Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())),
  );
}

test('the most fraction bits that clip nothing', () => {
  expect(mostFractionBits(0, 1, int8)).toBe(6); // 1 * 2^7 = 128 is one too many
  expect(mostFractionBits(-1, 0.5, int8)).toBe(7); // -128 is a code
  expect(mostFractionBits(0, 127, int8)).toBe(0);
  expect(mostFractionBits(0, 127.25, int8)).toBe(-1);
  expect(mostFractionBits(-1, 0, codeRange(fixed(8, 0, { narrow: true })))).toBe(6);
  expect(mostFractionBits(0, 2 ** -140, int8)).toBe(146);
  expect(mostFractionBits(0, 0, int8)).toBeUndefined();
});

describe('prediction from a histogram', () => {
  test('of one bin, worked by hand', () => {
    // One value in [2, 3), rounded to multiples of 1: error^2 averages 1/12 over the bin.
    const histogram = { exponent: 0, first: 2, counts: Float64Array.of(1) };
    const wide = { count: 1, zeros: 0, minimum: 0, maximum: 9, histogram };
    expect(expectedError(wide, 0, int8)).toBeCloseTo(1 / 12, 12);
    // Rounded to multiples of 2: 2..3 goes to 2, the integral of d^2 over 0..1.
    expect(expectedError(wide, -1, int8)).toBeCloseTo(1 / 3, 12);
    // Saturated at 1: the integral of d^2 over 1..2.
    expect(expectedError(wide, 0, { low: -2, high: 1 })).toBeCloseTo(7 / 3, 12);
    expect(clippedShare(wide, 0, { low: -2, high: 1 })).toBe(1);
    expect(clippedShare(wide, 1, { low: -8, high: 5 })).toBe(0.5);
    expect(signalPower(wide)).toBeCloseTo(19 / 3, 12);
  });

  test('is close to what the values themselves give, for every format', () => {
    const values = normal(20_000, 1).map((value) => Math.max(0, value));
    const distribution = distributionOf(values);
    for (let fractionBits = -1; fractionBits <= 9; fractionBits++) {
      const ratio = expectedError(distribution, fractionBits, int8) / measuredError(values, fractionBits);
      expect(ratio).toBeGreaterThan(0.97);
      expect(ratio).toBeLessThan(1.03);
    }
  });
});

describe('choosing', () => {
  const options = { method: 'leastSquares', percentile: 0.9999 } as const;

  test('least squares is at most 5 % worse than brute force on the values', () => {
    const shapes = fc.record({
      seed: fc.nat(),
      scale: fc.integer({ min: -20, max: 20 }),
      fine: fc.double({ min: 1, max: 2, noNaN: true }),
      rectified: fc.boolean(),
      bits: fc.integer({ min: 2, max: 16 }),
      outlier: fc.integer({ min: 0, max: 6 }),
    });
    fc.assert(
      fc.property(shapes, ({ seed, scale, fine, rectified, bits, outlier }) => {
        const values = normal(3000, seed).map((value) =>
          Math.fround((rectified ? Math.max(0, value) : value) * fine * 2 ** scale),
        );
        values.push(Math.fround(2 ** (scale + outlier)));
        const range = codeRange(fixed(bits, 0));
        const chosen = chooseFractionBits(distributionOf(values), range, options)!;
        const errors = Array.from({ length: 60 }, (_, i) =>
          measuredError(values, i - 30 - scale + bits, range),
        );
        expect(measuredError(values, chosen, range)).toBeLessThanOrEqual(Math.min(...errors) * 1.05);
      }),
      { numRuns: 60 },
    );
  });

  test('minmax clips nothing, percentile no more than it may', () => {
    const values = [...normal(9_999, 3), 100];
    const distribution = distributionOf(values);
    const minmax = chooseFractionBits(distribution, int8, { method: 'minmax', percentile: 0 })!;
    expect(minmax).toBe(0);
    const percentile = chooseFractionBits(distribution, int8, { method: 'percentile', percentile: 0.999 })!;
    const limit = 127 / 2 ** percentile;
    const share = (bound: number) => values.filter((value) => Math.abs(value) > bound).length / values.length;
    expect(share(limit)).toBeLessThanOrEqual(0.0011);
    expect(share(limit / 2)).toBeGreaterThan(0.001);
  });

  test('values that are all 0 leave the choice open', () => {
    expect(chooseFractionBits(distributionOf([0, -0, 0]), int8, options)).toBeUndefined();
  });

  test('weights per channel are exactly those of least error', () => {
    const row = fc.array(fc.float({ noNaN: true, min: -4, max: 4 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), (rows) => {
        const chosen = chooseConstantBits(Float32Array.from(rows.flat()), rows.length, int8, 'leastSquares');
        for (const [channel, values] of rows.entries()) {
          if (values.every((value) => value === 0)) continue;
          const least = Math.min(...Array.from({ length: 220 }, (_, i) => measuredError(values, i - 10)));
          expect(measuredError(values, chosen![channel])).toBe(least);
        }
      }),
    );
  });

  test('a channel of zeros follows the coarsest of the others', () => {
    const weights = Float32Array.of(0, 0, 1, 0.5, 8, 8);
    expect(chooseConstantBits(weights, 3, int8, 'minmax')).toEqual([3, 6, 3]);
    expect(chooseConstantBits(new Float32Array(4), 2, int8, 'minmax')).toBeUndefined();
  });
});
