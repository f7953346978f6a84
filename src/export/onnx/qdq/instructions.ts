/** Operators on real values for every instruction. */
import { at, stepSize } from '../../../formats/format.js';
import type { Instruction, InstructionTable } from '../../../program/instructions.js';
import { concat, gather, type Mover, pad, slice } from '../movement.js';
import type { Context } from './context.js';
import * as operators from './operators.js';

/** Data movement of real values, which are quantised again: runtimes know such pairs. */
function createMover({ output }: Instruction, context: Context): Mover<string> {
  const { builder, layouts } = context;
  const { format } = context.tensor(output);
  const real = (value: number) =>
    format === null ? value : (value - at(format.zeroPoint, 0)) * stepSize(format);
  return {
    builder,
    layouts: { ...layouts, define: context.define },
    name: (value) => value,
    moved: (name) => name,
    fill: (value) => builder.numbers('float32', [], [real(value)]),
    filled: (name) => name,
  };
}

const add = operators.elementwise((instruction) =>
  'sign' in instruction && instruction.sign < 0 ? 'Sub' : 'Add',
);
const multiply = operators.elementwise(() => 'Mul');
const extremum = operators.elementwise((instruction) =>
  'function' in instruction && instruction.function === 'maximum' ? 'Max' : 'Min',
);
const scaledPair = operators.elementwise((instruction) =>
  'by' in instruction && instruction.by.function === 'sum' ? 'Add' : 'Mul',
);

export const qdqOperators: InstructionTable<[Context], void> = {
  quantize: operators.copy,
  dequantize: operators.copy,
  requantize: operators.copy,
  convolution: operators.convolution,
  gemm: operators.gemm,
  add,
  matmul: operators.matmul,
  multiply,
  binary: operators.binary,
  select: operators.select,
  extremum,
  scaledPair,
  clamp: operators.clamp,
  leakyRelu: operators.leakyRelu,
  lookup: operators.lookup,
  unary: operators.unary,
  maxPool: operators.maxPool,
  averagePool: operators.averagePool,
  reduce: operators.reduce,
  argMax: operators.argMax,
  softmax: operators.softmax,
  localResponseNormalization: operators.localResponseNormalization,
  normalize: operators.normalize,
  concat: (instruction, context) => concat(instruction, createMover(instruction, context)),
  slice: (instruction, context) => slice(instruction, createMover(instruction, context)),
  gather: (instruction, context) => gather(instruction, createMover(instruction, context)),
  resample: operators.resample,
  pad: (instruction, context) => pad(instruction, createMover(instruction, context)),
  transpose: (instruction, { layouts }) => layouts.transpose(instruction),
  reshape: (instruction, { layouts }) => layouts.reshape(instruction),
};
