import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatError } from '#src/errors.js';
import { type Format, fixed, formatText } from '#src/formats/format.js';
import { parseFormat } from '#src/formats/parse.js';

const integers = fc.integer({ min: -1000, max: 1000 });

/** Any legal format: fields are all scalars, or those that are lists have one length. */
const formats: fc.Arbitrary<Format> = fc.integer({ min: 1, max: 5 }).chain((length) => {
  const field = (entry: fc.Arbitrary<number>) =>
    fc.oneof(entry, fc.array(entry, { minLength: length, maxLength: length }));
  return fc.record({
    bits: fc.integer({ min: 1, max: 64 }),
    signed: fc.boolean(),
    narrow: fc.boolean(),
    fractionBits: field(integers),
    mantissa: field(fc.integer({ min: 1, max: 2 ** 24 })),
    zeroPoint: field(integers),
    axis: fc.integer({ min: 0, max: 5 }),
  });
});

test('parsing undoes printing', () => {
  fc.assert(
    fc.property(formats, (format) => {
      expect(parseFormat(formatText(format))).toEqual(format);
    }),
  );
});

test('hand-written texts', () => {
  expect(parseFormat(' fixed( 8, -4 ) ')).toEqual(fixed(8, -4));
  expect(parseFormat('ufixed(4,2)')).toEqual(fixed(4, 2, { signed: false }));
  expect(parseFormat('fixed(8,[1, 2],narrow, axis=3)')).toEqual(fixed(8, [1, 2], { narrow: true, axis: 3 }));
  expect(parseFormat('fixed(8,7,zeroPoint=-3,mantissa=5)')).toEqual(
    fixed(8, 7, { mantissa: 5, zeroPoint: -3 }),
  );
});

test.each([
  '',
  'fixed',
  'fixed()',
  'fixed(8)',
  'fixed(8,)',
  'float(8,4)',
  'fixed(8,4',
  'fixed(8,4))',
  'fixed(8,4.5)',
  'fixed(8,4,)',
  'fixed(8,4,wide)',
  'fixed(8,4,narrow,narrow)',
  'fixed(8,4,axis=[1])',
  'fixed(8,[1,,2],axis=0)',
  'fixed(8,[],axis=0)',
  'fixed(0,4)',
  'fixed(65,4)',
  'fixed(8,4,mantissa=0)',
  'fixed(8,[1,2])',
  'fixed(8,[1,2],zeroPoint=[1],axis=0)',
])('%j is refused', (text) => {
  expect(() => parseFormat(text)).toThrow(FormatError);
});
