import { expect, test } from 'vitest';
import { int64 } from '#src/graph/tensor.js';
import { listUnsupported } from '#src/passes/list-unsupported.js';
import { buildGraph, op } from '../graph/build.js';

test('values that are not float32 are not computed', () => {
  const graph = buildGraph({
    constants: { one: int64([1], [1]) },
    nodes: [op('Add', ['x', 'one'], 'y'), op('Concat', ['y', 'one'], 'z', { axis: 0 })],
    outputs: ['z'],
  });
  const reasons = listUnsupported({ ...graph, inputs: [{ name: 'x', type: 'int64', shape: [2] }] });
  expect(reasons).toEqual([
    { node: 'y', operator: 'Add', reason: '"x" has the element type int64, only float32 is computed' },
    { node: 'z', operator: 'Concat', reason: '"y" has the element type int64, only float32 is computed' },
  ]);
});
