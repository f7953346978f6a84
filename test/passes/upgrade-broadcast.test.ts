import { expect, test } from 'vitest';
import { float32 } from '#src/graph/tensor.js';
import { runPasses } from '#src/passes/index.js';
import { upgradeBroadcast } from '#src/passes/upgrade-broadcast.js';
import { buildGraph, noise, op } from '../graph/build.js';
import { expectSameOutputs, summary } from './check.js';

const upgrade = (graph: ReturnType<typeof buildGraph>) =>
  runPasses(graph, [upgradeBroadcast], { verifyEach: true }).graph;

test('an operand along inner axes, a constant and a computed one', async () => {
  const before = buildGraph({
    opset: 6,
    inputs: { x: [2, 3, 4, 5], v: [3, 4] },
    constants: { c: float32([3], noise(3)), same: float32([2, 3, 4, 5], noise(120)) },
    nodes: [
      op('Add', ['x', 'c'], 'a', { broadcast: 1, axis: 1 }),
      op('Mul', ['a', 'v'], 'b', { broadcast: 1, axis: 1 }),
      op('Sub', ['b', 'same'], 'd'),
      op('PRelu', ['d', 'c'], 'y'),
    ],
    outputs: ['y'],
  });
  const after = upgrade(before);
  expect(after.opset).toBe(7);
  expect(after.nodes.every(({ attributes }) => Object.keys(attributes).length === 0)).toBe(true);
  expect(summary(after)).toEqual([
    'a = Add(x,a/aligned)',
    'b/aligned = Reshape(v,b/shape)',
    'b = Mul(a,b/aligned)',
    'd = Sub(b,same)',
    'y = PRelu(d,y/aligned)',
  ]);
  expect(after.constants.get('a/aligned')).toEqual(float32([3, 1, 1], noise(3)));
  // Operator set 7 is what onnxruntime computes; PyTorch's meaning of set 6 is written out for it here.
  const spelledOut = buildGraph({
    opset: 7,
    inputs: { x: [2, 3, 4, 5], v: [3, 4] },
    constants: {
      c: float32([3, 1, 1], noise(3)),
      same: float32([2, 3, 4, 5], noise(120)),
      shape: { type: 'int64', shape: [3], data: BigInt64Array.of(3n, 4n, 1n) },
    },
    nodes: [
      op('Add', ['x', 'c'], 'a'),
      op('Reshape', ['v', 'shape'], 'w'),
      op('Mul', ['a', 'w'], 'b'),
      op('Sub', ['b', 'same'], 'd'),
      op('PRelu', ['d', 'c'], 'y'),
    ],
    outputs: ['y'],
  });
  await expectSameOutputs(spelledOut, after, { tolerance: 0 });
});

test('operator set 7 and later stay as they are', () => {
  const graph = buildGraph({
    opset: 7,
    inputs: { x: [2, 3], v: [3] },
    nodes: [op('Add', ['x', 'v'], 'y')],
    outputs: ['y'],
  });
  expect(upgradeBroadcast.run(graph)).toEqual({ graph, changes: [] });
});
