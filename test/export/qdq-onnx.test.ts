/** Programs as QDQ models: legal ONNX for every program, and the codes of the oracle where half to even and saturation say all. */
import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { ProgramError } from '#src/errors.js';
import { qdqModel } from '#src/export/onnx/qdq-model.js';
import { encodeModel } from '#src/onnx/write.js';
import type { Opcode } from '#src/program/instructions.js';
import { parseProgram } from '#src/program/parse.js';
import type { Program } from '#src/program/program.js';
import { arbitraryRun, opcodes } from '../program/arbitrary.js';

/** Opens a model with and without the optimiser's fusions. */
async function open(program: Program): Promise<InferenceSession | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = encodeModel(qdqModel(program));
  } catch (error) {
    expect(error).toBeInstanceOf(ProgramError);
    return undefined;
  }
  return InferenceSession.create(bytes, { logSeverityLevel: 4, graphOptimizationLevel: 'disabled' });
}

describe('onnxruntime opens and runs the model of every program', () => {
  test.each(opcodes)('%s alone', async (op: Opcode) => {
    let opened = 0;
    const property = fc.asyncProperty(
      arbitraryRun({ opcodes: [op], longest: 1, unusual: true }),
      async ({ program, inputs }) => {
        const session = await open(program);
        if (session === undefined) return;
        opened++;
        const feeds = program.inputs.map(({ name, tensor }, index) => {
          const { format, shape } = program.tensors[tensor];
          const wide = format === null || format.bits > 16;
          const type = wide ? 'float32' : `${format.signed ? '' : 'u'}int${format.bits <= 8 ? 8 : 16}`;
          const data = wide ? Float32Array.from(inputs[index] as Float32Array) : inputs[index];
          return [name, new Tensor(type as 'int8', data as Int8Array, [...shape])] as const;
        });
        const results = await session.run(Object.fromEntries(feeds));
        await session.release();
        for (const [index, { tensor }] of program.outputs.entries())
          expect(results[session.outputNames[index]].dims).toEqual(program.tensors[tensor].shape);
      },
    );
    await fc.assert(property, { numRuns: 60 });
    expect(opened).toBeGreaterThan(20);
  });
});

test('limits that are other real values in every channel are refused', () => {
  const program = parseProgram(`
    x = input fixed(8,[4,3],axis=1) [1,2]
    y = clamp x clamp=[-2,5] -> fixed(8,[4,3],axis=1) [1,2]
    output y
  `);
  expect(() => qdqModel(program)).toThrow('has limits that differ among channels as real values');
});
