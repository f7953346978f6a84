import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutMultiplier, doublingHighProduct, quantizeMultiplier } from '#src/formats/fixed-multiplier.js';

test('reals become a mantissa of 31 bits and a shift', () => {
  expect(quantizeMultiplier(1)).toEqual({ value: 2 ** 30, shift: 1 });
  expect(quantizeMultiplier(0.5)).toEqual({ value: 2 ** 30, shift: 0 });
  expect(quantizeMultiplier(0.75)).toEqual({ value: 1610612736, shift: 0 });
  expect(quantizeMultiplier(1 / 3)).toEqual({ value: 1431655765, shift: -1 });
  expect(quantizeMultiplier(1 - 2 ** -40)).toEqual({ value: 2 ** 30, shift: 1 });
  expect(quantizeMultiplier(2 ** -33)).toEqual({ value: 0, shift: 0 });
  expect(quantizeMultiplier(0)).toEqual({ value: 0, shift: 0 });
  expect(quantizeMultiplier(-0.5)).toEqual({ value: -(2 ** 30), shift: 0 });
});

test('a multiplier of 15 bits is that of REDUCE_MULTIPLIER in CMSIS-NN', () => {
  const reduced = (value: number) => (value < 0x7fff0000 ? (value + 2 ** 15) >> 16 : 0x7fff);
  const edges = [0, 2 ** 30, 0x7ffe7fff, 0x7ffe8000, 0x7ffeffff, 0x7fff0000, 0x7fff8000, 2 ** 31 - 1];
  for (const value of edges) expect(cutMultiplier(value, 15)).toBe(reduced(value));
  fc.assert(
    fc.property(fc.integer({ min: 2 ** 30, max: 2 ** 31 - 1 }), (value) => {
      expect(cutMultiplier(value, 15)).toBe(reduced(value));
      expect(cutMultiplier(value, 31)).toBe(value);
    }),
  );
});

test("the doubling high product is gemmlowp's, whose division of C truncates", () => {
  const integer = fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n - 1n });
  const examples: [bigint, bigint][] = [
    [2n ** 30n, 1n],
    [-(2n ** 30n), 1n],
    [-(2n ** 30n), 3n],
    [-(2n ** 31n), 2n ** 31n - 1n],
  ];
  fc.assert(
    fc.property(integer, integer, (a, b) => {
      const product = a * b;
      const nudge = product >= 0n ? 1n << 30n : 1n - (1n << 30n);
      expect(doublingHighProduct(a, b)).toBe((product + nudge) / (1n << 31n));
    }),
    { examples },
  );
});
