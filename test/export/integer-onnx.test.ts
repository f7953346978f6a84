/** Programs as ONNX models of integer operators: onnxruntime gives the codes of the oracle. */
import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { ExecutionError, ProgramError } from '#src/errors.js';
import type { Elements } from '#src/execute/executor.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { cutIntegerPart } from '#src/export/onnx/cut.js';
import { integerModel } from '#src/export/onnx/integer-model.js';
import type { Model } from '#src/onnx/model.js';
import { encodeModel } from '#src/onnx/write.js';
import type { Opcode } from '#src/program/instructions.js';
import type { Program } from '#src/program/program.js';
import { arbitraryRun, type ProgramOptions } from '../program/arbitrary.js';

/** Instructions with integer operators for every program that does not need more than 64 bits, float32 or a hash. */
const expressible: readonly Opcode[] = [
  'requantize',
  'convolution',
  'gemm',
  'matmul',
  'add',
  'multiply',
  'extremum',
  'clamp',
  'leakyRelu',
  'lookup',
  'maxPool',
  'averagePool',
  'reduce',
  'argMax',
  'concat',
  'slice',
  'gather',
  'resample',
  'pad',
  'transpose',
  'reshape',
];

/** The model, or undefined where the program has none, for a reason in words. */
function express(program: Program): Model | undefined {
  try {
    return integerModel(program);
  } catch (error) {
    expect(error).toBeInstanceOf(ProgramError);
    return undefined;
  }
}

/** The codes of the tensors of the integer part that a run on the oracle goes through; undefined where it traps. */
function codesOf(program: Program, inputs: readonly Elements[]): Map<number, Elements> | undefined {
  const codes = new Map<number, Elements>(program.inputs.map(({ tensor }, index) => [tensor, inputs[index]]));
  for (const [index, { data }] of program.tensors.entries()) if (data !== undefined) codes.set(index, data);
  try {
    createOracle(program).run(inputs, (index, tensors) => {
      const { output } = program.instructions[index];
      codes.set(output, tensors.read(output).slice());
    });
    return codes;
  } catch (error) {
    expect(error).toBeInstanceOf(ExecutionError);
    return undefined;
  }
}

async function expectSameCodes(program: Program, model: Model, codes: ReadonlyMap<number, Elements>) {
  const { inputs, outputs } = cutIntegerPart(program);
  const session = await InferenceSession.create(encodeModel(model), { logSeverityLevel: 4 });
  const feeds = inputs.map(({ name, tensor }) => {
    const { type, shape } = model.graph.inputs.find((input) => input.name === name)!;
    return [name, new Tensor(type as 'int8', codes.get(tensor) as Int8Array, [...shape])] as const;
  });
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  for (const { name, tensor } of outputs) {
    expect(results[name].dims, name).toEqual(program.tensors[tensor].shape);
    expect(results[name].data, name).toEqual(codes.get(tensor));
  }
}

/** Runs random programs; how many of them had a model. */
async function countAgreeing(options: ProgramOptions, numRuns: number): Promise<number> {
  let found = 0;
  const property = fc.asyncProperty(arbitraryRun(options), async ({ program, inputs }) => {
    const model = express(program);
    const codes = model && codesOf(program, inputs);
    if (codes === undefined) return;
    found++;
    await expectSameCodes(program, model!, codes);
  });
  await fc.assert(property, { numRuns });
  return found;
}

describe('onnxruntime gives the codes of the oracle', () => {
  test.each(expressible)('%s alone', async (op) => {
    expect(await countAgreeing({ opcodes: [op], longest: 1, unusual: true }, 150)).toBeGreaterThan(15);
  });

  test('chains of instructions', async () => {
    const opcodes: Opcode[] = [...expressible, 'quantize', 'dequantize'];
    expect(await countAgreeing({ opcodes, longest: 5 }, 150)).toBeGreaterThan(15);
  });
});
