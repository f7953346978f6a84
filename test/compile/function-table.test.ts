/** Tables of functions against the functions, and interpolation worked by hand. */
import { expect, test } from 'vitest';
import { createFunctionTable } from '#src/compile/function-table.js';
import { ConstraintError } from '#src/errors.js';
import { fixed } from '#src/formats/format.js';
import { formatOfScale } from '#src/formats/scale.js';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const hardSwish = (x: number) => x * Math.min(Math.max(x / 6 + 0.5, 0), 1);

test('a full table is the rounded function of every code', () => {
  const table = createFunctionTable({ style: 'full' }, sigmoid, fixed(8, 4), fixed(8, 7), 'halfEven', 's')!;
  expect(table.length).toBe(256);
  for (let code = -128; code < 128; code++) {
    const exact = 128 / (1 + Math.exp(-code / 16));
    expect(Math.abs(Number(table[code + 128]) - Math.min(exact, 127))).toBeLessThanOrEqual(0.5 + 1e-9);
  }
});

test('an interpolated table draws straight lines between its entries', () => {
  // |x| over codes -8 ... 7 with entries at -8, -4, 0, 4 and 8: exact, but for the corner, which is an entry.
  const rule = { style: 'interpolated', indexBits: 2 } as const;
  const absolute = createFunctionTable(rule, Math.abs, fixed(4, 0), fixed(8, 0), 'floor', 'a')!;
  expect([...absolute]).toEqual([8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5, 6, 7]);
  // x^2 has none; 2^x over -2, 0, 2 (codes / 1): entries 0.25 -> 0, 1, 4; halfway up: 0.5 -> 0 and 2.5 -> 2.
  const power = createFunctionTable(
    { style: 'interpolated', indexBits: 1 },
    Math.exp,
    fixed(2, 0),
    fixed(8, 0),
    'halfEven',
    'e',
  )!;
  // exp(-2) = 0.14 -> 0; exp(0) = 1; exp(2) = 7.39 -> 7: 0, 0.5 -> 0, 1, 4.
  expect([...power]).toEqual([0, 0, 1, 4]);
});

test('with as many index bits as the input has, interpolation is the full table', () => {
  const tables = [{ style: 'full' } as const, { style: 'interpolated', indexBits: 8 } as const].map((rule) =>
    createFunctionTable(rule, Math.tanh, fixed(8, 5), fixed(16, 15), 'halfEven', 't'),
  );
  expect(tables[0]).toEqual(tables[1]);
});

test('thresholds are a full table of a function that never falls', () => {
  const make = (fn: (x: number) => number) =>
    createFunctionTable({ style: 'thresholds' }, fn, fixed(8, 4), fixed(4, 3), 'floor', 's')!;
  const table = make(sigmoid);
  // sigmoid(x) >= k / 8 from x = ln(k / (8 - k)) on; codes are sixteenths.
  const thresholds = [1, 2, 3, 4, 5, 6, 7].map((k) => 16 * Math.log(k / (8 - k)));
  for (let code = -128; code < 128; code++)
    expect(Number(table[code + 128])).toBe(thresholds.filter((threshold) => code >= threshold).length);
  expect(() => make(hardSwish)).toThrow(ConstraintError);
});

test('more entries than codes are refused', () => {
  const rule = { style: 'interpolated', indexBits: 9 } as const;
  expect(() => createFunctionTable(rule, sigmoid, fixed(8, 4), fixed(8, 7), 'floor', 's')).toThrow(
    '"s": a table with 9 index bits has more entries than the input has codes',
  );
});

test('codes of more than 16 bits have no table', () => {
  for (const style of ['full', 'thresholds', 'float32'] as const)
    expect(() => createFunctionTable({ style }, sigmoid, fixed(48, 8), fixed(8, 7), 'floor', 's')).toThrow(
      '"s": has no table, expected an input of 2 to 16 bits, got 48',
    );
});

test('a table by float32 rounds operand, result and quotient to float32', () => {
  const from = formatOfScale({ bits: 8, signed: false, scale: Math.fround(0.1), zeroPoint: 3 });
  const to = formatOfScale({ bits: 8, signed: true, scale: Math.fround(0.7), zeroPoint: -5 });
  const table = createFunctionTable({ style: 'float32' }, (x) => x * x, from, to, 'halfEven', 's')!;
  const { fround } = Math;
  for (let code = 0; code < 256; code++) {
    const x = fround(fround(0.1) * (code - 3));
    const quotient = fround(fround(x * x) / fround(0.7));
    const even = quotient % 1 === 0.5 ? 2 * Math.round(quotient / 2) : Math.round(quotient);
    expect(table[code]).toBe(Math.min(even - 5, 127));
  }
});
