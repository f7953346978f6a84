/** Multiply-accumulates of programs. */
import type { Instruction } from '../program/instructions.js';
import type { Program } from '../program/program.js';
import { elementCount } from '../program/shapes.js';

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
