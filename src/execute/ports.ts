/** Between a program's ports and the arrays of a caller: names, lengths, real values and codes. */
import { InputError } from '../errors.js';
import { dequantizeCodes } from '../formats/convert.js';
import { type Codes, codeRange, type Format } from '../formats/format.js';
import type { Program } from '../program/program.js';
import type { Elements, Executor, Observer } from './executor.js';

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
}

function size(program: Program, tensor: number): number {
  return program.tensors[tensor].shape.reduce((product, extent) => product * extent, 1);
}

/** The format in which a float32 input port is first quantised; undefined where it never is. */
function quantizedAs(program: Program, tensor: number): Format | undefined {
  const quantize = program.instructions.find(({ op, inputs }) => op === 'quantize' && inputs[0] === tensor);
  return program.tensors[quantize?.output ?? tensor].format ?? undefined;
}

/**
 * The arrays that `Executor.run` takes. Codes given for a float32 port become the real values that its `quantize`
 * instruction turns into the same codes. Throws an InputError for a missing or unknown name, a wrong length, or a
 * code outside the format; it names the `sample` where one is given.
 */
export function bindInputs(program: Program, inputs: Inputs, sample?: string): Elements[] {
  const place = (name: string) => `${sample === undefined ? '' : `${sample}: `}input "${name}"`;
  const names = program.inputs.map((port) => port.name);
  const byName = Array.isArray(inputs)
    ? Object.fromEntries(names.map((name, index) => [name, inputs[index]]))
    : inputs;
  const unknown = Object.keys(byName).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const facts = {
      where: place(unknown),
      what: 'the program has no such input',
      expected: names.join(', '),
    };
    throw new InputError(facts);
  }
  return program.inputs.map(({ name, tensor }) => {
    const where = place(name);
    const elements = (byName as Readonly<Record<string, Elements | undefined>>)[name];
    if (elements === undefined) throw new InputError({ where, what: 'is missing' });
    const expected = size(program, tensor);
    if (elements.length !== expected) {
      throw new InputError({
        where,
        what: 'wrong number of elements',
        expected: `${expected}`,
        got: `${elements.length}`,
      });
    }
    if (program.tensors[tensor].format !== null || elements instanceof Float32Array) return elements;
    const format = quantizedAs(program, tensor);
    if (format === undefined) return Float32Array.from(elements as ArrayLike<number>);
    const { low, high } = codeRange(format);
    const outside = elements.findIndex((code: number | bigint) => code < low || code > high);
    if (outside >= 0) {
      const got = `${elements[outside]} at element ${outside}`;
      throw new InputError({
        where,
        what: 'code outside its format',
        expected: `${low} to ${high}`,
        got,
      });
    }
    return dequantizeCodes(elements, program.tensors[tensor].shape, format);
  });
}

/** Runs the program and gives real values and codes of every output. */
export function runPorts(executor: Executor, inputs: readonly Elements[], observe?: Observer): RunResult {
  const { program } = executor;
  const wanted = new Map<number, Codes>();
  const behind = new Set(
    program.outputs.filter((port) => port.codes !== port.tensor).map((port) => port.codes),
  );
  const watch: Observer = (instruction, tensors) => {
    const { output } = program.instructions[instruction];
    if (behind.has(output)) wanted.set(output, tensors.read(output) as Codes);
    observe?.(instruction, tensors);
  };
  const elements = executor.run(inputs, behind.size > 0 || observe ? watch : undefined);
  const outputs = program.outputs.map(({ name, tensor }, index): Output => {
    const { format, shape } = program.tensors[tensor];
    const result = elements[index];
    if (format === null) return { name, shape, values: result as Float32Array };
    return { name, shape, values: dequantizeCodes(result as Codes, shape, format), codes: result as Codes };
  });
  const codes = program.outputs.map(({ codes }, index) => outputs[index].codes ?? wanted.get(codes));
  return { outputs, codes };
}
