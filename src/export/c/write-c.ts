/**
 * Programs as one self-contained C99 file: constants, the functions that the instructions need, and one entry point for
 * each program, which gives the oracle's bytes.
 */
import { planMemory } from '../../execute/memory-plan.js';
import { codeRange } from '../../formats/format.js';
import type { Program } from '../../program/program.js';
import { verifyProgram } from '../../program/verify.js';
import { elementCount } from '../../shape.js';
import { argumentsOf } from './context.js';
import { writeInstruction } from './instructions.js';
import { type Names, nameProgram, prototypeText } from './interface.js';
import { createLibrary, type Library, storageOf } from './library.js';
import { commentText, elementsText, wrapText } from './text.js';

/** A program and the C identifier that the names of its entry point and constants start with. */
export interface NamedProgram {
  readonly name: string;
  readonly program: Program;
}

/** Every dependence on the compiler that could change a float. */
const FLOAT_GUARD = `
#if defined(__FAST_MATH__) || FLT_EVAL_METHOD != 0
#error "float32 must be computed as it is written: no -ffast-math, no wider registers"
#endif
#if defined(__clang__) || !defined(__GNUC__)
#pragma STDC FP_CONTRACT OFF
#elif !defined(__STRICT_ANSI__)
#error "gcc fuses multiplications and additions outside of -std=c99: give that option"
#endif
`;

