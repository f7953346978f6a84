/**
 * Where rounding can put noise into a float program: every observed value, every constant that a product or an operand is made of,
 * and every bias; and what has to run again to see what becomes of it.
 */
import type { ObservedValue } from '../execute/executor.js';
import { breadthFirst, follow } from '../graph/walk.js';
import type { Clamp, Instruction, Opcode } from '../program/instructions.js';
import type { Program, ProgramTensor } from '../program/program.js';
import { addNoise, createNoise, differenceEnergy } from './noise.js';

/** An instruction to run, whose result then is the elements of the tensor `output`. */
export interface ReplayStep {
  readonly instruction: number;
  readonly output: number;
}

export type NoiseSource = {
  /** The value or constant. */
  readonly name: string;
  /** All that depends on the source and that an output depends on, in order. */
  readonly steps: readonly ReplayStep[];
} & (
  | { readonly kind: 'value'; readonly tensor: number }
  | { readonly kind: 'saturated'; readonly tensor: number }
  /** `noise` is the same at all positions of `tensor`, and reaches the elements that `clamp` leaves as they are. */
  | {
      readonly kind: 'bias';
      readonly tensor: number;
      readonly clamp: Clamp | null;
      readonly noise: Float32Array;
    }
  /** The steps begin with the noise, whose sum of squares is `injected`. */
  | { readonly kind: 'constant'; readonly injected: number }
);

export interface NoisePlan {
  /** The float program with, at its end, a twin of every instruction that reads a constant, with noise in the constant. */
  readonly program: Program;
  /** Number of instructions that are no twins. */
  readonly instructions: number;
  /** The tensors that are compared: the outputs before any float tail. */
  readonly outputs: readonly { readonly name: string; readonly tensor: number }[];
  /** Ascending by name; values that saturate after all others. */
  readonly sources: readonly NoiseSource[];
}

/** Instructions after which a hardware's integers end, and data movement among them. */
const TAIL: ReadonlySet<Opcode> = new Set(['softmax', 'argMax', 'reshape', 'transpose']);

/** Operands of instructions whose constants have formats, and the bias among them. */
const OPERANDS: { readonly [K in Opcode]?: readonly number[] } = {
  convolution: [1],
  gemm: [1],
  matmul: [0, 1],
  add: [0, 1],
  multiply: [0, 1],
  leakyRelu: [1],
};
const BIAS = 2;

export function planNoise(float: Program, observed: readonly ObservedValue[]): NoisePlan {
  const { instructions } = float;
  const producers = new Map(instructions.map(({ output }, index) => [output, index]));
  const readers = new Map<number, number[]>();
  for (const [index, { inputs }] of instructions.entries())
    for (const tensor of inputs) readers.set(tensor, [...(readers.get(tensor) ?? []), index]);
  const outputs = comparedTensors(float, producers);
  const needed = breadthFirst(
    outputs.map(({ tensor }) => tensor),
    (tensor) => instructions[producers.get(tensor) ?? -1]?.inputs ?? [],
  );
  const dependents = (starts: readonly number[]): number[] => {
    const next = (index: number) => readers.get(instructions[index].output) ?? [];
    return [...breadthFirst(starts, next)]
      .filter((index) => needed.has(instructions[index].output))
      .sort((a, b) => a - b);
  };
  const asSteps = (indices: readonly number[]) =>
    indices.map((instruction) => ({ instruction, output: instructions[instruction].output }));

  const tensors: ProgramTensor[] = [...float.tensors];
  const twins: Instruction[] = [];
  const addTwin = (index: number, constant: number, noisy: number): number => {
    const instruction = instructions[index];
    tensors.push({ ...tensors[instruction.output], name: twinName(instruction.output, constant) });
    twins.push({
      ...instruction,
      name: `${instruction.name}@${twinName(instruction.output, constant)}`,
      inputs: instruction.inputs.map((input) => (input === constant ? noisy : input)),
      output: tensors.length - 1,
    });
    return instructions.length + twins.length - 1;
  };
  const sources = new Map<string, NoiseSource>();
  const add = (source: NoiseSource) => {
    if (!sources.has(source.name)) sources.set(source.name, source);
  };

  const saturated: NoiseSource[] = [];
  for (const { name, tensor } of observed) {
    if (!needed.has(tensor) || sources.has(name)) continue;
    const steps = asSteps(dependents(readers.get(tensor) ?? []));
    add({ name, steps, kind: 'value', tensor });
    saturated.push({ name, steps, kind: 'saturated', tensor });
  }
  for (const [constant, users] of constantUsers(float)) {
    const uses = users.filter((index) => needed.has(instructions[index].output));
    if (uses.length === 0) continue;
    const { name, data, shape } = float.tensors[constant];
    const values = data as Float32Array;
    const byChannel = uses.every((index) => ['convolution', 'gemm'].includes(instructions[index].op));
    const noisy = addNoise(values, byChannel ? shape[0] : 1, createNoise(name));
    tensors.push({ ...float.tensors[constant], name: twinName(constant, constant), data: noisy });
    const twin = tensors.length - 1;
    const twinOf = new Map(uses.map((index) => [index, addTwin(index, constant, twin)]));
    const steps = asSteps(dependents(uses)).map(({ instruction, output }) => ({
      instruction: twinOf.get(instruction) ?? instruction,
      output,
    }));
    const injected = differenceEnergy(noisy, values);
    add({ name, steps, kind: 'constant', injected });
  }
  for (const instruction of instructions) {
    if (instruction.op !== 'convolution' && instruction.op !== 'gemm') continue;
    const { inputs, output, clamp } = instruction;
    if (inputs[BIAS] === undefined || !needed.has(output)) continue;
    const steps = asSteps(dependents(readers.get(output) ?? []));
    const { name, data } = float.tensors[inputs[BIAS]];
    const values = data as Float32Array;
    const noise = addNoise(values, 1, createNoise(name)).map((noisy, channel) => noisy - values[channel]);
    add({ name, steps, kind: 'bias', tensor: output, clamp, noise });
  }
  const byName = (a: NoiseSource, b: NoiseSource) => (a.name < b.name ? -1 : 1);
  return {
    program: { ...float, tensors, instructions: [...instructions, ...twins] },
    instructions: instructions.length,
    outputs,
    sources: [...[...sources.values()].sort(byName), ...saturated.sort(byName)],
  };
}

/** Unique among the names of the program, which the compiler never ends like this. */
function twinName(tensor: number, constant: number): string {
  return `${tensor}@noise${constant}`;
}

/** Each output's tensor before the float tail. */
function comparedTensors(
  { outputs, instructions }: Program,
  producers: ReadonlyMap<number, number>,
): { name: string; tensor: number }[] {
  return outputs.map(({ name, tensor }) => {
    const behind = follow(tensor, (at) => {
      const instruction = instructions[producers.get(at) ?? -1];
      return instruction && TAIL.has(instruction.op) ? instruction.inputs[0] : undefined;
    });
    return { name, tensor: [...behind].at(-1)! };
  });
}

/** The constants that have formats, with the instructions that read them. */
function constantUsers({ instructions, tensors }: Program): Map<number, number[]> {
  const users = new Map<number, number[]>();
  for (const [index, { op, inputs }] of instructions.entries()) {
    for (const operand of OPERANDS[op] ?? []) {
      const tensor = inputs[operand];
      if (tensor === undefined || tensors[tensor].data === undefined) continue;
      users.set(tensor, [...new Set([...(users.get(tensor) ?? []), index])]);
    }
  }
  return users;
}
