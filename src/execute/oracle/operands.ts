/** What the functions of the oracle work on: tensors with their storage, and checks that a program fits them. */
import { ProgramError } from '../../errors.js';
import { allocateCodes, type Codes, type Format, formatText } from '../../formats/format.js';
import type { Instruction } from '../../program/instructions.js';
import type { Program } from '../../program/program.js';
import type { Elements } from '../executor.js';

export interface Operand {
  readonly name: string;
  readonly shape: readonly number[];
  readonly format: Format | null;
  readonly data: Elements;
}

export interface Operands {
  /** The instruction's name, for errors. */
  readonly where: string;
  readonly inputs: readonly Operand[];
  readonly output: Operand;
}

/** Prepared once, run many times: reads the inputs' data, writes the output's. */
export type Run = () => void;

/** Everything but biases, whose codes may be wider than a float64 holds. */
export type Numbers = Exclude<Codes, BigInt64Array> | Float32Array;

export function product(sizes: readonly number[]): number {
  return sizes.reduce((result, size) => result * size, 1);
}

/** Throws a ProgramError naming the instruction unless the condition holds. */
export function check(
  condition: boolean,
  where: string,
  what: string,
  expected: string,
  got: string,
): asserts condition {
  if (!condition) throw new ProgramError({ where: `instruction "${where}"`, what, expected, got });
}

export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

/** Throws a ProgramError unless the operand has this shape. */
export function checkShape(where: string, operand: Operand, shape: readonly number[]): void {
  const same = operand.shape.length === shape.length && shape.every((size, i) => size === operand.shape[i]);
  check(same, where, `"${operand.name}" does not fit`, shapeText(shape), shapeText(operand.shape));
}

export function checkRank(where: string, operand: Operand, rank: number): void {
  const { name, shape } = operand;
  check(shape.length === rank, where, `"${name}" has the wrong rank`, `${rank} axes`, shapeText(shape));
}

/** Throws a ProgramError unless all operands are float32. */
export function checkFloat(where: string, operands: readonly Operand[]): void {
  for (const { name, format } of operands) {
    check(format === null, where, `"${name}" has the wrong type`, 'float32', describe(format));
  }
}

/** Throws a ProgramError unless all operands are codes with zero point 0. */
export function checkCodes(where: string, operands: readonly Operand[]): void {
  for (const { name, format } of operands) {
    const zero = format !== null && [format.zeroPoint].flat().every((entry) => entry === 0);
    check(zero, where, `"${name}" has the wrong type`, 'codes with zero point 0', describe(format));
  }
}

/** Throws a ProgramError unless all operands have one format, or none. */
export function checkSameFormat(where: string, operands: readonly Operand[]): void {
  const [first, ...others] = operands.map(({ format }) => describe(format));
  for (const other of others) check(other === first, where, 'formats differ', first, other);
}

function describe(format: Format | null): string {
  return format === null ? 'float32' : formatText(format);
}

/** The data of an operand that is no bias. */
export function numbers(where: string, { name, data, format }: Operand): Numbers {
  const wide = data instanceof BigInt64Array;
  check(!wide, where, `"${name}" is too wide`, 'at most 32 bits', wide ? describe(format) : '');
  return data;
}

/** Gives every tensor of a program its storage; constants keep theirs. */
export function allocateOperands(program: Program): Operand[] {
  return program.tensors.map(({ name, shape, format, data }) => {
    const length = product(shape);
    if (data !== undefined && data.length !== length) {
      throw new ProgramError({
        where: `tensor "${name}"`,
        what: 'has data that do not fill its shape',
        expected: `${length} elements`,
        got: String(data.length),
      });
    }
    const empty = () => (format === null ? new Float32Array(length) : allocateCodes(format, length));
    return { name, shape, format, data: data ?? empty() };
  });
}

/** The operands of an instruction. */
export function operandsOf(instruction: Instruction, all: readonly Operand[]): Operands {
  const where = instruction.name;
  const operand = (index: number) => {
    const found = all[index];
    check(
      found !== undefined,
      where,
      'names a tensor that is not there',
      `0 to ${all.length - 1}`,
      `${index}`,
    );
    return found;
  };
  return { where, inputs: instruction.inputs.map(operand), output: operand(instruction.output) };
}

/** Throws a ProgramError unless the instruction has between `least` and `most` inputs. */
export function checkInputs({ where, inputs }: Operands, least: number, most = least): void {
  const fits = inputs.length >= least && inputs.length <= most;
  const expected = least === most ? String(least) : `${least} to ${most}`;
  check(fits, where, 'has a wrong number of inputs', expected, String(inputs.length));
}
