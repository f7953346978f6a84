/** Scales of quantised models as formats. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatError } from '#src/errors.js';
import { checkFormat, stepSize } from '#src/formats/format.js';
import { formatOfScale } from '#src/formats/scale.js';

test('every float32 scale is the exact step of its format', () => {
  const scales = fc.float({ min: Math.fround(2 ** -60), max: Math.fround(2 ** 60), noNaN: true });
  fc.assert(
    fc.property(fc.array(scales, { minLength: 1, maxLength: 4 }), (scale) => {
      const format = formatOfScale({ bits: 8, signed: true, scale, zeroPoint: 0, axis: 0 });
      checkFormat(format, 'test');
      expect(scale.map((_, channel) => stepSize(format, channel))).toEqual(scale);
    }),
  );
});

test.each([0, -1, Number.NaN, Infinity])('a scale of %s is refused', (scale) => {
  expect(() => formatOfScale({ bits: 8, signed: true, scale, zeroPoint: 0 })).toThrow(FormatError);
});

test('powers of two have mantissa 1', () => {
  expect(formatOfScale({ bits: 8, signed: false, scale: 0.125, zeroPoint: 3 })).toMatchObject({
    signed: false,
    fractionBits: 3,
    mantissa: 1,
    zeroPoint: 3,
    axis: null,
  });
  expect(formatOfScale({ bits: 8, signed: true, scale: 4, zeroPoint: 0 }).fractionBits).toBe(-2);
});
