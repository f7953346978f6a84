import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatError } from '#src/errors.js';
import { realValue } from '#src/formats/convert.js';
import { codeRange, type Format, fixed, formatText } from '#src/formats/format.js';
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

test('the table of docs/formats.md', () => {
  const rows: [string, number, number][] = [
    ['fixed(8,4)', -8, 7.9375],
    ['ufixed(8,8)', 0, 0.99609375],
    ['fixed(8,-2)', -512, 508],
    ['fixed(8,7,narrow)', -0.9921875, 0.9921875],
    ['ufixed(8,6,mantissa=3,zeroPoint=128)', -6, 5.953125],
  ];
  for (const [text, lowest, highest] of rows) {
    const format = parseFormat(text);
    const { low, high } = codeRange(format);
    expect([realValue(low, format), realValue(high, format)], text).toEqual([lowest, highest]);
    expect(formatText(format)).toBe(text);
  }
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
