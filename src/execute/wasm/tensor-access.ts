/** The tensors and counters of a prepared program in one arena. */
import { ExecutionError } from '../../errors.js';
import { allocateCodes, codeRange } from '../../formats/format.js';
import type { Program, ProgramTensor } from '../../program/program.js';
import { elementCount } from '../../shape.js';
import type { Elements, InstructionCounters, Tensors } from '../executor.js';
import { readCounters, resetCounters, viewCounters } from './counters.js';
import type { Prepared } from './prepared.js';
import { storedOffset } from './stored-program.js';
import type { Memory } from './webassembly.js';

const views = {
  i16: ({ buffer }: Memory, offset: number, length: number) => new Int16Array(buffer, offset, length),
  i32: ({ buffer }: Memory, offset: number, length: number) => new Int32Array(buffer, offset, length),
  f32: ({ buffer }: Memory, offset: number, length: number) => new Float32Array(buffer, offset, length),
} as const;

export interface TensorAccess extends Tensors {
  /** Begins a run: writes the inputs and resets the counters. Throws an ExecutionError for inputs that do not fit. */
  start(inputs: readonly Elements[]): void;
  /** What the instructions have counted since: see Executor. */
  counters(): (InstructionCounters | null)[];
}

/** The program's constants may lack their data. */
export function accessTensors(
  program: Program,
  prepared: Prepared,
  memory: Memory,
  arena: number,
): TensorAccess {
  const view = (tensor: number) => {
    const place = prepared.tensors[tensor];
    if (place === null)
      throw new ExecutionError({
        where: `tensor "${program.tensors[tensor].name}"`,
        what: 'a constant is not kept in its own form',
      });
    const offset = place.offset + (place.constant ? 0 : arena);
    return views[place.kind](memory, offset, place.length);
  };
  const read = (tensor: number): Elements => {
    const { data, format } = program.tensors[tensor];
    if (data !== undefined) return data.slice();
    const elements = view(tensor);
    if (format === null) return (elements as Float32Array).slice();
    const offset = storedOffset(format);
    if (offset !== 0) return Uint16Array.from(elements, (code) => code + offset);
    const codes = allocateCodes(format, elements.length);
    (codes as Int16Array).set(elements);
    return codes;
  };
  const write = (tensor: number, elements: Elements) => {
    const offset = storedOffset(program.tensors[tensor].format);
    const stored =
      offset === 0 ? elements : Int16Array.from(elements as Uint16Array, (code) => code - offset);
    view(tensor).set(stored as Int16Array);
  };
  const counters = prepared.counters.map((offset) =>
    offset === null ? null : viewCounters(memory.buffer, arena + offset),
  );
  return {
    read,
    write,
    start(inputs) {
      checkInputs(program, inputs);
      for (const words of counters) if (words !== null) resetCounters(words);
      for (const [index, { tensor }] of program.inputs.entries()) write(tensor, inputs[index]);
    },
    counters: () =>
      counters.map((words, instruction) => {
        const { output } = program.instructions[instruction];
        return words && readCounters(words, elementCount(program.tensors[output].shape));
      }),
  };
}

function checkInputs(program: Program, inputs: readonly Elements[]): void {
  const { inputs: ports } = program;
  if (inputs.length !== ports.length)
    throw new ExecutionError({
      where: `program "${program.name}"`,
      what: 'wrong number of inputs',
      expected: `${ports.length}`,
      got: `${inputs.length}`,
    });
  for (const [index, { name, tensor }] of ports.entries())
    checkInput(name, program.tensors[tensor], inputs[index]);
}

function checkInput(name: string, { format, shape }: ProgramTensor, elements: Elements): void {
  const fail = (what: string, expected: string, got: string) => {
    throw new ExecutionError({ where: `input "${name}"`, what, expected, got });
  };
  const length = elementCount(shape);
  if (elements.length !== length) fail('wrong number of elements', `${length}`, `${elements.length}`);
  const float = elements instanceof Float32Array;
  if (format === null) {
    if (!float) fail('wrong type', 'float32', elements.constructor.name);
    return;
  }
  if (float || elements instanceof BigInt64Array)
    fail('wrong type', 'integer codes', elements.constructor.name);
  const { low, high } = codeRange(format);
  for (let i = 0; i < length; i++)
    if (!(elements[i] >= low && elements[i] <= high))
      fail('code outside its format', `${low} to ${high}`, `${elements[i]} at element ${i}`);
}
