import { describe, expect, test } from 'vitest';
import type { Node } from '#src/graph/graph.js';
import { float32, int64, type Tensor } from '#src/graph/tensor.js';
import { removeNoOps } from '#src/passes/remove-no-ops.js';
import { buildGraph, op } from '../graph/build.js';
import { applyRules, summary } from './check.js';

const shape = [2, 3, 1, 4];
type Case = [Node, Record<string, Tensor>?, opset?: number];
const around = ([node, constants, opset]: Case) =>
  buildGraph({
    opset,
    inputs: { x: shape },
    constants,
    nodes: [op('Neg', ['x'], 'a'), node, op('Neg', ['b'], 'y')],
    outputs: ['y'],
  });

describe('goes', () => {
  const cases: Case[] = [
    [op('Identity', ['a'], 'b')],
    [op('Dropout', ['a'], 'b')],
    [op('Dropout', ['a'], ['b', 'mask'], { ratio: 0.5 }), {}, 9],
    [op('Reshape', ['a', 's'], 'b'), { s: int64([4], [0, 3, -1, 4]) }],
    [op('Transpose', ['a'], 'b', { perm: [0, 1, 2, 3] })],
    [op('Cast', ['a'], 'b', { to: 1 })],
    [op('Pad', ['a', 'p'], 'b'), { p: int64([8], [0, 0, 0, 0, 0, 0, 0, 0]) }],
    [op('Pad', ['a'], 'b', { pads: [0, 0, 0, 0, 0, 0, 0, 0] }), {}, 10],
    [op('Slice', ['a', 's', 'e'], 'b'), { s: int64([1], [0]), e: int64([1], [2 ** 31]) }],
    [op('Slice', ['a'], 'b', { starts: [0, -3], ends: [2, 99], axes: [0, 1] }), {}, 9],
    [op('Concat', ['a'], 'b', { axis: 1 })],
    [op('Sum', ['a'], 'b')],
    [op('Max', ['a'], 'b')],
  ];
  test.each(cases.map((item) => [item[0].operator, item] as const))('%s', async (_, item) => {
    const after = await applyRules(around(item), [removeNoOps], { tolerance: 0 });
    expect(summary(after)).toEqual(['a = Neg(x)', 'y = Neg(a)']);
  });
});

describe('stays', () => {
  const cases: [string, Case][] = [
    ['a transposition', [op('Transpose', ['a'], 'b', { perm: [1, 0, 2, 3] })]],
    [
      'a reversing Slice',
      [
        op('Slice', ['a', 's', 'e', 'axes', 'steps'], 'b'),
        { s: int64([1], [-1]), e: int64([1], [-99]), axes: int64([1], [3]), steps: int64([1], [-1]) },
      ],
    ],
    ['a Pad that shifts', [op('Pad', ['a', 'p'], 'b'), { p: int64([8], [0, 0, 0, 1, 0, 0, 0, -1]) }]],
    ['a Concat of two', [op('Concat', ['a', 'a'], 'b', { axis: 1 })]],
    ['a Sum of two', [op('Sum', ['a', 'c'], 'b'), { c: float32([1], [1]) }]],
  ];
  test.each(cases)('%s', async (_, item) => {
    const before = around(item);
    expect(summary(await applyRules(before, [removeNoOps]))).toEqual(summary(before));
  });

  test('a transposition that swaps equal sizes, while one of axes of size 1 goes', async () => {
    const before = buildGraph({
      inputs: { x: [3, 3, 1, 1] },
      nodes: [
        op('Transpose', ['x'], 'a', { perm: [1, 0, 2, 3] }),
        op('Transpose', ['a'], 'b', { perm: [0, 1, 3, 2] }),
        op('Neg', ['b'], 'y'),
      ],
      outputs: ['y'],
    });
    const after = await applyRules(before, [removeNoOps], { tolerance: 0 });
    expect(summary(after)).toEqual(['a = Transpose(x)', 'y = Neg(a)']);
  });

  test('a Dropout whose mask is read', () => {
    const before = buildGraph({
      opset: 9,
      inputs: { x: shape },
      nodes: [op('Dropout', ['x'], ['y', 'mask'])],
      outputs: ['y', 'mask'],
    });
    const context = { isOutput: () => true, consumers: () => [] };
    expect(removeNoOps(before.nodes[0], context as never)).toBeUndefined();
  });
});
