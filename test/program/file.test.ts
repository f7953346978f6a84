import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InputError, ProgramError } from '#src/errors.js';
import { decodeProgram, encodeProgram, readProgram, writeProgram } from '#src/program/file.js';
import { parseProgram } from '#src/program/parse.js';
import { verifyProgram } from '#src/program/verify.js';
import { arbitraryProgram } from './arbitrary.js';

const program = parseProgram(`
  program small
  x = input fixed(8,4) [1,2]
  w = constant fixed(8,3) [2,2] = 3 -5 127 -128
  b = constant fixed(48,7) [2] = -140737488355328 140737488355327
  y = gemm x w b scaling=shift(3,floor) overflow=wrap accumulator=64 accumulatorOverflow=wrap -> fixed(8,4) [1,2]
  z = dequantize y -> f32 [1,2]
  c = clamp z clamp=[-0,Infinity] -> f32 [1,2]
  output c codes=y
`);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dynafix-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The file with another message, whose digest is right. */
function withMessage(message: Uint8Array): Uint8Array {
  const digest = createHash('sha256').update(message).digest();
  return Uint8Array.from([...encodeProgram(program).subarray(0, 8), ...digest, ...message]);
}

test.each(['a.program', 'a.program.gz'])('%s is written and read back', (name) => {
  const path = join(folder, name);
  writeProgram(path, program);
  expect(readProgram(path)).toStrictEqual(program);
  const bytes = readFileSync(path);
  expect(new Uint8Array(name.endsWith('.gz') ? gunzipSync(bytes) : bytes)).toEqual(encodeProgram(program));
});

test('a program that is not legal is not written', () => {
  const path = join(folder, 'illegal.program');
  const illegal = { ...program, outputs: [{ name: 'c', tensor: 99, codes: -1 }] };
  expect(() => writeProgram(path, illegal)).toThrow(ProgramError);
  expect(readdirSync(folder)).not.toContain('illegal.program');
});

test.each([
  ['an empty file', new Uint8Array(0)],
  ['an ONNX model', Uint8Array.from([8, 7, 18, 7, 112, 121, 116, 111, 114, 99, 104])],
  ['a text', new TextEncoder().encode('x = input f32 [1]\n')],
])('%s is refused as no program file', (_, bytes) => {
  expect(() => decodeProgram(bytes, 'it')).toThrow(/^it: is not a program file/);
});

test('every truncation is refused', () => {
  const bytes = encodeProgram(program);
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decodeProgram(bytes.subarray(0, length)), `${length} bytes`).toThrow(ProgramError);
  }
});

test('every flipped bit is noticed', () => {
  const bytes = encodeProgram(program);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = bytes.slice();
    damaged[bit >> 3] ^= 1 << (bit & 7);
    expect(() => decodeProgram(damaged), `bit ${bit}`).toThrow(ProgramError);
  }
});

test('a forged message gives a legal program or a ProgramError', () => {
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(arbitraryProgram({ unusual: true }), edits, fc.nat(), (original, changes, cut) => {
      const message = encodeProgram(original).slice(40);
      for (const [at, value] of changes) message[at % message.length] = value;
      const kept = cut % 3 === 0 ? message.subarray(0, cut % message.length) : message;
      try {
        verifyProgram(decodeProgram(withMessage(kept)));
      } catch (error) {
        expect(error).toBeInstanceOf(ProgramError);
        expect((error as Error).message).not.toContain('\n');
      }
    }),
    { numRuns: 500 },
  );
});

test('a newer version is refused by name', () => {
  const message = encodeProgram(program).slice(40);
  expect([...message.subarray(0, 2)]).toEqual([8, 1]);
  message[1] = 2;
  expect(() => decodeProgram(withMessage(message), 'it')).toThrow(/^it: .*version.* expected 1, got 2/);
});

test('a tensor that declares more than the file holds is refused', () => {
  const [x, w, ...rest] = program.tensors;
  const huge = { ...program, tensors: [x, { ...w, shape: [2 ** 31, 2 ** 31] }, ...rest] };
  expect(() => decodeProgram(encodeProgram(huge), 'it')).toThrow(/tensor "w".*too large/);
});

test('a file that is missing or no gzip file is named', () => {
  expect(() => readProgram(join(folder, 'missing.program'))).toThrow(InputError);
  const path = join(folder, 'cut.program.gz');
  writeFileSync(path, gzipSync(encodeProgram(program)).subarray(0, 60));
  expect(() => readProgram(path)).toThrow(/cut\.program\.gz/);
});
