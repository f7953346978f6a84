import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeProgram, encodeProgram } from '#src/program/file.js';
import { parseProgram } from '#src/program/parse.js';
import { printProgram } from '#src/program/print.js';
import type { Program } from '#src/program/program.js';
import { verifyProgram } from '#src/program/verify.js';
import { arbitraryProgram, opcodes } from './arbitrary.js';

const constantsOf = ({ tensors }: Program) =>
  new Map(tensors.flatMap(({ name, data }) => (data === undefined ? [] : [[name, data] as const])));

describe.each(opcodes)('%s', (op) => {
  const programs = arbitraryProgram({ opcodes: [op], longest: 2, unusual: true });

  test('random programs are legal', () => {
    fc.assert(
      fc.property(programs, (program) => {
        verifyProgram(program);
        expect(program.instructions.some((instruction) => instruction.op === op)).toBe(true);
      }),
    );
  });

  test('text and file give back the same program', () => {
    fc.assert(
      fc.property(programs, (program) => {
        const text = printProgram(program);
        const parsed = parseProgram(text, 'text', { constants: constantsOf(program) });
        expect(parsed).toStrictEqual(program);
        expect(printProgram(parsed)).toBe(text);
        const bytes = encodeProgram(program);
        const decoded = decodeProgram(bytes);
        expect(decoded).toStrictEqual(program);
        expect(encodeProgram(decoded)).toEqual(bytes);
      }),
      { numRuns: 50 },
    );
  });
});

test('chains of any instructions give back the same program', () => {
  fc.assert(
    fc.property(arbitraryProgram({ unusual: true }), (program) => {
      const text = printProgram(program);
      expect(parseProgram(text, 'text', { constants: constantsOf(program) })).toStrictEqual(program);
      expect(decodeProgram(encodeProgram(program))).toStrictEqual(program);
    }),
  );
});
