/**
 * The integer part of a program: what lies between the quantisation of its inputs and the float32 operators at its ends. Programs
 * that go through float32 between codes have none.
 */
import { ProgramError } from '../../errors.js';
import { follow } from '../../graph/walk.js';
import type { Instruction } from '../../program/instructions.js';
import type { Program } from '../../program/program.js';

export interface IntegerPart {
  readonly instructions: readonly Instruction[];
  /** Tensors of codes that the part starts from, and ends with, and their names. */
  readonly inputs: readonly NamedTensor[];
  readonly outputs: readonly NamedTensor[];
}

export interface NamedTensor {
  readonly name: string;
  readonly tensor: number;
}

/** Throws a ProgramError naming the first float32 instruction that is in the way. */
export function cutIntegerPart(program: Program): IntegerPart {
  const { tensors } = program;
  const inputs: NamedTensor[] = program.inputs.filter(({ tensor }) => tensors[tensor].format !== null);
  const instructions: Instruction[] = [];
  /** Tensors that depend on codes; of float32 ones also the first instruction behind the codes. */
  const codes = new Set(inputs.map(({ tensor }) => tensor));
  const floats = new Map<number, Instruction>();
  for (const instruction of program.instructions) {
    const { op, output } = instruction;
    const behindCodes = instruction.inputs.some((input) => codes.has(input) || floats.has(input));
    const isCodes = tensors[output].format !== null;
    if (isCodes) codes.add(output);
    if (isCodes && op === 'quantize') {
      if (behindCodes) throw inTheWay(floats.get(instruction.inputs[0])!, instruction);
      inputs.push(inputPort(program, instruction));
    } else if (isCodes) {
      const real = instruction.inputs.find((input) => tensors[input].format === null);
      if (real !== undefined) throw inTheWay(floats.get(real) ?? instruction, instruction);
      instructions.push(instruction);
    } else if (behindCodes) {
      const first = instruction.inputs.map((input) => floats.get(input)).find((entry) => entry !== undefined);
      floats.set(output, first === undefined || first.op === 'dequantize' ? instruction : first);
    }
  }
  return { instructions, inputs, outputs: findOutputs(program) };
}

/** The codes that a port of real values becomes have its name where there are no others. */
function inputPort({ inputs, instructions, tensors }: Program, quantize: Instruction): NamedTensor {
  const [x] = quantize.inputs;
  const port = inputs.find(({ tensor }) => tensor === x);
  const readers = instructions.filter((entry) => entry.inputs.includes(x));
  const name = port !== undefined && readers.length === 1 ? port.name : tensors[quantize.output].name;
  return { name, tensor: quantize.output };
}

/** The codes behind each output, and all others that a float tail starts from. */
function findOutputs({ outputs, instructions, tensors }: Program): NamedTensor[] {
  const found = new Map<number, string>();
  for (const { name, tensor, codes } of outputs) {
    if (codes < 0)
      throw new ProgramError({ where: `output "${name}"`, what: 'is computed in float32 throughout' });
    if (codes === tensor || !found.has(codes))
      found.set(codes, codes === tensor ? name : tensors[codes].name);
  }
  const sources = new Map<number, number>();
  for (const { op, inputs, output } of instructions)
    if (op === 'transpose' || op === 'reshape') sources.set(output, inputs[0]);
  const root = (tensor: number): number => [...follow(tensor, (moved) => sources.get(moved))].at(-1)!;
  const known = new Set([...found.keys()].map(root));
  for (const { op, inputs } of instructions) {
    const [tensor] = inputs;
    if (op !== 'dequantize' || known.has(root(tensor))) continue;
    known.add(root(tensor));
    found.set(tensor, tensors[tensor].name);
  }
  return [...found].map(([tensor, name]) => ({ name, tensor }));
}

function inTheWay(first: Instruction, quantize: Instruction): ProgramError {
  const { name, op } = first.op === 'dequantize' ? quantize : first;
  return new ProgramError({ where: `"${name}" (${op})`, what: 'computes in float32 between codes' });
}
