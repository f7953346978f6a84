/**
 * The oracle: the definition of what a program computes, in plain scalar TypeScript written from docs/arithmetic.md.
 * It shares no code with the kernels that are compared with it.
 */
import { ExecutionError, ProgramError } from '../../errors.js';
import type { Instruction, InstructionTable } from '../../program/instructions.js';
import type { Program } from '../../program/program.js';
import type { Elements, Executor, Tensors } from '../executor.js';
import { prepareDequantize, prepareQuantize, prepareRequantize } from './conversion.js';
import { prepareConvolution, prepareGemm } from './convolution.js';
import {
  prepareAdd,
  prepareClamp,
  prepareExtremum,
  prepareLeakyRelu,
  prepareLookup,
  prepareMultiply,
  prepareScaledPair,
  prepareUnary,
} from './elementwise.js';
import { prepareMatmul } from './matmul.js';
import {
  prepareConcat,
  prepareGather,
  preparePad,
  prepareReshape,
  prepareSlice,
  prepareTranspose,
} from './movement.js';
import { prepareLocalResponseNormalization, prepareNormalize, prepareSoftmax } from './normalization.js';
import {
  allocateOperands,
  findMismatch,
  type Operand,
  type Operands,
  operandsOf,
  type Run,
} from './operands.js';
import { prepareAveragePool, prepareMaxPool } from './pooling.js';
import { prepareArgMax, prepareReduce } from './reduction.js';
import { prepareResample } from './resample.js';
import { prepareBinary, prepareSelect } from './selection.js';

const instructions: InstructionTable<[Operands], Run> = {
  quantize: prepareQuantize,
  dequantize: prepareDequantize,
  requantize: prepareRequantize,
  convolution: prepareConvolution,
  gemm: prepareGemm,
  add: prepareAdd,
  multiply: prepareMultiply,
  matmul: prepareMatmul,
  binary: prepareBinary,
  select: prepareSelect,
  normalize: prepareNormalize,
  extremum: prepareExtremum,
  scaledPair: prepareScaledPair,
  clamp: prepareClamp,
  leakyRelu: prepareLeakyRelu,
  lookup: prepareLookup,
  unary: prepareUnary,
  maxPool: prepareMaxPool,
  averagePool: prepareAveragePool,
  reduce: prepareReduce,
  argMax: prepareArgMax,
  softmax: prepareSoftmax,
  localResponseNormalization: prepareLocalResponseNormalization,
  concat: prepareConcat,
  slice: prepareSlice,
  gather: prepareGather,
  resample: prepareResample,
  pad: preparePad,
  transpose: prepareTranspose,
  reshape: prepareReshape,
};

/**
 * Makes the executor that defines the others. It keeps every tensor of the program for the whole run.
 * Throws a ProgramError naming the instruction where operands do not fit.
 */
export function createOracle(program: Program): Executor {
  const operands = allocateOperands(program);
  const runs = program.instructions.map((instruction) =>
    prepare(instruction, operandsOf(instruction, operands)),
  );
  const read = (tensor: number): Elements => operands[tensor].data.slice();
  const tensors: Tensors = {
    read,
    write: (tensor, elements) => store(`tensor "${operands[tensor].name}"`, elements, operands[tensor]),
  };
  return {
    name: 'oracle',
    program,
    run(inputs, observe) {
      if (inputs.length !== program.inputs.length) {
        throw new ExecutionError({
          where: `program "${program.name}"`,
          what: 'is given a wrong number of inputs',
          expected: String(program.inputs.length),
          got: String(inputs.length),
        });
      }
      for (const [i, { name, tensor }] of program.inputs.entries()) {
        store(`input "${name}"`, inputs[i], operands[tensor]);
      }
      for (const [i, run] of runs.entries()) {
        run();
        observe?.(i, tensors);
      }
      return program.outputs.map(({ tensor }) => read(tensor));
    },
  };
}

function prepare(instruction: Instruction, operands: Operands): Run {
  const { op, name } = instruction;
  if (!Object.hasOwn(instructions, op)) {
    throw new ProgramError({ where: `instruction "${name}"`, what: 'is not known', got: op });
  }
  // The table pairs every opcode with its own instruction, which the type of a union cannot say.
  const entry = instructions[op] as (instruction: Instruction, operands: Operands) => Run;
  return entry(instruction, operands);
}

/** Copies elements to their tensor; codes must lie in the range of the format. */
function store(where: string, source: Elements, { data, format }: Operand): void {
  const mismatch = findMismatch(source, data.length, format);
  if (mismatch !== undefined) throw new ExecutionError({ where, ...mismatch });
  for (let i = 0; i < data.length; i++) data[i] = source[i];
}
