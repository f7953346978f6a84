/** Memories as Verilog reads them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InputError } from '#src/errors.js';
import { decodeMemory, encodeMemory, wordOf } from '#src/export/memory.js';
import { allocateCodes, codeRange, fixed } from '#src/formats/format.js';

test('codes are written in the width of their format, or packed from the low bits on', () => {
  const codes = Int8Array.of(-1, 2, 127, -128, 5);
  expect(encodeMemory(codes, wordOf(fixed(8, 0)))).toBe('ff\n02\n7f\n80\n05\n');
  expect(encodeMemory(codes, wordOf(fixed(8, 0), 16))).toBe('02ff\n807f\n0005\n');
  expect(encodeMemory(Int8Array.of(-1, 7, -8), wordOf(fixed(5, 0)))).toBe('1f\n07\n18\n');
  expect(encodeMemory(Int8Array.of(-1, 7, -8), wordOf(fixed(5, 0), 32))).toBe('00f807ff\n');
  expect(encodeMemory(Int16Array.of(-2, 258), wordOf(fixed(12, 0), 32))).toBe('0102fffe\n');
  expect(encodeMemory(BigInt64Array.of(-1n), wordOf(fixed(48, 0)))).toBe('ffffffffffff\n');
  expect(encodeMemory(Float32Array.of(1, -0), wordOf(null))).toBe('3f800000\n80000000\n');
});

test('a memory of 200000 words reads back', () => {
  const codes = Int8Array.from({ length: 200000 }, (_, i) => i);
  const text = encodeMemory(codes, wordOf(fixed(8, 0)));
  const read = decodeMemory(text, codes.length, fixed(8, 0), 'memory');
  expect(Int8Array.from(read as Int32Array)).toEqual(codes);
});

test('what is written reads back, whatever the format and the words, which need not be told', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 64 }),
      fc.boolean(),
      fc.constantFrom(undefined, 16, 32, 64, 128),
      fc.array(fc.nat(), { minLength: 1, maxLength: 40 }),
      (bits, unsigned, wordBits, seeds) => {
        const format = fixed(bits, 0, { signed: bits > 53 || !unsigned });
        const { low, high } = codeRange({ ...format, bits: Math.min(bits, 53) });
        const span = high - low + 1;
        const codes = allocateCodes(format, seeds.length);
        for (const [i, seed] of seeds.entries()) {
          const code = i === 0 ? low : i === 1 ? high : low + (seed % span);
          codes[i] = codes instanceof BigInt64Array ? BigInt(code) : code;
        }
        const word = wordOf(format, wordBits);
        const text = encodeMemory(codes, word);
        for (const known of [word, undefined])
          expect(Array.from(decodeMemory(text, codes.length, format, 'memory', known), String)).toEqual(
            Array.from(codes, String),
          );
      },
    ),
  );
});

test('comments, underscores, addresses and several words in a line are read as Verilog reads them', () => {
  const text = '// one\n@0 f_f 02 /* two\n lines */ 7f\n@3\n80';
  expect(decodeMemory(text, 4, fixed(8, 0), 'memory')).toEqual(Int32Array.of(-1, 2, 127, -128));
});

test.each([
  ['xx\n00\n', /memory: word 0 is not known, expected hexadecimal digits, got xx/],
  ['@4 00 01', /memory: leaves words out, expected @0, got @4/],
  ['00\n01\n02\n', /memory: has a wrong number of words, expected 1 of 2 elements with 8 bits, got 3/],
])('%j is refused', (text, message) => {
  const read = () => decodeMemory(text, 2, fixed(8, 0), 'memory', { laneBits: 8, lanes: 2 });
  expect(read).toThrow(InputError);
  expect(read).toThrow(message);
});
