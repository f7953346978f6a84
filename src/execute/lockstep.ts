/** Runs one program on two executors and finds the first element that differs, instruction by instruction. */
import { UsageError } from '../errors.js';
import { createChannelIndex, realValue } from '../formats/convert.js';
import { printInstruction } from '../program/print.js';
import type { Program, ProgramTensor } from '../program/program.js';
import { elementCount } from '../shape.js';
import type { Elements, Executor } from './executor.js';

/** What one side has at the element: its code (null for float32) and its real value. */
export interface Side {
  readonly executor: string;
  readonly code: number | bigint | null;
  readonly value: number;
}

/** How the elements of a tensor differ. */
export interface TensorDifference {
  /** The first element that differs, as an index per axis of the stored tensor. */
  readonly coordinates: readonly number[];
  readonly left: Side;
  readonly right: Side;
  /** Of the tensor's elements, how many differ. */
  readonly differing: number;
  readonly elements: number;
}

export interface Difference extends TensorDifference {
  /** Index in program.instructions, and the instruction's text. */
  readonly instruction: number;
  readonly text: string;
  /** Name of its output. */
  readonly tensor: string;
}

/**
 * The first instruction, in program order, whose output is not the same on both sides; undefined where there is none.
 * Float32 elements are the same where their bits are, or where both are NaN. Keeps the outputs of all instructions of
 * one run in memory. Throws what the executors throw, and a UsageError where they run different programs.
 */
export function lockstep(
  left: Executor,
  right: Executor,
  inputs: readonly Elements[],
): Difference | undefined {
  const { program } = left;
  if (right.program !== program) {
    throw new UsageError({ where: 'lockstep', what: 'the executors run different programs' });
  }
  const outputs: Elements[] = [];
  left.run(inputs, (index, { read }) => {
    outputs[index] = read(program.instructions[index].output);
  });
  let difference: Difference | undefined;
  try {
    right.run(inputs, (index, { read }) => {
      if (difference !== undefined) return;
      const { output } = program.instructions[index];
      const sides = [
        { name: left.name, elements: outputs[index] },
        { name: right.name, elements: read(output) },
      ] as const;
      difference = findDifference(program, index, ...sides);
    });
  } catch (error) {
    // What follows a difference may fail because of it.
    if (difference === undefined) throw error;
  }
  return difference;
}

/** What an executor, or a folder, has of a tensor. */
export interface NamedElements {
  readonly name: string;
  readonly elements: Elements;
}

/** The first element in which two outputs of an instruction differ; undefined where there is none. */
export function findDifference(
  program: Program,
  index: number,
  left: NamedElements,
  right: NamedElements,
): Difference | undefined {
  const instruction = program.instructions[index];
  const tensor = program.tensors[instruction.output];
  const difference = compareTensor(tensor, left, right);
  if (difference === undefined) return undefined;
  return {
    instruction: index,
    text: printInstruction(instruction, program),
    tensor: tensor.name,
    ...difference,
  };
}

/** The first element in which two sides of a tensor differ; undefined where there is none. */
export function compareTensor(
  tensor: ProgramTensor,
  left: NamedElements,
  right: NamedElements,
): TensorDifference | undefined {
  const differing = differingElements(left.elements, right.elements);
  if (differing.count === 0) return undefined;
  const element = differing.first;
  return {
    coordinates: coordinatesOf(element, tensor.shape),
    left: sideAt(left, tensor, element),
    right: sideAt(right, tensor, element),
    differing: differing.count,
    elements: elementCount(tensor.shape),
  };
}

/** A few lines for people: the instruction, the element, both sides. */
export function differenceText(difference: Difference): string {
  const { instruction, text, tensor, coordinates, left, right, differing, elements } = difference;
  const line = (side: Side) => `  ${side.executor}: ${sideText(side)}`;
  return [
    `instruction ${instruction} differs: ${text}`,
    `first at "${tensor}" [${coordinates.join(', ')}]; ${differing} of ${elements} elements differ`,
    line(left),
    line(right),
  ].join('\n');
}

/** `code 13, value 0.40625`. */
export function sideText({ code, value }: Side): string {
  return `${code === null ? '' : `code ${code}, `}value ${Object.is(value, -0) ? '-0' : value}`;
}

function differingElements(left: Elements, right: Elements): { first: number; count: number } {
  const length = Math.max(left.length, right.length);
  let first = -1;
  let count = 0;
  for (let index = 0; index < length; index++) {
    if (Object.is(left[index], right[index])) continue;
    if (first < 0) first = index;
    count++;
  }
  return { first, count };
}

function coordinatesOf(element: number, shape: readonly number[]): number[] {
  const coordinates: number[] = [];
  let rest = element;
  for (const size of shape.toReversed()) {
    coordinates.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return coordinates;
}

function sideAt({ name, elements }: NamedElements, { format, shape }: ProgramTensor, element: number): Side {
  const code = elements[element];
  if (format === null) return { executor: name, code: null, value: Number(code) };
  const channel = createChannelIndex(shape, format)(element);
  return { executor: name, code, value: realValue(code, format, channel) };
}
