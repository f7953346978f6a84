/** Programs put together from numbers, instruction by instruction. */

import { accumulatorRange, bitsFor } from '#src/compile/ranges.js';
import type { Elements } from '#src/execute/executor.js';
import { allocateCodes, codeRange, type Format } from '#src/formats/format.js';
import type { Instruction, Instructions, Opcode } from '#src/program/instructions.js';
import type { Program, ProgramTensor } from '#src/program/program.js';

export interface SmallProgram {
  input(format: Format, shape: readonly number[]): number;
  constant(format: Format, shape: readonly number[], values: ArrayLike<number>): number;
  emit<K extends Opcode>(
    op: K,
    fields: Instructions[K],
    inputs: readonly number[],
    format: Format,
    shape: readonly number[],
  ): number;
  shape(tensor: number): readonly number[];
  format(tensor: number): Format;
  finish(output: number): Program;
}

export function createSmallProgram(name: string): SmallProgram {
  const tensors: ProgramTensor[] = [];
  const instructions: Instruction[] = [];
  const inputs: number[] = [];
  const add = (tensor: Omit<ProgramTensor, 'name'>) =>
    tensors.push({ name: `t${tensors.length}`, ...tensor }) - 1;
  return {
    input(format, shape) {
      const index = add({ format, shape });
      inputs.push(index);
      return index;
    },
    constant: (format, shape, values) => add({ format, shape, data: elementsOf(format, values) }),
    emit(op, fields, operands, format, shape) {
      const output = add({ format, shape });
      const names = { name: `${op}${instructions.length}`, node: '', operator: '' };
      instructions.push({ op, ...names, inputs: operands, output, ...fields } as Instruction);
      return output;
    },
    shape: (tensor) => tensors[tensor].shape,
    format: (tensor) => tensors[tensor].format!,
    finish: (output) => ({
      name,
      tensors,
      instructions,
      inputs: inputs.map((tensor) => ({ name: tensors[tensor].name, tensor })),
      outputs: [{ name: tensors[output].name, tensor: output, codes: output }],
      metadata: {},
    }),
  };
}

/** The width that sums of products with weights, given above their zero point, and bias can reach. */
export function reachedBits(
  input: Format,
  outputs: number,
  weights: readonly number[],
  bias: readonly number[] | undefined,
): number {
  const { low, high } = codeRange(input);
  const zero = Number(input.zeroPoint);
  return bitsFor(accumulatorRange(weights, outputs, bias, { low: low - zero, high: high - zero }));
}

/** Codes in the storage of their format. */
export function elementsOf(format: Format, values: ArrayLike<number>): Elements {
  const codes = allocateCodes(format, values.length);
  for (let i = 0; i < values.length; i++)
    codes[i] = codes instanceof BigInt64Array ? BigInt(values[i]) : values[i];
  return codes;
}
