/** Drops instructions and tensors that no output depends on, and renumbers what is left. */
import type { Instruction } from '../program/instructions.js';
import type { Program } from '../program/program.js';

export function removeUnused(program: Program): Program {
  const used = new Set<number>(program.inputs.map((port) => port.tensor));
  for (const { tensor, codes } of program.outputs) {
    used.add(tensor);
    if (codes >= 0) used.add(codes);
  }
  const instructions: Instruction[] = [];
  for (const instruction of program.instructions.toReversed()) {
    if (!used.has(instruction.output)) continue;
    for (const input of instruction.inputs) used.add(input);
    instructions.push(instruction);
  }
  const kept = program.tensors.map((_, index) => index).filter((index) => used.has(index));
  const renumbered = new Map(kept.map((old, index) => [old, index]));
  const index = (old: number) => (old < 0 ? old : renumbered.get(old)!);
  return {
    ...program,
    tensors: kept.map((old) => program.tensors[old]),
    instructions: instructions.toReversed().map((instruction) => ({
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
