/** What the functions that write one instruction work with. */
import { ProgramError } from '../../errors.js';
import type { Instruction } from '../../program/instructions.js';
import type { Program, ProgramTensor } from '../../program/program.js';
import { type Library, type Storage, storageOf } from './library.js';

/** A tensor as an argument: where it lies, and how. */
export interface Argument {
  /** C expression of a pointer to its first element. */
  readonly pointer: string;
  readonly storage: Storage;
  readonly tensor: ProgramTensor;
}

/** The call of one instruction; one that can fail is an int, not 0 where it does. */
export interface Call {
  readonly text: string;
  readonly fails: boolean;
}

export interface Context {
  readonly library: Library;
  readonly program: Program;
  readonly inputs: readonly Argument[];
  readonly output: Argument;
  /** Adds `static const TYPE NAME = TEXT;`, a description of the instruction, and returns `&NAME`; a list without the &. */
  describe(type: string, text: string): string;
}

/** Makes the arguments of an instruction; `pointerOf` says where a tensor lies. */
export function argumentsOf(
  instruction: Instruction,
  program: Program,
  pointerOf: (tensor: number) => string,
): { inputs: Argument[]; output: Argument } {
  const argument = (index: number): Argument => {
    const tensor = program.tensors[index];
    return { pointer: pointerOf(index), storage: storageOf(tensor), tensor };
  };
  return { inputs: instruction.inputs.map(argument), output: argument(instruction.output) };
}

/** `NAME_i8_i8_f32`: the name of a function for operands that are stored so. */
export function typedName(name: string, ...operands: readonly Argument[]): string {
  return [name, ...operands.map(({ storage }) => storage.short)].join('_');
}

/** The one zero point of a tensor's codes. Throws a ProgramError naming the instruction where there are several. */
export function zeroPointOf(instruction: Instruction, { tensor }: Argument): number {
  const zeroPoint = tensor.format?.zeroPoint ?? 0;
  if (typeof zeroPoint === 'number') return zeroPoint;
  throw new ProgramError({
    where: `instruction "${instruction.name}"`,
    what: `cannot be written in C: "${tensor.name}" has a zero point per channel`,
  });
}

/** `pointer[i]` less the zero point, as an expression. */
export function codeText(expression: string, zeroPoint: string | number): string {
  return zeroPoint === 0 ? expression : `(${expression} - ${zeroPoint})`;
}
