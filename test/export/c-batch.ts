/** Compiles exported programs with a main function around them, once for many, and runs them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Elements } from '#src/execute/executor.js';
import { storageOf } from '#src/export/c/library.js';
import { type NamedProgram, writeC } from '#src/export/c/write-c.js';
import { allocateCodes } from '#src/formats/format.js';
import type { Program } from '#src/program/program.js';
import { elementCount } from '#src/shape.js';
import { findTool, toolTest } from '../tools.js';

/** A test that compiles C: skipped, by name, where there is no gcc; a failure there under CI. */
export const compilerTest = toolTest(findTool('gcc'));

/** Every warning is an error, undefined behaviour and stray accesses end the program. */
const FLAGS =
  '-std=c99 -Wall -Wextra -Werror -O1 -fsanitize=address,undefined -fno-sanitize-recover=all'.split(' ');

export interface Case {
  readonly program: Program;
  /** For each run, the arrays of the program's inputs. */
  readonly samples: readonly (readonly Elements[])[];
}

/** What an exported program returned, and its outputs where it returned 0. */
export interface Returned {
  readonly status: number;
  readonly outputs: readonly Elements[];
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Elements) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Reads all inputs from one file, runs each program once, writes status and outputs to another. */
function mainText(programs: readonly NamedProgram[], cases: readonly Case[]): string {
  const runs = programs.map(({ name, program }, index) => {
    const ports = [...program.inputs, ...program.outputs].map(({ tensor }, index) => {
      const { shape } = program.tensors[tensor];
      const { type } = storageOf(program.tensors[tensor]);
      return { name: `${name}_port${index}`, type, size: elementCount(shape) };
    });
    const move = (call: string, from: number, to?: number) =>
      ports.slice(from, to).map((port) => `  ${call}(${port.name}, ${port.size} * sizeof(${port.type}));`);
    const inputs = program.inputs.length;
    return {
      arrays: ports.map((port) => `static ${port.type} ${port.name}[${Math.max(port.size, 1)}];`),
      statements: [
        `  for (int sample = 0; sample < ${cases[index].samples.length}; sample++) {`,
        ...move('take', 0, inputs),
        `  status = ${name}_run(${ports.map((port) => port.name).join(', ')});`,
        '  give(&status, sizeof status);',
        ...move('give', inputs),
        '  }',
      ],
    };
  });
  return `#include <stdio.h>
#include <stdlib.h>
static FILE *in, *out;
static void take(void *data, size_t size) { if (fread(data, 1, size, in) != size) exit(3); }
static void give(const void *data, size_t size) { if (fwrite(data, 1, size, out) != size) exit(4); }
${runs.flatMap(({ arrays }) => arrays).join('\n')}
int main(int count, char **names)
{
  if (count != 3 || !(in = fopen(names[1], "rb")) || !(out = fopen(names[2], "wb"))) return 2;
  int32_t status;
${runs.flatMap(({ statements }) => statements).join('\n')}
  return fclose(out);
}
`;
}

/** Compiles all programs as one C file and runs each on its samples. */
export function runInC(cases: readonly Case[]): Returned[][] {
  const folder = mkdtempSync(join(tmpdir(), 'dynafix-c-'));
  try {
    const named = cases.map(({ program }, index) => ({ name: `p${index}`, program }));
    const [source, binary, given, taken] = ['all.c', 'all', 'in', 'out'].map((name) => join(folder, name));
    writeFileSync(source, `${writeC(named)}\n${mainText(named, cases)}`);
    execFileSync('gcc', [...FLAGS, source, '-o', binary], { stdio: ['ignore', 'ignore', 'pipe'] });
    const bytes = cases.flatMap(({ samples }) => samples.flatMap((inputs) => inputs.map(bytesOf)));
    writeFileSync(given, Buffer.concat(bytes));
    execFileSync(binary, [given, taken], { stdio: ['ignore', 'ignore', 'pipe'] });
    return readOutputs(cases, readFileSync(taken));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readOutputs(cases: readonly Case[], bytes: Buffer): Returned[][] {
  let at = 0;
  const take = (program: Program): Returned => {
    const status = bytes.readInt32LE(at);
    at += 4;
    const outputs = program.outputs.map(({ tensor }) => {
      const { format, shape } = program.tensors[tensor];
      const length = elementCount(shape);
      const elements = format === null ? new Float32Array(length) : allocateCodes(format, length);
      bytesOf(elements).set(bytes.subarray(at, at + elements.byteLength));
      at += elements.byteLength;
      return elements;
    });
    return { status, outputs };
  };
  return cases.map(({ program, samples }) => samples.map(() => take(program)));
}
