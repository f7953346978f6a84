import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldPadding } from '#src/passes/fold-padding.js';
import { listUnsupported } from '#src/passes/list-unsupported.js';
import { unfoldPadding } from '#src/passes/unfold-padding.js';
import { buildGraph, op } from '../graph/build.js';
import { applyRules, summary } from './check.js';

const pool = (attributes: Record<string, number | readonly number[]>, opset = 19, size = [1, 2, 5, 6]) =>
  buildGraph({
    opset,
    inputs: { x: size },
    nodes: [op('AveragePool', ['x'], 'y', { count_include_pad: 1, ceil_mode: 1, ...attributes })],
    outputs: ['y'],
  });

test.each([10, 13])('a pooling that reaches beyond its padding, operator set %d', async (opset) => {
  const before = pool({ kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }, opset);
  const after = await applyRules(before, [foldPadding, unfoldPadding, foldPadding]);
  expect(after.nodes.map(({ operator }) => operator)).toEqual(['Pad', 'AveragePool']);
  expect(listUnsupported(after)).toEqual([]);
});

test('stays without padding and where all windows end in it', async () => {
  for (const attributes of [
    { kernel_shape: [3, 3], strides: [2, 2], pads: [0, 0, 0, 0] },
    { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 1, 1, 1] },
  ])
    expect(summary(await applyRules(pool(attributes), [unfoldPadding]))).toEqual(['y = AveragePool(x)']);
});

test('gives the same averages', async () => {
  const two = (low: number, high: number) =>
    fc.tuple(fc.integer({ min: low, max: high }), fc.integer({ min: low, max: high }));
  await fc.assert(
    fc.asyncProperty(
      two(4, 9),
      two(2, 4),
      two(1, 4),
      two(0, 1),
      two(0, 1),
      async (size, kernel, strides, ...pads) => {
        const attributes = { kernel_shape: kernel, strides, pads: pads.flat() };
        const after = await applyRules(pool(attributes, 19, [1, 1, ...size]), [unfoldPadding]);
        expect(listUnsupported(after)).toEqual([]);
      },
    ),
    { numRuns: 200 },
  );
});
