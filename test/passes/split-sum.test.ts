import { expect, test } from 'vitest';
import { splitSum } from '#src/passes/split-sum.js';
import { buildGraph, op } from '../graph/build.js';
import { applyRules, summary } from './check.js';

test('a Sum becomes additions from left to right', async () => {
  const graph = await applyRules(
    buildGraph({
      inputs: { a: [2, 3], b: [3], c: [2, 1], d: [1] },
      nodes: [op('Sum', ['a', 'b', 'c', 'd'], 'y'), op('Sum', ['a', 'a'], 'z')],
      outputs: ['y', 'z'],
    }),
    [splitSum],
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
