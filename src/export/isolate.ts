/** One instruction as a program of its own, to compute it again with other arithmetic. */
import { DynafixError, ProgramError } from '../errors.js';
import type { Elements, Executor } from '../execute/executor.js';
import { createOracle } from '../execute/oracle/oracle.js';
import { createWasmExecutor } from '../execute/wasm/executor.js';
import type { Instruction } from '../program/instructions.js';
import type { Program, ProgramTensor } from '../program/program.js';

/** A program of one instruction. Its ports are the operands that are no constants, in order, each once. */
export interface Isolated {
  readonly program: Program;
  /** For each port, the tensor in the program that it comes from. */
  readonly sources: readonly number[];
}

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

/** The same with another instruction; `change` returns it. */
export function withInstruction(
  program: Program,
  change: (instruction: Instruction) => Instruction,
): Program {
  return { ...program, instructions: program.instructions.map(change) };
}

/** The same with other tensors. */
export function withTensor(program: Program, index: number, change: Partial<ProgramTensor>): Program {
  return { ...program, tensors: program.tensors.with(index, { ...program.tensors[index], ...change }) };
}

/** Output of a program of one instruction; undefined where there is none, for it is not legal or overflows. */
export function evaluate(program: Program, inputs: readonly Elements[]): Elements | undefined {
  try {
    return createFastest(program).run(inputs)[0];
  } catch (error) {
    if (error instanceof DynafixError) return undefined;
    throw error;
  }
}

/** The kernels, or the oracle for what they do not run. */
export function createFastest(program: Program): Executor {
  try {
    return createWasmExecutor(program);
  } catch (error) {
    if (error instanceof ProgramError) return createOracle(program);
    throw error;
  }
}
