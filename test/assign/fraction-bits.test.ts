import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  clippedShare,
  divergence,
  expectedError,
  expectedErrors,
  mostFractionBits,
  signalPower,
} from '#src/assign/distribution.js';
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
  const uint8 = codeRange(fixed(8, 0, { signed: false }));
  expect(mostFractionBits(-14, 11.9, uint8)).toBe(4); // 11.9 * 2^4 = 190; no code holds -14
  expect(mostFractionBits(-14, -1, uint8)).toBeUndefined();
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
    // Half of a step beyond the last code still rounds to it: up to 2.5 at 2, from there on (2.5 - 2)^2 .. (3 - 2)^2.
    const { rounding, saturation } = expectedErrors(wide, 0, { low: -2, high: 2 });
    expect(rounding).toBeCloseTo(1 / 24, 12);
    expect(saturation).toBeCloseTo((1 - 1 / 8) / 3, 12);
    const below = { ...wide, minimum: -9, histogram: { ...histogram, first: -3 } };
    expect(expectedErrors(below, 0, { low: -2, high: 2 })).toEqual({ rounding, saturation });
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

describe('divergence', () => {
  // Bins of width 1 from 0 on.
  const of = (...counts: number[]) => {
    const histogram = { exponent: 0, first: 0, counts: Float64Array.from(counts) };
    return { count: 0, zeros: 0, minimum: 0, maximum: counts.length, histogram };
  };

  test('of two bins to a code, worked by hand', () => {
    // Centres 0.5, 1.5, 2.5, 3.5 in steps of 2 are the codes 0, 1, 1, 2: 6 and 2 become 4 and 4.
    const expected = (6 / 16) * Math.log(6 / 4) + (2 / 16) * Math.log(2 / 4);
    expect(divergence(of(3, 6, 2, 5), -1, int8)).toBeCloseTo(expected, 12);
    // An empty bin takes nothing.
    expect(divergence(of(3, 8, 0, 5), -1, int8)).toBe(0);
    expect(divergence(of(3, 8, 1, 5), 3, int8)).toBe(0);
  });

  test('of saturation, worked by hand', () => {
    // Steps of 1, codes up to 2: the last two bins saturate, centres 2.5 and 3.5, and join the second.
    const expected = (1 / 8) * Math.log(1 / 8 / (1 / 4)) + (7 / 8) * Math.log(7 / 8 / (3 / 4));
    expect(divergence(of(1, 3, 2, 2), 0, { low: -2, high: 2 })).toBeCloseTo(expected, 12);
    expect(divergence(of(0, 0, 0, 2), 0, { low: -2, high: 2 })).toBe(Infinity);
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

  test('entropy clips rare outliers, and nothing where 8 bits hold the shape', () => {
    const entropy = { method: 'entropy', percentile: 0 } as const;
    const outlier = distributionOf([...normal(20_000, 4), 1000]);
    const chosen = chooseFractionBits(outlier, int8, entropy)!;
    const clipped = clippedShare(outlier, chosen, int8);
    expect(chosen).toBeGreaterThan(chooseFractionBits(outlier, int8, { ...entropy, method: 'minmax' })!);
    expect(clipped).toBeGreaterThan(0);
    expect(clipped).toBeLessThan(0.01);
    const even = distributionOf(Array.from({ length: 4096 }, (_, index) => index / 4096));
    expect(chooseFractionBits(even, int8, entropy)).toBe(6); // 4095 / 4096 * 2^7 rounds to 128
  });

  test.each(['minmax', 'percentile', 'entropy'] as const)(
    '%s of a row of weights is that of a tensor with its values',
    (method) => {
      const row = normal(5000, 5);
      const weights = Float32Array.from([...row, ...row.map((value) => 8 * value)]);
      const chosen = chooseFractionBits(distributionOf(row), int8, { method, percentile: 0.9999 })!;
      expect(chooseConstantBits(weights, 2, int8, method)).toEqual([chosen, chosen - 3]);
    },
  );

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
