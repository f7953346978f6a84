import { expect, test } from 'vitest';
import { splitVariadic } from '#src/passes/split-variadic.js';
import { buildGraph, op } from '../graph/build.js';
import { applyRules, summary } from './check.js';

test('a Sum becomes additions from left to right', async () => {
  const graph = await applyRules(
    buildGraph({
      inputs: { a: [2, 3], b: [3], c: [2, 1], d: [1] },
      nodes: [op('Sum', ['a', 'b', 'c', 'd'], 'y'), op('Sum', ['a', 'a'], 'z')],
      outputs: ['y', 'z'],
    }),
    [splitVariadic],
    { tolerance: 0 },
  );
  expect(summary(graph)).toEqual([
    'y/sum1 = Add(a,b)',
    'y/sum2 = Add(y/sum1,c)',
    'y = Add(y/sum2,d)',
    'z = Add(a,a)',
  ]);
  expect(graph.types.get('y/sum1')).toEqual({ type: 'float32', shape: [2, 3] });
});

test('a Max of many becomes one of pairs, that of two stays, and that of one is an Identity', async () => {
  const graph = await applyRules(
    buildGraph({
      inputs: { a: [2, 3], b: [3], c: [2, 1] },
      nodes: [op('Max', ['a', 'b', 'c'], 'y'), op('Min', ['a', 'b'], 'z'), op('Min', ['a'], 'w')],
      outputs: ['y', 'z', 'w'],
    }),
    [splitVariadic],
    { tolerance: 0 },
  );
  expect(summary(graph)).toEqual([
    'y/max1 = Max(a,b)',
    'y = Max(y/max1,c)',
    'z = Min(a,b)',
    'w = Identity(a)',
  ]);
});
