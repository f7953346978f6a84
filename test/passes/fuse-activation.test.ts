import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { float32 } from '#src/graph/tensor.js';
import { fuseActivation } from '#src/passes/fuse-activation.js';
import { buildGraph, float, noise, op } from '../graph/build.js';
import { applyRules, summary } from './check.js';

const weights = {
  w: float32(
    [3, 2, 1, 1],
    noise(6, 3).map((value) => value * 8),
  ),
};
const conv = op('Conv', ['x', 'w'], 'c');
const inputs = { x: [1, 2, 3, 4] };
const limits = { zero: float32([], [0]), six: float32([], [6]), one: float32([], [1]) };
const exact = { tolerance: 0 };

describe('a clamp joins the node before it, which takes its name', () => {
  test('Relu', async () => {
    const graph = await applyRules(
      buildGraph({ inputs, constants: weights, nodes: [conv, op('Relu', ['c'], 'y')], outputs: ['y'] }),
      [fuseActivation],
      exact,
    );
    expect(summary(graph)).toEqual(['y = Conv(x,w) [0,Infinity]']);
    expect(graph.nodes[0].name).toBe('y');
  });

  test('Clip by attributes', async () => {
    const clip = op('Clip', ['c'], 'y', { min: float(-1), max: float(6) });
    const graph = await applyRules(
      buildGraph({ opset: 10, inputs, constants: weights, nodes: [conv, clip], outputs: ['y'] }),
      [fuseActivation],
      exact,
    );
    expect(summary(graph)).toEqual(['y = Conv(x,w) [-1,6]']);
  });

  test('Clip by inputs, either of them left out', async () => {
    for (const [bounds, expected] of [
      [['zero', 'six'], '[0,6]'],
      [['', 'six'], '[-Infinity,6]'],
      [['one'], '[1,Infinity]'],
    ] as const) {
      const graph = await applyRules(
        buildGraph({
          inputs,
          constants: { ...weights, ...limits },
          nodes: [conv, op('Clip', ['c', ...bounds], 'y')],
          outputs: ['y'],
        }),
        [fuseActivation],
        exact,
      );
      expect(summary(graph)).toEqual([`y = Conv(x,w) ${expected}`]);
    }
  });

  test.each(['Add', 'Sub', 'Mul'])('after %s', async (operator) => {
    const graph = await applyRules(
      buildGraph({
        inputs: { a: [2, 3], b: [3] },
        nodes: [op(operator, ['a', 'b'], 's'), op('Relu', ['s'], 'y')],
        outputs: ['y'],
      }),
      [fuseActivation],
      exact,
    );
    expect(summary(graph)).toEqual([`y = ${operator}(a,b) [0,Infinity]`]);
  });
});

test('clamps in a row combine as they would act one after the other', async () => {
  const bound = fc.integer({ min: -3, max: 3 });
  const range = fc.tuple(bound, bound).map(([a, b]) => [Math.min(a, b), Math.max(a, b)]);
  await fc.assert(
    fc.asyncProperty(fc.array(range, { minLength: 2, maxLength: 3 }), async (ranges) => {
      const constants = Object.fromEntries(
        ranges.flatMap(([low, high], i) => [
          [`low${i}`, float32([], [low])],
          [`high${i}`, float32([], [high])],
        ]),
      );
      const clips = ranges.map((_, i) =>
        op(
          'Clip',
          [i === 0 ? 'c' : `v${i - 1}`, `low${i}`, `high${i}`],
          i === ranges.length - 1 ? 'y' : `v${i}`,
        ),
      );
      const graph = await applyRules(
        buildGraph({
          inputs,
          constants: { ...weights, ...constants },
          nodes: [conv, ...clips],
          outputs: ['y'],
        }),
        [fuseActivation],
        exact,
      );
      expect(graph.nodes).toHaveLength(1);
    }),
    { numRuns: 30 },
  );
});

describe('stays apart', () => {
  const relu = op('Relu', ['c'], 'y');
  test.each([
    ['where the value before is an output', [conv, relu], ['c', 'y']],
    ['where another node reads the value before', [conv, relu, op('Neg', ['c'], 'z')], ['y', 'z']],
    ['after a node that does not clamp', [op('Neg', ['x'], 'c'), relu], ['y']],
    ['where a limit is computed', [conv, op('Clip', ['c', 'limit'], 'y')], ['y']],
  ])('%s', async (_, nodes, outputs) => {
    const graph = buildGraph({ inputs: { ...inputs, limit: [] }, constants: weights, nodes, outputs });
    expect(summary(await applyRules(graph, [fuseActivation], exact))).toEqual(summary(graph));
  });
});
