import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatError } from '#src/errors.js';
import { dequantizeCodes, quantizeValues } from '#src/formats/convert.js';
import { codeRange, type Format, fixed } from '#src/formats/format.js';
import { OVERFLOWS, ROUNDINGS, type Rounding, roundShiftBig } from '#src/formats/rounding.js';

/** A float64 as numerator * 2^-exponent. */
function rational(x: number): { numerator: bigint; exponent: number } {
  let exponent = 0;
  for (; !Number.isInteger(x); x *= 2) exponent++;
  return { numerator: BigInt(x), exponent };
}

/** The code of x on a grid of 2^-fractionBits, in integers only. */
function exactCode(x: number, fractionBits: number, rounding: Rounding): bigint {
  const { numerator, exponent } = rational(x);
  return roundShiftBig(numerator, exponent - fractionBits, rounding);
}

const saturated = (value: bigint, format: Format) => {
  const { low, high } = codeRange(format);
  return value < low ? low : value > high ? high : Number(value);
};

test('power-of-two scales agree with exact rational arithmetic', () => {
  const values = fc.float({
    noNaN: true,
    noDefaultInfinity: true,
    min: Math.fround(-1e30),
    max: Math.fround(1e30),
  });
  const shapes = fc.record({
    bits: fc.integer({ min: 2, max: 16 }),
    fraction: fc.integer({ min: -20, max: 40 }),
  });
  fc.assert(
    fc.property(values, shapes, fc.constantFrom(...ROUNDINGS), (value, { bits, fraction }, rounding) => {
      const format = fixed(bits, fraction);
      const expected = saturated(exactCode(value, fraction, rounding), format);
      expect(quantizeValues([value], [1], format, rounding, 'saturate')[0]).toBe(expected);
    }),
    { numRuns: 1000 },
  );
});

test.each(ROUNDINGS)('ties, halves of large numbers among them, round by %s', (rounding) => {
  const quarters = Array.from({ length: 81 }, (_, index) => (index - 40) / 4);
  const values = [...quarters, 2 ** 20 + 0.5, 2 ** 20 + 1.5, -(2 ** 20) - 0.5, 2 ** 30 + 0.5, -0.5 - 2 ** 30];
  for (const bits of [8, 16, 32]) {
    const expected = values.map((value) => saturated(exactCode(value, 0, rounding), fixed(bits, 0)));
    const codes = quantizeValues(values, [values.length], fixed(bits, 0), rounding, 'saturate');
    expect([...codes]).toEqual(expected);
  }
});

test('wrapping keeps the low bits of any finite value', () => {
  const values = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e200, max: 1e200 });
  fc.assert(
    fc.property(values, fc.integer({ min: 2, max: 16 }), (value, bits) => {
      const expected = BigInt.asIntN(bits, exactCode(value, 3, 'floor'));
      expect(quantizeValues([value], [1], fixed(bits, 3), 'floor', 'wrap')[0]).toBe(Number(expected));
    }),
  );
});

test('codes survive real values and back, whatever scale and zero point', () => {
  const formats = fc.record({
    bits: fc.integer({ min: 2, max: 16 }),
    signed: fc.boolean(),
    narrow: fc.boolean(),
    fractionBits: fc.integer({ min: -10, max: 40 }),
    mantissa: fc.integer({ min: 1, max: 2 ** 24 }),
    zeroPoint: fc.integer({ min: -300, max: 300 }),
    axis: fc.constant(null),
  });
  fc.assert(
    fc.property(
      formats,
      fc.constantFrom('halfEven' as const, 'halfTowardPositive' as const),
      (format, rounding) => {
        const { low, high } = codeRange(format);
        const codes = Int32Array.of(low, low + 1, Math.floor((low + high) / 2), high - 1, high);
        const values = dequantizeCodes(codes, [5], format);
        expect([...quantizeValues(values, [5], format, rounding, 'trap')]).toEqual([...codes]);
      },
    ),
  );
});

test('scale and zero point run along the axis of the format', () => {
  // Shape [2,2,2], axis 1: the middle index picks 1/2 and zero point 0, or 3/4 and zero point 10.
  const format = fixed(8, [1, 2], { mantissa: [1, 3], zeroPoint: [0, 10], axis: 1 });
  const values = Float32Array.of(1, 2, 0.75, 1.5, -1, -2, 0, -0.75);
  const codes = quantizeValues(values, [2, 2, 2], format, 'halfEven', 'saturate');
  expect(codes).toEqual(Int8Array.of(2, 4, 11, 12, -2, -4, 10, 9));
  expect(dequantizeCodes(codes, [2, 2, 2], format)).toEqual(values);
});

test('the zero point is added before overflow', () => {
  // 200 / 1 + (-100) = 100 fits 8 bits; 300 - 100 does not.
  const format = fixed(8, 0, { zeroPoint: -100 });
  expect([...quantizeValues([200, 300], [2], format, 'floor', 'saturate')]).toEqual([100, 127]);
});

test('storage is the smallest that holds the format', () => {
  const stored = (bits: number, signed = true) =>
    quantizeValues([1], [1], fixed(bits, 0, { signed }), 'floor', 'saturate').constructor;
  expect([stored(2), stored(8, false), stored(9), stored(16, false), stored(17), stored(33)]).toEqual([
    Int8Array,
    Uint8Array,
    Int16Array,
    Uint16Array,
    Int32Array,
    BigInt64Array,
  ]);
});

test('64-bit codes are exact beyond 2^53', () => {
  const codes = quantizeValues([2 ** 40 + 0.5, 1e300, -Infinity], [3], fixed(64, 20), 'halfEven', 'saturate');
  expect(codes).toEqual(BigInt64Array.of(2n ** 60n + 2n ** 19n, 2n ** 63n - 1n, -(2n ** 63n)));
});

test('infinities saturate and nothing else; NaN never has a code', () => {
  const format = fixed(8, 4);
  for (const overflow of OVERFLOWS) {
    const convert = (value: number) => quantizeValues([0, value], [2], format, 'halfEven', overflow)[1];
    expect(() => convert(NaN)).toThrow(FormatError);
    if (overflow === 'wrap' || overflow === 'trap') expect(() => convert(Infinity)).toThrow(/element 1: /);
    else
      expect([convert(Infinity), convert(-Infinity)]).toEqual([127, overflow === 'saturate' ? -128 : -127]);
  }
  expect(() => quantizeValues([8], [1], format, 'halfEven', 'trap')).toThrow(FormatError);
  expect(() => quantizeValues([1], [1], { ...format, narrow: true }, 'halfEven', 'wrap')).toThrow(
    FormatError,
  );
});
