/**
 * Collects the tensors and instructions of a program. Names are made unique here: those of the graph stay with its values
 * and nodes. Conversions between axis orders are shared.
 */
import { type Codes, codeRange, type Format } from '../formats/format.js';
import type { Graph } from '../graph/graph.js';
import type { Instruction } from '../program/instructions.js';
import type { OutputPort, Port, Program, ProgramTensor } from '../program/program.js';
import { elementCount } from '../shape.js';
import { inOrder, keepsElements, permutationBetween, sameOrder } from './axis-order.js';

/** A value of the graph as a tensor of the program. */
export interface Stored {
  readonly tensor: number;
  /** The ONNX axis behind each stored axis. */
  readonly order: readonly number[];
}

/** Who an instruction computes for; data movement that the compiler adds belongs to nobody. */
export interface Owner {
  readonly name: string;
  readonly operator: string;
}

type Draft = Instruction extends infer I
  ? I extends Instruction
    ? Omit<I, 'name' | 'node' | 'operator' | 'output'>
    : never
  : never;

export interface ProgramBuilder {
  readonly tensors: readonly ProgramTensor[];
  /** The name of a tensor that the compiler makes for the one called `name`: no value of the graph has it. */
  derive(name: string, suffix: string): string;
  /** Codes that a tensor can hold: its format's range, narrowed by what computed it. */
  range(tensor: number): { low: number; high: number };
  constant(name: string, shape: readonly number[], format: Format | null, data: Codes | Float32Array): number;
  input(name: string, shape: readonly number[], format: Format | null): number;
  output(port: OutputPort): void;
  /** Adds an instruction and its output tensor, whose index it returns. */
  emit(
    owner: Owner | null,
    instruction: Draft,
    output: {
      name: string;
      shape: readonly number[];
      format: Format | null;
      range?: { low: number; high: number };
    },
  ): number;
  /** The same value in another axis order. */
  reorder(stored: Stored, order: readonly number[]): Stored;
  /** The same elements with another shape. */
  reshape(tensor: number, shape: readonly number[], name: string): number;
  finish(name: string, metadata: Readonly<Record<string, string>>): Program;
}

export function createProgramBuilder({ nodes, types, constants }: Graph): ProgramBuilder {
  const tensors: ProgramTensor[] = [];
  const ranges: ({ low: number; high: number } | undefined)[] = [];
  const instructions: Instruction[] = [];
  const inputs: Port[] = [];
  const outputs: OutputPort[] = [];
  const tensorNames = new Set<string>();
  const instructionNames = new Set<string>();
  const valueNames = new Set([...types.keys(), ...constants.keys()]);
  const nodeNames = new Set(nodes.map(({ name }) => name));
  const reordered = new Map<string, number>();

  /** `name`, with a number where it is taken; no other name than this is one of the graph. */
  function unique(name: string, taken: Set<string>, graphNames: ReadonlySet<string>): string {
    let candidate = name;
    for (let count = 2; taken.has(candidate) || (candidate !== name && graphNames.has(candidate)); count++)
      candidate = `${name}:${count}`;
    taken.add(candidate);
    return candidate;
  }

  /** `name`, the separator as often as makes it no name of the graph, and `suffix`. */
  function derived(name: string, separator: string, suffix: string, graphNames: ReadonlySet<string>): string {
    let between = separator;
    while (graphNames.has(`${name}${between}${suffix}`)) between += separator;
    return `${name}${between}${suffix}`;
  }

  function addTensor(tensor: ProgramTensor, range?: { low: number; high: number }): number {
    tensors.push({ ...tensor, name: unique(tensor.name, tensorNames, valueNames) });
    ranges.push(range);
    return tensors.length - 1;
  }

  const builder: ProgramBuilder = {
    tensors,
    derive: (name, suffix) => derived(name, '@', suffix, valueNames),
    range(tensor) {
      const known = ranges[tensor];
      if (known !== undefined) return known;
      const { format } = tensors[tensor];
      return format === null ? { low: -Infinity, high: Infinity } : codeRange(format);
    },
    constant: (name, shape, format, data) => addTensor({ name, shape, format, data }),
    input(name, shape, format) {
      const tensor = addTensor({ name, shape, format });
      inputs.push({ name, tensor });
      return tensor;
    },
    output: (port) => void outputs.push(port),
    emit(owner, draft, { name, shape, format, range }) {
      const output = addTensor({ name, shape, format }, range);
      instructions.push({
        ...draft,
        name: unique(owner?.name ?? derived(name, '/', draft.op, nodeNames), instructionNames, nodeNames),
        node: owner?.name ?? '',
        operator: owner?.operator ?? '',
        output,
      } as Instruction);
      return output;
    },
    reorder(stored, order) {
      if (sameOrder(stored.order, order)) return stored;
      const permutation = permutationBetween(stored.order, order);
      const key = `${stored.tensor}:${permutation}`;
      const { name, shape, format } = tensors[stored.tensor];
      let tensor = reordered.get(key);
      if (tensor === undefined) {
        const target = inOrder(shape, permutation);
        const range = builder.range(stored.tensor);
        tensor = keepsElements(shape, permutation)
          ? builder.reshape(stored.tensor, target, name)
          : builder.emit(
              null,
              { op: 'transpose', permutation, inputs: [stored.tensor] },
              { name: builder.derive(name, order.join('')), shape: target, format, range },
            );
        reordered.set(key, tensor);
      }
      return { tensor, order };
    },
    reshape(tensor, shape, name) {
      const source = tensors[tensor];
      if (source.shape.length === shape.length && source.shape.every((size, axis) => size === shape[axis]))
        return tensor;
      if (elementCount(shape) !== elementCount(source.shape))
        throw new RangeError(`reshape of ${name} changes the element count`);
      return builder.emit(
        null,
        { op: 'reshape', inputs: [tensor] },
        {
          name: builder.derive(name, shape.join('x')),
          shape,
          format: source.format,
          range: builder.range(tensor),
        },
      );
    },
    finish: (name, metadata) => ({ name, tensors, instructions, inputs, outputs, metadata }),
  };
  return builder;
}
