/** What the functions of the oracle work on: tensors with their storage, and checks that a program fits them. */
import { ExecutionError, ProgramError } from '../../errors.js';
import { createChannelIndex } from '../../formats/convert.js';
import {
  allocateCodes,
  at,
  type Codes,
  checkFormat,
  codeRange,
  type Format,
  formatText,
} from '../../formats/format.js';
import type { Instruction } from '../../program/instructions.js';
import type { Program } from '../../program/program.js';
import { elementCount } from '../../shape.js';
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

/** 4 GiB of float32, all that WASM can address. */
const MOST_ELEMENTS = 2 ** 30;

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

/** Throws a ProgramError unless all operands are codes. */
export function checkCodes(where: string, operands: readonly Operand[]): void {
  for (const { name, format } of operands) {
    check(format !== null, where, `"${name}" has the wrong type`, 'codes', describe(format));
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

/** The data of an operand that is no bias: float32, or codes of at most 32 bits. */
export function numbers(where: string, { name, data, format }: Operand): Numbers {
  const narrow = !(data instanceof BigInt64Array) && (format === null || format.bits <= 32);
  check(narrow, where, `"${name}" is too wide`, 'codes of at most 32 bits', describe(format));
  return data;
}

/** Reads codes as integers above their zero point. */
export function createCentred(where: string, operand: Operand): () => Int32Array {
  const data = numbers(where, operand);
  const { format, shape } = operand;
  if (format === null) return () => Int32Array.from(data);
  const channelOf = createChannelIndex(shape, format);
  const { zeroPoint } = format;
  return () => Int32Array.from(data, (code, element) => code - at(zeroPoint, channelOf(element)));
}

/** What keeps elements from being those of a tensor; undefined where they are. */
export function findMismatch(
  elements: Elements,
  length: number,
  format: Format | null,
): { what: string; expected: string; got: string } | undefined {
  if (elements.length !== length) {
    return { what: 'has a wrong length', expected: String(length), got: String(elements.length) };
  }
  if ((format === null) !== elements instanceof Float32Array) {
    const expected = format === null ? 'float32' : 'integer codes';
    return { what: 'has the wrong type', expected, got: elements.constructor.name };
  }
  if (format === null) return undefined;
  const { low, high } = codeRange(format);
  for (const code of elements) {
    if (code >= low && code <= high) continue;
    return { what: 'is out of range', expected: `${low} to ${high}`, got: String(code) };
  }
  return undefined;
}

/** Gives every tensor of a program its storage; constants keep theirs. Throws a ProgramError naming the tensor. */
export function allocateOperands(program: Program): Operand[] {
  return program.tensors.map(({ name, shape, format, data }) => {
    const where = `tensor "${name}"`;
    const length = elementCount(shape);
    const legal = shape.every((size) => Number.isInteger(size) && size >= 0) && length <= MOST_ELEMENTS;
    if (!legal) {
      const expected = `sizes from 0 with a product up to ${MOST_ELEMENTS}`;
      throw new ProgramError({ where, what: 'has a wrong shape', expected, got: shapeText(shape) });
    }
    if (format !== null) checkFormat(format, where);
    const mismatch = data && findMismatch(data, length, format);
    if (mismatch !== undefined) throw new ProgramError({ where, ...mismatch });
    return { name, shape, format, data: data ?? allocate(where, length, format) };
  });
}

function allocate(where: string, length: number, format: Format | null): Elements {
  try {
    return format === null ? new Float32Array(length) : allocateCodes(format, length);
  } catch (cause) {
    throw new ExecutionError({
      where,
      what: 'needs more memory than there is',
      got: `${length} elements`,
      cause,
    });
  }
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
