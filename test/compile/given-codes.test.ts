/** Codes that a model gives for weights that its operator stores in another order. */
import { expect, test } from 'vitest';
import { compileProgram } from '#src/compile/compile.js';
import type { ModelFormats } from '#src/compile/model-formats.js';
import { fixed } from '#src/formats/format.js';
import { float32 } from '#src/graph/tensor.js';
import { prepareGraph } from '#src/passes/index.js';
import { buildGraph, op } from '../graph/build.js';
import { shiftArithmetic } from '../programs.js';

test('given codes of ConvTranspose weights are those of the same weights as numbers', () => {
  const codes = Int8Array.from({ length: 4 * 3 * 2 * 3 }, (_, i) => ((i * 37) % 255) - 127);
  const w = float32(
    [4, 3, 2, 3],
    Array.from(codes, (code) => code / 64),
  );
  const nodes = [op('ConvTranspose', ['x', 'w'], 'y', { group: 2, strides: [2, 1] })];
  const { graph } = prepareGraph(
    buildGraph({ inputs: { x: [1, 4, 3, 3] }, constants: { w }, nodes, outputs: ['y'] }),
  );
  const formats: ModelFormats = {
    tensors: { x: fixed(8, 4), y: fixed(8, 2) },
    constants: { w: fixed(8, 6) },
    conversions: { rounding: 'halfEven', overflow: 'saturate' },
    nodes: { y: shiftArithmetic },
  };
  const given = compileProgram(graph, { ...formats, codes: new Map([['w', codes]]) });
  expect(given).toEqual(compileProgram(graph, formats));
});
