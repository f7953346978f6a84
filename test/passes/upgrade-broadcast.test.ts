import { expect, test } from 'vitest';
import { compileProgram } from '#src/compile/compile.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { float32 } from '#src/graph/tensor.js';
import { prepareGraph, runPasses } from '#src/passes/index.js';
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

// The first operand is 2 2 2 2 2 2, two of each channel; the second 1 2 3, one for each channel.
test.each([
  ['Pow', [2, 2, 4, 4, 8, 8]],
  ['Less', [0, 0, 0, 0, 1, 1]],
  ['Greater', [1, 1, 0, 0, 0, 0]],
  ['Equal', [0, 0, 1, 1, 0, 0]],
])('%s along channels', (operator, expected) => {
  const graph = buildGraph({
    opset: 6,
    inputs: { x: [1, 3, 1, 2] },
    constants: { c: float32([3], [1, 2, 3]) },
    nodes: [op(operator, ['x', 'c'], 'y', { broadcast: 1, axis: 1 })],
    outputs: ['y'],
  });
  const executor = createOracle(compileProgram(prepareGraph(graph).graph, null));
  const [y] = executor.run([new Float32Array(6).fill(2)]);
  expect(Array.from(y, Number)).toEqual(expected);
});

// The first operand is 0 1 0 1 0 1, the second 0 1 1, one for each channel.
test.each([
  ['And', [0, 0, 0, 1, 0, 1]],
  ['Or', [0, 1, 1, 1, 1, 1]],
])('%s along channels', (operator, expected) => {
  const graph = buildGraph({
    opset: 6,
    inputs: { x: [1, 3, 1, 2] },
    constants: {
      zero: float32([1], [0]),
      c: { type: 'bool', shape: [3], data: Uint8Array.of(0, 1, 1) },
    },
    nodes: [
      op('Greater', ['x', 'zero'], 'a', { broadcast: 1 }),
      op(operator, ['a', 'c'], 'y', { broadcast: 1, axis: 1 }),
    ],
    outputs: ['y'],
  });
  const executor = createOracle(compileProgram(prepareGraph(graph).graph, null));
  const [y] = executor.run([Float32Array.of(0, 1, 0, 1, 0, 1)]);
  expect(Array.from(y, Number)).toEqual(expected);
});

test('comparisons of operator sets below 6 along inner axes are refused', () => {
  const graph = buildGraph({
    opset: 5,
    inputs: { x: [1, 3, 1, 2] },
    constants: { c: float32([3], [1, 2, 3]) },
    nodes: [op('Less', ['x', 'c'], 'y', { broadcast: 1, axis: 1 })],
    outputs: ['y'],
  });
  expect(() => prepareGraph(graph)).toThrow('node "y" (Less): broadcasting by the attribute axis');
});

test('an operand that lies along the last axes already', () => {
  const graph = buildGraph({
    opset: 6,
    inputs: { x: [2, 3] },
    constants: { c: float32([3], [1, 2, 3]) },
    nodes: [op('Add', ['x', 'c'], 'y', { broadcast: 1 })],
    outputs: ['y'],
  });
  const { nodes } = upgrade(graph);
  expect(nodes).toEqual([op('Add', ['x', 'c'], 'y')]);
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
