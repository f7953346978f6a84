/** Which element an instruction fails at: the one that the oracle names. */
import { ExecutionError } from '../../errors.js';
import type { Program } from '../../program/program.js';
import { createOracle } from '../oracle/oracle.js';
import type { Failure } from './failure.js';

/** Runs an instruction that failed in a kernel on the oracle, which throws the ExecutionError that the definition asks for. */
export function failAsOracle({ program, instruction: index, element, read }: Failure): never {
  const instruction = program.instructions[index];
  const used = [...new Set([...instruction.inputs, instruction.output])];
  const own = (tensor: number) => used.indexOf(tensor);
  const computed = used.filter(
    (tensor) => tensor !== instruction.output && program.tensors[tensor].data === undefined,
  );
  const alone: Program = {
    ...program,
    tensors: used.map((tensor) => program.tensors[tensor]),
    instructions: [{ ...instruction, inputs: instruction.inputs.map(own), output: own(instruction.output) }],
    inputs: computed.map((tensor) => ({ name: program.tensors[tensor].name, tensor: own(tensor) })),
    outputs: [],
  };
  createOracle(alone).run(computed.map(read));
  throw new ExecutionError({
    where: `instruction "${instruction.name}", element ${element}`,
    what: 'fails in the kernels and not by definition',
  });
}
