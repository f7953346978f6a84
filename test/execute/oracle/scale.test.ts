/** Scalings of the oracle against their definitions, over rationals. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createScale } from '#src/execute/oracle/scale.js';
import { ROUNDINGS, type Rounding } from '#src/formats/rounding.js';
import type { Scaling } from '#src/program/instructions.js';
import { roundFraction } from '../rational.js';

const trap = (): never => {
  throw new RangeError('does not fit');
};
const apply = (scaling: Scaling, value: number | bigint, element = 0) =>
  BigInt(createScale(scaling, 1, 'test')(value, 0, element, trap));

const sums = fc.oneof(
  fc.integer({ min: -600, max: 600 }).map(BigInt),
  fc.bigInt(-(2n ** 31n), 2n ** 31n - 1n),
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.constantFrom(-(2n ** 63n), -(2n ** 31n), 2n ** 31n - 1n, -1n, 0n),
);
const multipliers = fc.oneof(
  fc.integer({ min: 2 ** 30, max: 2 ** 31 - 1 }),
  fc.integer({ min: 0, max: 9 }),
  fc.constantFrom(2 ** 30, 2 ** 31 - 1),
);
const inNumbers = (value: bigint) => (value === BigInt(Number(value)) ? Number(value) : value);

describe.each(ROUNDINGS)('%s', (rounding) => {
  test('a shift, a multiplier and a division are the rounding of the exact quotient', () => {
    fc.assert(
      fc.property(sums, multipliers, fc.integer({ min: -31, max: 62 }), (value, multiplier, shift) => {
        const [up, down] = [2n ** BigInt(Math.max(-shift, 0)), 2n ** BigInt(Math.max(shift, 0))];
        const given = inNumbers(value);
        expect(apply({ style: 'shift', shift, rounding }, given)).toBe(
          roundFraction(value * up, down, rounding),
        );
        expect(apply({ style: 'multiplier', multiplier, shift, rounding }, given)).toBe(
          roundFraction(value * BigInt(multiplier) * up, down, rounding),
        );
        const divisor = Math.max(multiplier, 1);
        expect(apply({ style: 'division', divisor, rounding }, given)).toBe(
          roundFraction(value, BigInt(divisor), rounding),
        );
      }),
    );
  });
});

describe('doubling', () => {
  // C code of gemmlowp, by hand: a 32 x 32-bit product, nudged, divided by 2^31 toward zero; then a rounding shift.
  test.each([
    [2n ** 31n - 1n, 2 ** 31 - 1, 0, 2n ** 31n - 2n],
    [-(2n ** 31n), 2 ** 31 - 1, 0, -(2n ** 31n) + 1n],
    [3n, 2 ** 30, 0, 2n], // 1.5: ties of the first rounding go up
    [-3n, 2 ** 30, 0, -1n],
    [-5n, 2 ** 30, 0, -2n],
    [3n, 2 ** 30, 1, 1n], // 1.5 -> 2, then 2 / 2
    [-3n, 2 ** 30, 1, -1n], // -1.5 -> -1, then -0.5 away from zero
    [1n, 2 ** 30, -1, 1n], // 2 * 0.5
    [100n, 1_518_500_250, 3, 9n], // 70.7 -> 71, 71 / 8 = 8.875
  ])('%d by %d >> %d is %d', (value, multiplier, shift, expected) => {
    expect(apply({ style: 'doubling', multiplier, shift }, inNumbers(value))).toBe(expected);
  });

  test('is two roundings: half up, then half away from zero', () => {
    fc.assert(
      fc.property(
        fc.bigInt(-(2n ** 31n), 2n ** 31n - 1n),
        multipliers,
        fc.integer({ min: 0, max: 31 }),
        (a, m, s) => {
          const high = roundFraction(a * BigInt(m), 2n ** 31n, 'halfTowardPositive');
          const expected = roundFraction(high, 2n ** BigInt(s), 'halfAwayFromZero');
          expect(apply({ style: 'doubling', multiplier: m, shift: s }, inNumbers(a))).toBe(expected);
        },
      ),
    );
  });

  test('what does not fit 32 bits after the left shift is no result', () => {
    expect(() => apply({ style: 'doubling', multiplier: 2 ** 30, shift: -1 }, 2 ** 30)).toThrow(RangeError);
    expect(apply({ style: 'doubling', multiplier: 2 ** 30, shift: -1 }, -(2 ** 30))).toBe(-(2n ** 30n));
  });
});

test('a float32 scale multiplies the float32 nearest to the integer', () => {
  const by = (scale: number): Scaling => ({ style: 'scale', scale, rounding: 'halfEven' });
  expect(apply(by(0.5), 3)).toBe(2n);
  expect(apply(by(0.5), 5)).toBe(2n);
  // 2^24 + 1 is no float32: it becomes 2^24.
  expect(apply(by(1), 2 ** 24 + 1)).toBe(2n ** 24n);
  expect(apply(by(1), 2 ** 24 + 3)).toBe(2n ** 24n + 4n);
  // 2^60 + 2^36 + 1 lies above the tie between two float32: through float64 it would become the tie and round down.
  expect(apply(by(1), 2n ** 60n + 2n ** 36n + 1n)).toBe(2n ** 60n + 2n ** 37n);
});

describe('stochastic', () => {
  const rounding: Rounding = 'stochastic(7)';
  test('rounds to a neighbour, up in the share of the fraction, and the same every time', () => {
    const ups = (value: number) => {
      let count = 0;
      for (let element = 0; element < 4096; element++) {
        const code = apply({ style: 'shift', shift: 2, rounding }, value, element);
        const below = BigInt(Math.floor(value / 4));
        expect(code === below || code === below + 1n).toBe(true);
        if (code !== below) count++;
        expect(apply({ style: 'shift', shift: 2, rounding }, BigInt(value), element)).toBe(code);
      }
      return count / 4096;
    };
    // Standard deviation of a share: at most 0.008.
    expect(ups(9)).toBeCloseTo(0.25, 1);
    expect(ups(-10)).toBeCloseTo(0.5, 1);
    expect(ups(-9)).toBeCloseTo(0.75, 1);
    expect(ups(-8)).toBe(0);
  });

  test('another seed rounds other elements up', () => {
    const pattern = (seed: number) =>
      Array.from({ length: 64 }, (_, element) =>
        apply({ style: 'shift', shift: 1, rounding: `stochastic(${seed})` }, 1, element),
      ).join('');
    expect(pattern(1)).not.toBe(pattern(2));
  });
});
