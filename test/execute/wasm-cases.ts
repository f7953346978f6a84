/** Programs of one instruction with random shapes, formats and values, extremes included; and the comparison of executors. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Elements } from '#src/execute/executor.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import { allocateCodes, codeRange, type Format, fixed } from '#src/formats/format.js';
import { ROUNDINGS, type Rounding } from '#src/formats/rounding.js';
import type { Instruction, Opcode, Requantize, Window } from '#src/program/instructions.js';
import type { Program, ProgramTensor } from '#src/program/program.js';

export interface Case {
  readonly program: Program;
  readonly inputs: readonly Elements[];
}

/** What a tensor of a one-instruction program is made of; constants carry their elements. */
export interface Operand {
  readonly shape: readonly number[];
  readonly format: Format | null;
  readonly data: Elements;
  readonly constant?: boolean;
}

export type Fields<K extends Opcode> = Omit<
  Instruction<K>,
  'name' | 'node' | 'operator' | 'inputs' | 'output'
>;

/** A program of one instruction; inputs come first, constants after them in operand order. */
export function single<K extends Opcode>(
  fields: Fields<K>,
  operands: readonly Operand[],
  output: Pick<ProgramTensor, 'shape' | 'format'>,
): Case {
  const tensors: ProgramTensor[] = operands.map(({ shape, format, data, constant }, index) =>
    constant ? { name: `c${index}`, shape, format, data } : { name: `x${index}`, shape, format },
  );
  const index = tensors.length;
  tensors.push({ name: 'y', ...output });
  const inputs = operands.map((_, operand) => operand).filter((operand) => !operands[operand].constant);
  const instruction = {
    ...fields,
    name: 'it',
    node: 'it',
    operator: '',
    inputs: operands.map((_, operand) => operand),
    output: index,
  } as unknown as Instruction;
  const program: Program = {
    name: 'case',
    tensors,
    instructions: [instruction],
    inputs: inputs.map((tensor) => ({ name: `x${tensor}`, tensor })),
    outputs: [{ name: 'y', tensor: index, codes: output.format === null ? -1 : index }],
    metadata: {},
  };
  return { program, inputs: inputs.map((operand) => operands[operand].data) };
}

/** Elements with every NaN the same. */
export function canonical(elements: Elements): number[] {
  return Array.from(elements as ArrayLike<number>);
}

/** Runs the case on both executors and compares element by element, the sign of zero included. */
export function compare({ program, inputs }: Case): Elements {
  const [expected] = createOracle(program).run(inputs);
  const executor = createWasmExecutor(program);
  const [actual] = executor.run(inputs);
  expect(canonical(actual)).toEqual(canonical(expected));
  expect(canonical(executor.run(inputs)[0])).toEqual(canonical(expected));
  return actual;
}

/** Pseudo-random numbers in 0 .. 1, by mulberry32. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export type Fill = 'uniform' | 'small' | 'extreme' | 'lowest' | 'highest';
export const fills = fc.constantFrom<Fill>('uniform', 'small', 'extreme', 'lowest', 'highest');

export function codes(format: Format, length: number, fill: Fill, next: () => number): Elements {
  const { low, high } = codeRange(format);
  const one = () => {
    if (fill === 'lowest') return low;
    if (fill === 'highest') return high;
    if (fill === 'extreme') return next() < 0.5 ? low : high;
    if (fill === 'small') return Math.min(high, Math.max(low, Math.floor(next() * 9) - 4));
    return low + Math.floor(next() * (high - low + 1));
  };
  const data = allocateCodes(format, length) as Int16Array;
  for (let i = 0; i < length; i++) data[i] = one();
  return data;
}

/** Float32 values over many magnitudes, zeros of both signs among them; with `special`, infinities and subnormals too. */
export function floats(length: number, next: () => number, special = false): Float32Array {
  return Float32Array.from({ length }, () => {
    const kind = next();
    if (kind < 0.05) return 0;
    if (kind < 0.1) return -0;
    if (special && kind < 0.13) return Number.POSITIVE_INFINITY;
    if (special && kind < 0.16) return Number.NEGATIVE_INFINITY;
    if (special && kind < 0.2) return Number.NaN;
    if (special && kind < 0.25) return (next() - 0.5) * 1e-40;
    return (next() - 0.5) * 2 ** Math.floor(next() * 14 - 6);
  });
}

export function size(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

export const seeds = fc.integer({ min: 0, max: 2 ** 31 });
export const roundings = fc.constantFrom(...ROUNDINGS);
export const saturations = fc.constantFrom('saturate' as const, 'saturateSymmetric' as const);

/** Formats of activations that the WASM executor holds. */
export const activations = fc
  .record({
    bits: fc.constantFrom(2, 3, 5, 7, 8, 8, 9, 12, 15, 16, 16),
    signed: fc.boolean(),
    narrow: fc.boolean(),
  })
  .map(({ bits, signed, narrow }) => fixed(bits, 4, signed || bits === 16 ? { narrow } : { signed: false }));

export const weightFormats = fc
  .record({ bits: fc.constantFrom(2, 4, 8, 8, 8, 11, 16, 16), narrow: fc.boolean() })
  .map(({ bits, narrow }) => fixed(bits, 3, { narrow }));

export function shiftOf(
  shift: number | readonly number[],
  rounding: Rounding,
  overflow: Requantize['overflow'],
): Requantize {
  return { style: 'shift', shift, rounding, overflow };
}

/** Width that holds every partial sum: worst case over the input's codes, in exact integers. */
export function provedWidth(
  weights: ArrayLike<number>,
  outputs: number,
  bias: ArrayLike<number | bigint>,
  { low, high }: { low: number; high: number },
): number {
  const per = weights.length / outputs;
  let least = 0n;
  let most = 0n;
  for (let output = 0; output < outputs; output++) {
    let below = BigInt(bias[output]);
    let above = below;
    if (below > 0n) below = 0n;
    if (above < 0n) above = 0n;
    for (let i = output * per; i < (output + 1) * per; i++) {
      const a = BigInt(weights[i]) * BigInt(low);
      const b = BigInt(weights[i]) * BigInt(high);
      below += a < b ? (a < 0n ? a : 0n) : b < 0n ? b : 0n;
      above += a > b ? (a > 0n ? a : 0n) : b > 0n ? b : 0n;
    }
    if (below < least) least = below;
    if (above > most) most = above;
  }
  let bits = 1;
  while (most > 2n ** BigInt(bits - 1) - 1n || least < -(2n ** BigInt(bits - 1))) bits++;
  return bits;
}

export const windows = fc.record({
  kernel: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
  strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  pads: fc.tuple(...[0, 0, 0, 0].map(() => fc.integer({ min: 0, max: 2 }))) as fc.Arbitrary<
    [number, number, number, number]
  >,
  dilations: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })),
});

/** Output rows and columns of a window, at least 1 each; undefined where it does not fit. */
export function outputSize({ kernel, strides, pads, dilations }: Window, input: readonly number[]) {
  const along = (axis: 0 | 1) =>
    Math.floor(
      (input[axis] + pads[axis] + pads[axis + 2] - (kernel[axis] - 1) * dilations[axis] - 1) / strides[axis],
    ) + 1;
  const output = [along(0), along(1)];
  return output[0] >= 1 && output[1] >= 1 ? output : undefined;
}
