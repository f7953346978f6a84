/** Tiny programs for tests: tensors by name, ports found by who reads and writes what. */
import type { NodeArithmetic } from '#src/compile/model-formats.js';
import type { Codes, Format } from '#src/formats/format.js';
import { plainAccumulator } from '#src/program/accumulator.js';
import type { Accumulator, Instruction, Opcode, Requantize, Window } from '#src/program/instructions.js';
import type { Program } from '#src/program/program.js';

export interface TensorDraft {
  readonly shape: readonly number[];
  /** Left out: float32. */
  readonly format?: Format;
  /** Present for constants. */
  readonly data?: Codes | Float32Array;
}

/** An instruction whose operands are tensor names; its own name is that of its output. */
export type InstructionDraft = {
  [K in Opcode]: Omit<Instruction<K>, 'name' | 'node' | 'operator' | 'inputs' | 'output'> & {
    readonly inputs: readonly string[];
    readonly output: string;
  };
}[Opcode];

/** Inputs of the program are tensors without data that nobody writes; outputs those that nobody reads. */
export function programOf(
  tensors: Readonly<Record<string, TensorDraft>>,
  instructions: readonly InstructionDraft[],
): Program {
  const names = Object.keys(tensors);
  const index = (name: string) => {
    if (!names.includes(name)) throw new Error(`the test has no tensor ${name}`);
    return names.indexOf(name);
  };
  const written = instructions.map(({ output }) => output);
  const read = instructions.flatMap(({ inputs }) => inputs);
  const ports = (wanted: (name: string) => boolean) =>
    names
      .filter((name) => tensors[name].data === undefined && wanted(name))
      .map((name) => ({ name, tensor: index(name) }));
  return {
    name: 'test',
    tensors: names.map((name) => ({ name, format: null, ...tensors[name] })),
    instructions: instructions.map((draft) => ({
      ...draft,
      name: draft.output,
      node: draft.output,
      operator: draft.op,
      inputs: draft.inputs.map(index),
      output: index(draft.output),
    })) as Instruction[],
    inputs: ports((name) => !written.includes(name)),
    outputs: ports((name) => written.includes(name) && !read.includes(name)).map(({ name, tensor }) => ({
      name,
      tensor,
      codes: tensors[name].format === undefined ? -1 : tensor,
    })),
    metadata: {},
  };
}

/** A 32-bit register that the weights cannot overflow. */
export const proved: Accumulator = { ...plainAccumulator(32, 32), overflow: 'trap' };

/** What a node computes by shifts: 32-bit registers, ties to even, saturation. */
export const shiftArithmetic: NodeArithmetic = {
  accumulator: proved,
  biasBits: 32,
  scaling: { style: 'shift' },
  rounding: 'halfEven',
  overflow: 'saturate',
};

/** Round half to even, saturate. */
export function byShift(shift: number | readonly number[]): Extract<Requantize, { style: 'shift' }> {
  return { style: 'shift', shift, rounding: 'halfEven', overflow: 'saturate' };
}

/** A window of one pixel, or of `kernel`, with stride 1 and no padding unless `overrides` say so. */
export function windowOf(kernel: readonly [number, number], overrides: Partial<Window> = {}): Window {
  return { kernel, strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], ...overrides };
}
