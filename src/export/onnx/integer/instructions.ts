/** Integer operators for every instruction that has some. */
import { ProgramError } from '../../../errors.js';
import type { Instruction, InstructionTable } from '../../../program/instructions.js';
import { concat, gather, type Mover, pad, slice } from '../movement.js';
import type { Context } from './context.js';
import * as elementwise from './elementwise.js';
import type { Integer } from './integers.js';
import * as pooling from './pooling.js';
import * as products from './products.js';

function createMover({ builder, layouts, integers }: Context): Mover<Integer> {
  const bounds = (values: readonly Integer[]) => ({
    low: values.reduce((low, value) => (value.low < low ? value.low : low), values[0].low),
    high: values.reduce((high, value) => (value.high > high ? value.high : high), values[0].high),
  });
  return {
    builder,
    layouts,
    name: ({ name }) => name,
    moved: (name, values) => ({ ...values[0], ...bounds(values), name }),
    fill: (value, { type }) => builder.numbers(type, [], [value]),
    filled: (name, source, value) => {
      const { low, high } = bounds([source, integers.value('', source.type, value, value)]);
      return { ...source, low, high, name };
    },
  };
}

/** Throws a ProgramError naming the instruction. */
function refuse(what: string): (instruction: Instruction) => never {
  return ({ name, op }) => {
    throw new ProgramError({ where: `"${name}" (${op})`, what });
  };
}

const noFloat = refuse('computes in float32 between codes');

export const integerOperators: InstructionTable<[Context], void> = {
  quantize: noFloat,
  dequantize: noFloat,
  requantize: elementwise.requantize,
  convolution: products.convolution,
  gemm: products.gemm,
  add: elementwise.add,
  matmul: products.matmul,
  multiply: elementwise.multiply,
  binary: noFloat,
  select: noFloat,
  extremum: elementwise.extremum,
  scaledPair: refuse('scales by float32 numbers'),
  clamp: elementwise.clamp,
  leakyRelu: elementwise.leakyRelu,
  lookup: elementwise.lookup,
  unary: noFloat,
  maxPool: pooling.maxPool,
  averagePool: pooling.averagePool,
  reduce: pooling.reduce,
  argMax: pooling.argMax,
  softmax: refuse('counts leading zeros, for which ONNX has no operator'),
  localResponseNormalization: noFloat,
  normalize: noFloat,
  concat: (instruction, context) => concat(instruction, createMover(context)),
  slice: (instruction, context) => slice(instruction, createMover(context)),
  gather: (instruction, context) => gather(instruction, createMover(context)),
  resample: elementwise.resample,
  pad: (instruction, context) => pad(instruction, createMover(context)),
  transpose: (instruction, { layouts }) => layouts.transpose(instruction),
  reshape: (instruction, { layouts }) => layouts.reshape(instruction),
};
