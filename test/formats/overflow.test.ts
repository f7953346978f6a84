import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatError } from '#src/errors.js';
import { fixed } from '#src/formats/format.js';
import { applyOverflow, applyOverflowBig, checkOverflow, type Width } from '#src/formats/overflow.js';
import { OVERFLOWS, type Overflow } from '#src/formats/rounding.js';

const trapped = new Error('trapped');
const trap = (): never => {
  throw trapped;
};
const signed: Width = { bits: 4, signed: true, narrow: false };
const narrow: Width = { bits: 4, signed: true, narrow: true };
const unsigned: Width = { bits: 4, signed: false, narrow: false };

// -8..7, -7..7 and 0..15; wrapping adds or subtracts 16.
const rows: [Overflow, Width, Record<number, number>][] = [
  ['saturate', signed, { [-100]: -8, [-9]: -8, [-8]: -8, 0: 0, 7: 7, 8: 7, 100: 7 }],
  ['saturate', narrow, { [-9]: -7, [-8]: -7, [-7]: -7, 7: 7, 8: 7 }],
  ['saturate', unsigned, { [-1]: 0, 0: 0, 15: 15, 16: 15 }],
  ['saturateSymmetric', signed, { [-9]: -7, [-8]: -7, [-7]: -7, 7: 7, 8: 7 }],
  ['saturateSymmetric', unsigned, { [-1]: 0, 15: 15, 16: 15 }],
  ['wrap', signed, { [-9]: 7, [-8]: -8, [-24]: -8, 7: 7, 8: -8, 23: 7, 24: -8 }],
  ['wrap', unsigned, { [-1]: 15, [-17]: 15, 0: 0, 15: 15, 16: 0, 35: 3 }],
];

test.each(rows)('%s %o', (overflow, width, table) => {
  for (const [value, code] of Object.entries(table)) {
    expect(applyOverflow(Number(value), width, overflow, trap), value).toBe(code);
    expect(applyOverflowBig(BigInt(value), width, overflow, trap), value).toBe(BigInt(code));
  }
});

test('trap keeps what fits and hands over what does not', () => {
  expect(applyOverflow(-8, signed, 'trap', trap)).toBe(-8);
  expect(() => applyOverflow(-8, narrow, 'trap', trap)).toThrow(trapped);
  expect(() => applyOverflow(8, signed, 'trap', trap)).toThrow(trapped);
  expect(() => applyOverflowBig(16n, unsigned, 'trap', trap)).toThrow(trapped);
});

test('numbers and big integers agree', () => {
  const widths = fc.record({
    bits: fc.integer({ min: 2, max: 48 }),
    signed: fc.boolean(),
    narrow: fc.constant(false),
  });
  const values = fc.integer({ min: -(2 ** 50), max: 2 ** 50 });
  const kinds = fc.constantFrom(...OVERFLOWS.filter((overflow) => overflow !== 'trap'));
  fc.assert(
    fc.property(values, widths, kinds, (value, width, overflow) => {
      const code = applyOverflow(value, width, overflow, trap);
      expect(applyOverflowBig(BigInt(value), width, overflow, trap)).toBe(BigInt(code));
    }),
  );
});

test('a 64-bit register holds its ends exactly', () => {
  const width = { bits: 64, signed: true, narrow: false };
  expect(applyOverflowBig(2n ** 63n, width, 'saturate', trap)).toBe(2n ** 63n - 1n);
  expect(applyOverflowBig(2n ** 63n, width, 'wrap', trap)).toBe(-(2n ** 63n));
});

test('a narrow format does not wrap', () => {
  expect(() => checkOverflow(fixed(8, 4, { narrow: true }), 'wrap', 'node "conv"')).toThrow(FormatError);
  expect(() => checkOverflow(fixed(8, 4), 'wrap', 'node "conv"')).not.toThrow();
});
