import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeProgram, encodeProgram } from '#src/program/file.js';
import { parseProgram } from '#src/program/parse.js';
import { printInstruction, printProgram } from '#src/program/print.js';
import type { Program } from '#src/program/program.js';
import { verifyProgram } from '#src/program/verify.js';
import { arbitraryProgram, opcodes } from './arbitrary.js';

const constantsOf = ({ tensors }: Program) =>
  new Map(tensors.flatMap(({ name, data }) => (data === undefined ? [] : [[name, data] as const])));

/** Rows of the table of instructions in docs/program.md: the words in the code of each, with those that its text refers to. */
const page = readFileSync(new URL('../../docs/program.md', import.meta.url), 'utf8');
const codeWords = (text: string) => Array.from(text.matchAll(/`(\w+)[^`]*`/g), ([, word]) => word);
const rowOf = (op: string) => page.split('\n').find((line) => line.split('|')[1]?.includes(`\`${op}\``))!;
const products = codeWords(/\*Products\*:.*?fused activation/s.exec(page)![0]);

function documentedWords(op: string): string[] {
  const cell = rowOf(op).split('|').slice(2).join('|');
  return [
    ...codeWords(cell),
    ...(/\*(requantisation|products)\*/.test(cell) ? ['scaling', 'overflow'] : []),
    ...(cell.includes('*products*') ? products : []),
    ...(cell.includes('as `maxPool`') ? codeWords(rowOf('maxPool')) : []),
  ];
}

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

test.each(opcodes)('docs/program.md names every word of %s', (op) => {
  const known = documentedWords(op);
  fc.assert(
    fc.property(arbitraryProgram({ opcodes: [op], longest: 2, unusual: true }), (program) => {
      for (const instruction of program.instructions.filter((entry) => entry.op === op)) {
        const words = printInstruction(instruction, program)
          .split(' -> ')[0]
          .matchAll(/ (\w+)=/g);
        expect(known).toEqual(expect.arrayContaining(Array.from(words, ([, word]) => word)));
      }
    }),
    { numRuns: 30 },
  );
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
