/** Averages: by what they divide, and how exactly. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nearestReciprocal } from '#src/compile/scaling.js';
import { averagedCounts } from '#src/program/windows.js';
import { windowOf } from '../programs.js';

test('reciprocals are the nearest with 16 bits, exact for powers of two', () => {
  expect(nearestReciprocal(1)).toEqual({ count: 1, multiplier: 1, shift: 0 });
  expect(nearestReciprocal(64)).toEqual({ count: 64, multiplier: 1, shift: 6 });
  // 2^17 / 3 = 43690.67; 2^21 / 49 = 42799.02.
  expect(nearestReciprocal(3)).toEqual({ count: 3, multiplier: 43691, shift: 17 });
  expect(nearestReciprocal(49)).toEqual({ count: 49, multiplier: 42799, shift: 21 });
  // 2^19 / 9 = 58254.2, an even number, halved.
  expect(nearestReciprocal(9)).toEqual({ count: 9, multiplier: 29127, shift: 18 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 20 }), (count) => {
      const { multiplier, shift } = nearestReciprocal(count);
      expect(Number.isInteger(multiplier) && multiplier < 2 ** 16).toBe(true);
      expect(Math.abs((multiplier * count) / 2 ** shift - 1)).toBeLessThanOrEqual(2 ** -16);
    }),
  );
});

test('the counts of a 3x3 window over a 4x5 image with one pixel of padding', () => {
  const window = windowOf([3, 3], { pads: [1, 1, 1, 1] });
  // Rows and columns see 2 pixels at an edge and 3 elsewhere.
  expect(averagedCounts(window, [1, 4, 5, 1], [1, 4, 5, 1], false)).toEqual([4, 6, 9]);
  expect(averagedCounts(window, [1, 4, 5, 1], [1, 4, 5, 1], true)).toEqual([9]);
});

test('the counts are those of taps looked at one by one', () => {
  const small = (min: number, max: number) => fc.integer({ min, max });
  const axis = fc.record({
    size: small(1, 6),
    kernel: small(1, 4),
    stride: small(1, 3),
    dilation: small(1, 3),
    before: small(0, 2),
    after: small(0, 2),
    extra: small(0, 1),
  });
  fc.assert(
    fc.property(axis, axis, fc.boolean(), (y, x, padded) => {
      const outputs = [y, x].map((a) => {
        const travel = a.size + a.before + a.after - ((a.kernel - 1) * a.dilation + 1);
        return Math.floor(travel / a.stride) + 1 + a.extra;
      });
      fc.pre(outputs.every((size) => size > 0));
      const taps = [y, x].map((a, i) =>
        Array.from({ length: outputs[i] }, (_, position) => {
          const places = Array.from({ length: a.kernel }, (_, tap) => {
            return position * a.stride - a.before + tap * a.dilation;
          });
          const [low, high] = padded ? [-a.before, a.size + a.after] : [0, a.size];
          return places.filter((place) => place >= low && place < high).length;
        }),
      );
      const products = taps[0].flatMap((row) => taps[1].map((column) => row * column));
      const window = {
        kernel: [y.kernel, x.kernel],
        strides: [y.stride, x.stride],
        pads: [y.before, x.before, y.after, x.after],
        dilations: [y.dilation, x.dilation],
      } as const;
      const counts = averagedCounts(window, [1, y.size, x.size, 1], [1, ...outputs, 1], padded);
      expect(counts).toEqual([...new Set(products)].sort((a, b) => a - b));
    }),
  );
});
