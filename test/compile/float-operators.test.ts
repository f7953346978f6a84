/** Float programs of every operator, alone and among others, against onnxruntime; and the kernels against the oracle. */
import { expect, test } from 'vitest';
import { compileProgram } from '#src/compile/compile.js';
import { runPorts } from '#src/execute/ports.js';
import { prepareGraph } from '#src/passes/index.js';
import { elementCount } from '#src/shape.js';
import { buildGraph, noise, op } from '../graph/build.js';
import { runWithOnnxruntime } from '../graph/onnxruntime.js';
import { operatorExamples, supportedOperators } from './examples.js';
import { graphExamples } from './graph-examples.js';
import { expectAgreement } from './quantize.js';

/** Largest difference allowed, relative to the largest output. */
const tolerance = 2e-6;

test.each(Object.entries({ ...operatorExamples, ...graphExamples }))('%s', async (_, example) => {
  const before = buildGraph(example);
  const { graph } = prepareGraph(before, { verifyEach: true });
  const program = compileProgram(graph, null);
  const sample = before.inputs.map(({ shape }, port) =>
    noise(elementCount(shape), port + 1).map((value) => value * (example.scales?.[port] ?? 1)),
  );
  const executor = expectAgreement(program, [sample]);
  const feeds = Object.fromEntries(before.inputs.map(({ name }, port) => [name, sample[port]]));
  const expected = await runWithOnnxruntime(before, feeds);
  for (const { name, shape, values } of runPorts(executor, sample).outputs) {
    const truth = expected[name].data;
    expect({ name, shape }).toEqual({ name, shape: expected[name].shape });
    const largest = truth.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const error = truth.reduce((most, value, i) => Math.max(most, Math.abs(value - values[i])), 0);
    expect(error, name).toBeLessThanOrEqual(tolerance * largest);
  }
});

// 0x4200 is 3 as float16; 0x4000 is 2 as bfloat16.
test.each([
  ['float16', 0x4200, [8, 27]],
  ['bfloat16', 0x4000, [4, 9]],
] as const)('Pow with a constant exponent of type %s', (type, bits, expected) => {
  const before = buildGraph({
    inputs: { x: [2] },
    constants: { e: { type, shape: [1], data: Uint16Array.of(bits) } },
    nodes: [op('Pow', ['x', 'e'], 'y')],
    outputs: ['y'],
  });
  const program = compileProgram(prepareGraph(before).graph, null);
  const executor = expectAgreement(program, [[Float32Array.of(2, 3)]]);
  expect(Array.from(executor.run([Float32Array.of(2, 3)])[0], Number)).toEqual(expected);
});

test('every operator that is supported has an example', () => {
  const nodes = Object.values(operatorExamples).flatMap((example) => example.nodes);
  const covered = new Set(nodes.map(({ operator }) => operator));
  expect(supportedOperators().filter((operator) => !covered.has(operator))).toEqual([]);
});
