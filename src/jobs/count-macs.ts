/** Multiply-accumulates of programs. */
import type { Instruction } from '../program/instructions.js';
import type { Program } from '../program/program.js';
import { elementCount } from '../shape.js';

function macsOf(program: Program, { op, inputs, output }: Instruction): number {
  const outputs = elementCount(program.tensors[output].shape);
  const { shape } = program.tensors[inputs[1]] ?? { shape: [] };
  if (op === 'matmul') return outputs * shape[shape.length - 2];
  if (op !== 'convolution' && op !== 'gemm') return 0;
  return outputs * elementCount(shape.slice(1));
}

/** Products of convolution, gemm and matmul in one run. */
export function countMacs(program: Program): number {
  return program.instructions.reduce((sum, instruction) => sum + macsOf(program, instruction), 0);
}

/** Those in which an operand has more than 8 bits, float32 included. */
export function countWideMacs(program: Program): number {
  const isWide = (tensor: number) => (program.tensors[tensor].format?.bits ?? 32) > 8;
  return program.instructions.reduce((sum, instruction) => {
    const wide = instruction.inputs.slice(0, 2).some(isWide);
    return wide ? sum + macsOf(program, instruction) : sum;
  }, 0);
}
