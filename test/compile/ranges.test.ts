/** The proof of accumulator widths, against every order of every small sum. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { accumulatorRange, bitsFor } from '#src/compile/ranges.js';

/** Extremes of all partial sums: every subset of the addends comes first in some order. */
function extremes(addends: readonly (readonly number[])[]): { low: number; high: number } {
  let sums = [0];
  for (const values of addends) {
    sums = [...new Set([...sums, ...sums.flatMap((sum) => values.map((value) => sum + value))])];
  }
  return { low: Math.min(...sums), high: Math.max(...sums) };
}

const interval = fc
  .tuple(fc.integer({ min: -4, max: 4 }), fc.integer({ min: 0, max: 5 }))
  .map(([low, size]) => ({ low, high: low + size }));

test('a partial sum reaches the bound, and none exceeds it', () => {
  const weight = fc.integer({ min: -3, max: 3 });
  const channel = fc.record({
    weights: fc.array(weight, { minLength: 3, maxLength: 3 }),
    bias: fc.integer({ min: -9, max: 9 }),
  });
  fc.assert(
    fc.property(fc.array(channel, { minLength: 1, maxLength: 3 }), interval, (channels, input) => {
      const weights = Int8Array.from(channels.flatMap((entry) => entry.weights));
      const bias = Int32Array.from(channels, (entry) => entry.bias);
      const codes = Array.from({ length: input.high - input.low + 1 }, (_, i) => input.low + i);
      const truth = channels.map((entry) =>
        extremes([...entry.weights.map((w) => codes.map((code) => w * code)), [entry.bias]]),
      );
      expect(accumulatorRange(weights, channels.length, bias, input)).toEqual({
        low: Math.min(...truth.map(({ low }) => low)),
        high: Math.max(...truth.map(({ high }) => high)),
      });
    }),
  );
});

test('worked by hand', () => {
  // 2 * 127 + 3 * 128 = 638 above, -(2 * 128 + 3 * 127) = -637 below; then a bias that only adds on one side.
  const weights = Int8Array.of(2, -3);
  const codes = { low: -128, high: 127 };
  expect(accumulatorRange(weights, 1, undefined, codes)).toEqual({ low: -637, high: 638 });
  expect(accumulatorRange(weights, 1, Int32Array.of(-5), codes)).toEqual({ low: -642, high: 638 });
  // Codes that are never negative, as after a Relu.
  expect(accumulatorRange(weights, 1, BigInt64Array.of(5n), { low: 0, high: 127 })).toEqual({
    low: -381,
    high: 259,
  });
  // The second of two channels needs more.
  expect(accumulatorRange(Int8Array.of(1, 1, 2, 2), 2, undefined, codes)).toEqual({ low: -512, high: 508 });
});

test('every register holds its range and nothing more', () => {
  expect(bitsFor({ low: 0, high: 0 })).toBe(1);
  for (let bits = 1; bits <= 64; bits++) {
    const [low, high] = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
    if (bits <= 53) expect(bitsFor({ low, high })).toBe(bits);
    if (bits <= 52) expect(bitsFor({ low: 0, high: high + 1 })).toBe(bits + 1);
    if (bits <= 52) expect(bitsFor({ low: low - 1, high: 0 })).toBe(bits + 1);
  }
});

test('what is not a number proves nothing', () => {
  expect(() => bitsFor({ low: NaN, high: 1 })).toThrow('an accumulator: has no bounds, got NaN to 1');
  expect(() => bitsFor({ low: -1, high: NaN })).toThrow('an accumulator: has no bounds, got -1 to NaN');
});

test('a proof beyond 2^53 is never too narrow', () => {
  const wide = fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n });
  const weight = fc.integer({ min: -32768, max: 32767 });
  fc.assert(
    fc.property(fc.array(weight, { minLength: 1, maxLength: 20 }), wide, (weights, bias) => {
      const input = { low: -32768, high: 32767 };
      const { low, high } = accumulatorRange(weights, 1, BigInt64Array.of(bias), input);
      let [least, greatest] = bias < 0n ? [bias, 0n] : [0n, bias];
      for (const entry of weights.map(BigInt)) {
        const ends = [0n, entry * -32768n, entry * 32767n];
        least += ends.reduce((a, b) => (b < a ? b : a));
        greatest += ends.reduce((a, b) => (b > a ? b : a));
      }
      const bits = BigInt(bitsFor({ low, high }));
      expect(greatest < 2n ** (bits - 1n) && least >= -(2n ** (bits - 1n))).toBe(true);
    }),
  );
});
