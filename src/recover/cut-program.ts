/** A program cut into parts that run one after the other, so that what stands between them can be looked at and changed. */
import type { Instruction } from '../program/instructions.js';
import type { Program } from '../program/program.js';

/** A part of a program as a program of its own; tensors keep their names. */
export interface Part {
  readonly program: Program;
  /** What it reads and what later parts read of it, as tensors of the whole program, in the order of its ports. */
  readonly reads: readonly number[];
  readonly writes: readonly number[];
}

/** The instructions from `first` up to `end`, without `end`, as a program whose ports are tensors as they are stored. */
export function cutProgram(program: Program, first: number, end: number): Part {
  const { tensors, instructions } = program;
  const inside = instructions.slice(first, end);
  const computed = new Set(inside.map(({ output }) => output));
  const used = new Set(inside.flatMap(({ inputs }) => inputs));
  const reads = ascending(
    [...used].filter((tensor) => !computed.has(tensor) && tensors[tensor].data === undefined),
  );
  const later = new Set(instructions.slice(end).flatMap(({ inputs }) => inputs));
  for (const { tensor } of program.outputs) later.add(tensor);
  const writes = ascending([...computed].filter((tensor) => later.has(tensor)));
  const kept = ascending([...new Set([...used, ...computed])]);
  const place = new Map(kept.map((tensor, index) => [tensor, index]));
  const port = (tensor: number) => ({ name: tensors[tensor].name, tensor: place.get(tensor)! });
  const part: Program = {
    name: program.name,
    tensors: kept.map((tensor) => tensors[tensor]),
    instructions: inside.map(
      (instruction): Instruction => ({
        ...instruction,
        inputs: instruction.inputs.map((input) => place.get(input)!),
        output: place.get(instruction.output)!,
      }),
    ),
    inputs: reads.map(port),
    outputs: writes.map((tensor) => ({
      ...port(tensor),
      codes: tensors[tensor].format ? place.get(tensor)! : -1,
    })),
    metadata: {},
  };
  return { program: part, reads, writes };
}

function ascending(list: number[]): number[] {
  return list.sort((a, b) => a - b);
}
