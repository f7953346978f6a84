/** Drops instructions and tensors that no output depends on, and renumbers what is left. */
import { breadthFirst } from '../graph/walk.js';
import type { Program } from '../program/program.js';

export function removeUnused(program: Program): Program {
  const producers = new Map(program.instructions.map((instruction) => [instruction.output, instruction]));
  const inputs = program.inputs.map((port) => port.tensor);
  const outputs = program.outputs.flatMap(({ tensor, codes }) => (codes >= 0 ? [tensor, codes] : [tensor]));
  const used = breadthFirst([...inputs, ...outputs], (tensor) => producers.get(tensor)?.inputs ?? []);
  const kept = program.tensors.map((_, index) => index).filter((index) => used.has(index));
  const renumbered = new Map(kept.map((old, index) => [old, index]));
  const index = (old: number) => (old < 0 ? old : renumbered.get(old)!);
  return {
    ...program,
    tensors: kept.map((old) => program.tensors[old]),
    instructions: program.instructions
      .filter(({ output }) => used.has(output))
      .map((instruction) => ({
        ...instruction,
        inputs: instruction.inputs.map(index),
        output: index(instruction.output),
      })),
    inputs: program.inputs.map((port) => ({ ...port, tensor: index(port.tensor) })),
    outputs: program.outputs.map((port) => ({
      ...port,
      tensor: index(port.tensor),
      codes: index(port.codes),
    })),
  };
}
