/** One instruction as a program of its own. */
import type { Instruction } from './instructions.js';
import type { Program } from './program.js';

/** A program of one instruction. Its ports are the operands that are no constants, in order, each once. */
export interface Isolated {
  readonly program: Program;
  /** For each port, the tensor in the program that it comes from. */
  readonly sources: readonly number[];
}

/** The program of the instruction `index`, whose name it has. */
export function isolate(program: Program, index: number): Isolated {
  const instruction = program.instructions[index];
  const used = [...new Set([...instruction.inputs, instruction.output])];
  const place = (tensor: number) => used.indexOf(tensor);
  const sources = used.filter(
    (tensor) => tensor !== instruction.output && program.tensors[tensor].data === undefined,
  );
  const output = place(instruction.output);
  const own: Instruction = { ...instruction, inputs: instruction.inputs.map(place), output };
  const { name, format } = program.tensors[instruction.output];
  return {
    sources,
    program: {
      name: instruction.name,
      tensors: used.map((tensor) => program.tensors[tensor]),
      instructions: [own],
      inputs: sources.map((tensor) => ({ name: program.tensors[tensor].name, tensor: place(tensor) })),
      outputs: [{ name, tensor: output, codes: format === null ? -1 : output }],
      metadata: {},
    },
  };
}
