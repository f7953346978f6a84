/** Running prepared programs: kernels bound to one memory and one arena. */
import { ExecutionError } from '../../errors.js';
import { allocateCodes, codeRange } from '../../formats/format.js';
import type { Program, ProgramTensor } from '../../program/program.js';
import { elementCount } from '../../program/shapes.js';
import type { Elements, Executor, Observer } from '../executor.js';
import type { Kernel } from './kernels.js';
import type { Prepared } from './prepared.js';
import { type Memory, type Module, webAssembly } from './webassembly.js';

type Call = (...args: readonly number[]) => number | undefined;

interface BoundStep {
  readonly instruction: number;
  readonly call: Call;
  readonly args: readonly number[];
}

/** One thread's kernels; `run` is that of an Executor. */
export interface WasmInstance {
  readonly run: Executor['run'];
}

/**
 * Binds a prepared program to the arena at `arena` of the memory that holds its constants; no other thread may use that
 * arena. The program's constants may lack their data.
 */
export function createInstance(
  program: Program,
  prepared: Prepared,
  kernels: Module,
  memory: Memory,
  arena: number,
): WasmInstance {
  const { exports } = new webAssembly.Instance(kernels, { env: { memory } });
  const functions = exports as Record<Kernel, Call>;
  const steps: BoundStep[] = prepared.steps.map(({ instruction, kernel, args, arena: relative }) => ({
    instruction,
    call: functions[kernel],
    args: args.map((arg, index) => ((relative >> index) & 1 ? arg + arena : arg)),
  }));
  const view = (tensor: number) => {
    const place = prepared.tensors[tensor];
    if (place === null)
      throw new ExecutionError({
        where: `tensor "${program.tensors[tensor].name}"`,
        what: 'a constant is not kept in its own form',
      });
    const offset = place.offset + (place.constant ? 0 : arena);
    return place.kind === 'i16'
      ? new Int16Array(memory.buffer, offset, place.length)
      : new Float32Array(memory.buffer, offset, place.length);
  };
  const read = (tensor: number): Elements => {
    const { data, format } = program.tensors[tensor];
    if (data !== undefined) return data.slice();
    const elements = view(tensor);
    if (format === null) return Float32Array.from(elements);
    const codes = allocateCodes(format, elements.length);
    (codes as Int16Array).set(elements);
    return codes;
  };
  const write = (tensor: number, elements: Elements) => view(tensor).set(elements as Int16Array);
  const tensors = { read, write };

  const runObserved = (observe: Observer) => {
    let next = 0;
    for (let instruction = 0; instruction < program.instructions.length; instruction++) {
      for (; next < steps.length && steps[next].instruction === instruction; next++)
        runStep(program, steps[next]);
      observe(instruction, tensors);
    }
  };
  return {
    run(inputs, observe) {
      checkInputs(program, inputs);
      for (const [index, { tensor }] of program.inputs.entries()) write(tensor, inputs[index]);
      if (observe === undefined) for (const step of steps) runStep(program, step);
      else runObserved(observe);
      return program.outputs.map(({ tensor }) => read(tensor));
    },
  };
}

function runStep(program: Program, { call, args, instruction }: BoundStep): void {
  const failed = call(...args);
  if (failed)
    throw new ExecutionError({
      where: `instruction "${program.instructions[instruction].name}" (quantize)`,
      what: `element ${failed - 1} is not a number and has no code`,
    });
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
