/** Programs with other arithmetic or operands, and what they give. */
import { DynafixError, ProgramError } from '../errors.js';
import type { Elements, Executor } from '../execute/executor.js';
import { createOracle } from '../execute/oracle/oracle.js';
import { createWasmExecutor } from '../execute/wasm/executor.js';
import type { Instruction } from '../program/instructions.js';
import type { Program, ProgramTensor } from '../program/program.js';

/** A program of one instruction with another; `change` returns it. */
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
