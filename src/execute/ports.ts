/** Between a program's ports and the arrays of a caller: names, lengths, real values and codes. */
import { InputError } from '../errors.js';
import { dequantizeCodes } from '../formats/convert.js';
import { allocateCodes, type Codes, codeRange, type Format } from '../formats/format.js';
import type { Program, ProgramTensor } from '../program/program.js';
import { elementCount } from '../shape.js';
import type { Elements, Executor, InstructionCounters, Observer } from './executor.js';

/** Inputs by name or in the program's order, in the model's layout: real values as float32, integers as codes. */
export type Inputs = Readonly<Record<string, Elements>> | readonly Elements[];

/** An output: real values always, codes where the output is not a float tail. */
export interface Output {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
  readonly codes?: Codes;
}

export interface RunResult {
  readonly outputs: readonly Output[];
  /** The integers behind each output, before any float tail; undefined for an all-float output. */
  readonly codes: readonly (Codes | undefined)[];
  /** Per instruction, null where it does not requantise integers; only from an executor that counts. */
  readonly counters?: readonly (InstructionCounters | null)[];
}

/** The format in which a float32 input port is first quantised; undefined where it never is. */
function quantizedAs(program: Program, tensor: number): Format | undefined {
  const quantize = program.instructions.find(({ op, inputs }) => op === 'quantize' && inputs[0] === tensor);
  return program.tensors[quantize?.output ?? tensor].format ?? undefined;
}

/**
 * The arrays that `Executor.run` takes. Codes given for a float32 port become the real values that its `quantize`
 * instruction turns into the same codes. Throws an InputError for what is no object, a missing or unknown name, a wrong
 * length or type, or a code outside the format; it names the `sample` where one is given.
 */
export function bindInputs(program: Program, inputs: Inputs, sample?: string): Elements[] {
  const place = (name: string) => `${sample === undefined ? '' : `${sample}: `}input "${name}"`;
  const names = program.inputs.map((port) => port.name);
  if (typeof inputs !== 'object' || inputs === null) {
    const expected = `typed arrays, in order or by name: ${names.join(', ')}`;
    const where = sample ?? `program "${program.name}"`;
    throw new InputError({ where, what: 'has no inputs', expected, got: String(inputs) });
  }
  const given = new Map<string, Elements>(
    Array.isArray(inputs)
      ? inputs.map((elements, index) => [names[index] ?? String(index), elements])
      : Object.entries(inputs),
  );
  for (const name of given.keys()) {
    if (names.includes(name)) continue;
    const what = 'the program has no such input';
    throw new InputError({ where: place(name), what, expected: names.join(', ') });
  }
  return program.inputs.map(({ name, tensor }) => {
    const elements = given.get(name);
    if (!elements) throw new InputError({ where: place(name), what: 'is missing' });
    return bindPort(program.tensors[tensor], quantizedAs(program, tensor), elements, place(name));
  });
}

/** `codes`: the format of the codes that may be given; undefined for a port that is never quantised. */
function bindPort(
  { format, shape }: ProgramTensor,
  codes: Format | undefined,
  elements: Elements,
  where: string,
): Elements {
  const fail = (what: string, expected: string, got: string): never => {
    throw new InputError({ where, what, expected, got });
  };
  const length = elementCount(shape);
  if (elements.length !== length) fail('wrong number of elements', `${length}`, `${elements.length}`);
  if (format === null && elements instanceof Float32Array) return elements;
  if (!isInteger(elements)) {
    fail('wrong type', format === null ? 'float32 or integers' : 'integer codes', elements.constructor.name);
  }
  const plain =
    elements instanceof BigInt64Array
      ? Float64Array.from(elements, Number)
      : (elements as Exclude<Elements, BigInt64Array>);
  if (codes === undefined) return Float32Array.from(plain);
  const { low, high } = codeRange(codes);
  const outside = plain.findIndex((code) => code < low || code > high);
  if (outside >= 0) {
    fail('code outside its format', `${low} to ${high}`, `${elements[outside]} at element ${outside}`);
  }
  const stored = allocateCodes(codes, length) as Int16Array;
  stored.set(plain);
  return format === null ? dequantizeCodes(stored, shape, codes) : stored;
}

/** True for typed arrays of integers, whatever a caller without types gives. */
function isInteger(elements: unknown): boolean {
  return (
    ArrayBuffer.isView(elements) &&
    !(elements instanceof DataView || elements instanceof Float32Array || elements instanceof Float64Array)
  );
}

/** Runs the program and gives real values and codes of every output. */
export function runPorts(executor: Executor, inputs: readonly Elements[], observe?: Observer): RunResult {
  const { program } = executor;
  const wanted = new Map<number, Codes>();
  const tails = program.outputs.filter(({ tensor, codes }) => codes >= 0 && codes !== tensor);
  const behind = new Set(tails.map(({ codes }) => codes));
  const watch: Observer = (instruction, tensors) => {
    const { output } = program.instructions[instruction];
    if (behind.has(output)) wanted.set(output, tensors.read(output) as Codes);
    observe?.(instruction, tensors);
  };
  const elements = executor.run(inputs, behind.size > 0 || observe ? watch : undefined);
  return portResults(program, elements, (tensor) => wanted.get(tensor), executor.counters?.());
}

/** What a run gives, of the elements of each output and of the codes behind a float tail. */
export function portResults(
  program: Program,
  elements: readonly Elements[],
  codesOf: (tensor: number) => Codes | undefined,
  counters: readonly (InstructionCounters | null)[] = [],
): RunResult {
  const outputs = program.outputs.map(({ name, tensor }, index): Output => {
    const { format, shape } = program.tensors[tensor];
    const result = elements[index];
    if (format === null) return { name, shape, values: result as Float32Array };
    return { name, shape, values: dequantizeCodes(result as Codes, shape, format), codes: result as Codes };
  });
  const codes = program.outputs.map(({ codes }, index) => outputs[index].codes ?? codesOf(codes));
  return counters.length > 0 ? { outputs, codes, counters } : { outputs, codes };
}
