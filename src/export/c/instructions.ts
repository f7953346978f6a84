/** One entry per instruction: the C call that computes it, with the functions and descriptions that the call needs. */
import type { Instruction, InstructionTable } from '../../program/instructions.js';
import type { Call, Context } from './context.js';
import {
  writeAdd,
  writeClamp,
  writeExtremum,
  writeLeakyRelu,
  writeLookup,
  writeMultiply,
  writeRequantize,
} from './elementwise.js';
import {
  writeDequantize,
  writeLocalResponseNormalization,
  writeQuantize,
  writeSoftmax,
  writeUnary,
} from './float.js';
import { writeMatmul } from './matmul.js';
import { writeConcat, writeGather, writePad, writeReshape, writeSlice, writeTranspose } from './movement.js';
import { writeNormalize } from './normalize.js';
import { writeAveragePool, writeMaxPool } from './pooling.js';
import { writeConvolution, writeGemm } from './products.js';
import { writeArgMax, writeReduce } from './reduction.js';
import { writeResample } from './resample.js';
import { writeScaledPair } from './scaled-pair.js';
import { writeBinary, writeSelect } from './selection.js';

const instructions: InstructionTable<[Context], Call> = {
  quantize: writeQuantize,
  dequantize: writeDequantize,
  requantize: writeRequantize,
  convolution: writeConvolution,
  gemm: writeGemm,
  add: writeAdd,
  multiply: writeMultiply,
  binary: writeBinary,
  select: writeSelect,
  matmul: writeMatmul,
  extremum: writeExtremum,
  scaledPair: writeScaledPair,
  clamp: writeClamp,
  leakyRelu: writeLeakyRelu,
  lookup: writeLookup,
  unary: writeUnary,
  maxPool: writeMaxPool,
  averagePool: writeAveragePool,
  reduce: writeReduce,
  argMax: writeArgMax,
  softmax: writeSoftmax,
  normalize: writeNormalize,
  localResponseNormalization: writeLocalResponseNormalization,
  concat: writeConcat,
  slice: writeSlice,
  gather: writeGather,
  resample: writeResample,
  pad: writePad,
  transpose: writeTranspose,
  reshape: writeReshape,
};

/** The C call of one instruction. Throws a ProgramError naming it where C cannot compute it. */
export function writeInstruction(instruction: Instruction, context: Context): Call {
  // The table pairs every opcode with its own instruction, which the type of a union cannot say.
  const entry = instructions[instruction.op] as (instruction: Instruction, context: Context) => Call;
  return entry(instruction, context);
}