/** Text of the C file. Throws a ProgramError naming the instruction that C cannot compute. */
export function writeC(programs: readonly NamedProgram[]): string {
  const library = createLibrary();
  const texts = programs.map((named) => writeProgram(named, library));
  const float = programs.some(({ program }) => program.tensors.some(({ format }) => format === null));
  const functions = library.text();
  const includes = [
    'stddef.h',
    'stdint.h',
    ...(functions.includes('NAN') || float ? ['float.h', 'math.h'] : []),
  ];
  if (/\bmem(cpy|move)\(/.test(functions + texts.join(''))) includes.push('string.h');
  const names = programs.map(({ name }) => commentText(name)).join(', ');
  return `/* Written by dynafix: ${names}. Integer results are exact, whatever the compiler and the machine. */
${includes.map((file) => `#include <${file}>`).join('\n')}
${float ? FLOAT_GUARD : ''}
/* What the instructions need. */

${functions}

${texts.join('\n')}`;
}

/** The parts of one program: constants, descriptions, entry point. */
function writeProgram({ name, program }: NamedProgram, library: Library): string {
  verifyProgram(program);
  const { tensors, instructions, inputs, outputs } = program;
  const { tensors: names, outputs: outputNames } = nameProgram(program);
  const constantName = (tensor: number) => `${name}_${names[tensor]}`;
  const results = placeResults(program, outputNames);
  const arena = planArena(program, results.direct);
  const pointerOf = (tensor: number) =>
    tensors[tensor].data === undefined ? names[tensor] : constantName(tensor);

  const descriptions: string[] = [];
  const calls = instructions.map((instruction, index) => {
    let count = 0;
    const lines: string[] = [];
    const call = writeInstruction(instruction, {
      library,
      program,
      ...argumentsOf(instruction, program, pointerOf),
      describe(type, text) {
        const list = !type.startsWith('struct');
        const own = `${name}_${names[instruction.output]}_${type.replace('struct ', '')}${count++ || ''}`;
        lines.push(
          `static const ${type} ${own}${list ? '[]' : ''} = ${text};`
            .split('\n')
            .map((line) => wrapText(line))
            .join('\n'),
        );
        return list ? own : `&${own}`;
      },
    });
    const { op, operator, name: own } = instruction;
    const comment = `/* ${commentText(`${index}: ${op} "${own}"${operator && `, ${operator}`}`)} */`;
    if (lines.length > 0) descriptions.push([comment, ...lines].join('\n'));
    const failed = call.fails ? `if (${call.text}) return ${index + 1};` : `${call.text};`;
    return `\n  ${comment}\n${failed
      .split('\n')
      .map((line) => wrapText(`  ${line.trimStart()}`))
      .join('\n')}`;
  });
  const read = new Set([
    ...instructions.flatMap((one) => one.inputs),
    ...outputs.map(({ tensor }) => tensor),
  ]);
  const constants = tensors.flatMap(({ data, ...tensor }, index) =>
    data === undefined || !read.has(index)
      ? []
      : [
          `/* ${commentText(tensor.name)}: [${tensor.shape.join(', ')}] */\nstatic const ${storageOf(tensor).type} ${constantName(index)}[] = ${elementsText(data)};`,
        ],
  );
  const pointers = arena.places.map(({ tensor, offset }) => {
    const { type, short, bytes } = storageOf(tensors[tensor]);
    return `  ${type} *const ${names[tensor]} = ${name}_arena.${short} + ${offset / bytes};`;
  });
  const aliases = [...results.direct].map(([tensor, result]) => {
    const { type } = storageOf(tensors[tensor]);
    return `  ${type} *const ${names[tensor]} = ${result};`;
  });
  const unread = inputs
    .filter(({ tensor }) => !read.has(tensor))
    .map(({ tensor }) => `  (void)${names[tensor]};`);
  const copies = results.copied.map(({ tensor, result }) => {
    const { type } = storageOf(tensors[tensor]);
    return `  memcpy(${result}, ${pointerOf(tensor)}, ${elementCount(tensors[tensor].shape)} * sizeof(${type}));`;
  });
  const checks = inputs.flatMap(({ tensor }, index) => {
    const check = rangeCheck(program, tensor, names[tensor], library);
    return check === undefined ? [] : [`  if (${check}) return -${index + 1};`];
  });
  return [
    `/* ${'-'.repeat(100)}\n   ${commentText(program.name)} */`,
    ...constants,
    ...descriptions,
    arena.text(name),
    `${prototypeText(name, program)};`,
    `${prototypeText(name, program)}
{
${[...pointers, ...aliases, ...unread, ...checks, ...calls, ...copies].join('\n')}
  return 0;
}
`,
  ].join('\n\n');
}

/** Where outputs go: a computed tensor lies in its first port's array; what else a port gives is copied there. */
function placeResults(program: Program, names: Names['outputs']) {
  const computed = new Set(program.instructions.map(({ output }) => output));
  const direct = new Map<number, string>();
  const copied: { tensor: number; result: string }[] = [];
  for (const [port, { tensor }] of program.outputs.entries()) {
    if (computed.has(tensor) && !direct.has(tensor)) direct.set(tensor, names[port]);
    else copied.push({ tensor, result: names[port] });
  }
  return { direct, copied };
}

/** The arena of a program: a place for every computed tensor that is no output. */
function planArena({ tensors, instructions }: Program, direct: ReadonlyMap<number, string>) {
  const last = new Map<number, number>();
  for (const [index, { inputs, output }] of instructions.entries())
    for (const tensor of [...inputs, output]) last.set(tensor, index);
  const own = instructions
    .map(({ output }, first) => ({ output, first }))
    .filter(({ output }) => !direct.has(output));
  const bytesOf = (tensor: number) => elementCount(tensors[tensor].shape) * storageOf(tensors[tensor]).bytes;
  const plan = planMemory(
    own.map(({ output, first }) => ({ bytes: bytesOf(output), first, last: last.get(output)! })),
  );
  const storages = new Map(
    own.map(({ output }) => [storageOf(tensors[output]).short, storageOf(tensors[output])]),
  );
  const members = [...storages.values()].map(
    ({ type, short, bytes }) => `${type} ${short}[${Math.max(1, plan.bytes / bytes)}];`,
  );
  return {
    places: own.map(({ output }, index) => ({ tensor: output, offset: plan.offsets[index] })),
    text: (name: string) =>
      members.length === 0
        ? '/* No arena: nothing lies between the inputs and the outputs. */'
        : `/* Where intermediate tensors lie; those that are never needed together share bytes. */
static union { ${members.join(' ')} } ${name}_arena;`,
  };
}

/** The check that an input's codes lie in their format; undefined where the C type cannot hold others. */
function rangeCheck(program: Program, tensor: number, name: string, library: Library): string | undefined {
  const { format, shape } = program.tensors[tensor];
  const { type, short, bytes } = storageOf(program.tensors[tensor]);
  if (format === null || (format.bits === 8 * bytes && !format.narrow)) return undefined;
  const outside = library.define(
    `outside_${short}`,
    () => `
/* 1 where a code is none of its format */
static int outside_${short}(const ${type} *x, size_t count, int low, int high)
{
  for (size_t i = 0; i < count; i++)
    if (x[i] < low || x[i] > high) return 1;
  return 0;
}`,
  );
  const { low, high } = codeRange(format);
  return `${outside}(${name}, ${elementCount(shape)}, ${low}, ${high})`;
}
