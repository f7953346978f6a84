import { expect, test } from 'vitest';
import { float32 } from '#src/graph/tensor.js';
import { replaceDivision } from '#src/passes/replace-division.js';
import { buildGraph, op } from '../graph/build.js';
import { applyRules, summary } from './check.js';

test('a constant divisor becomes a factor; powers of two exactly', async () => {
  const parts = { inputs: { x: [2, 3] }, nodes: [op('Div', ['x', 'c'], 'y')], outputs: ['y'] };
  const exact = await applyRules(
    buildGraph({ ...parts, constants: { c: float32([3], [4, -0.5, 1024]) } }),
    [replaceDivision],
    { tolerance: 0 },
  );
  expect(summary(exact)).toEqual(['y = Mul(x,c/reciprocal)']);
  expect(exact.constants).toEqual(new Map([['c/reciprocal', float32([3], [0.25, -2, 1 / 1024])]]));
  await applyRules(buildGraph({ ...parts, constants: { c: float32([2, 1], [3, 6]) } }), [replaceDivision]);
});

test.each([
  ['by zero', float32([], [0])],
  ['by a number whose reciprocal is too large', float32([], [1e-39])],
])('a division %s stays', async (_, c) => {
  const graph = buildGraph({
    inputs: { x: [2] },
    constants: { c },
    nodes: [op('Div', ['x', 'c'], 'y')],
    outputs: ['y'],
  });
  expect(
    replaceDivision(graph.nodes[0], { constant: (name: string) => graph.constants.get(name) } as never),
  ).toBe(undefined);
});
