import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { float32, int64, type Tensor } from '#src/graph/tensor.js';
import { foldPadding } from '#src/passes/fold-padding.js';
import { buildGraph, noise, op } from '../graph/build.js';
import { applyRules, summary } from './check.js';

const weights = float32([3, 2, 3, 3], noise(54, 3));

test('before Conv, the pads of operator sets 10, 13 and 18 alike', async () => {
  const inputs = { x: [1, 2, 6, 7] };
  const conv = op('Conv', ['p', 'w'], 'y', { strides: [2, 2], pads: [0, 1, 0, 1] });
  const graphs = [
    buildGraph({
      opset: 10,
      inputs,
      constants: { w: weights },
      nodes: [op('Pad', ['x'], 'p', { pads: [0, 0, 0, 1, 0, 0, 1, 2] }), conv],
      outputs: ['y'],
    }),
    buildGraph({
      opset: 13,
      inputs,
      constants: { w: weights, pads: int64([8], [0, 0, 0, 1, 0, 0, 1, 2]), zero: float32([], [0]) },
      nodes: [op('Pad', ['x', 'pads', 'zero'], 'p'), conv],
      outputs: ['y'],
    }),
    buildGraph({
      opset: 18,
      inputs,
      constants: { w: weights, pads: int64([4], [0, 1, 1, 2]), axes: int64([2], [2, -1]) },
      nodes: [op('Pad', ['x', 'pads', '', 'axes'], 'p'), conv],
      outputs: ['y'],
    }),
  ];
  for (const graph of graphs) {
    const after = await applyRules(graph, [foldPadding]);
    expect(summary(after)).toEqual(['y = Conv(x,w)']);
    expect(after.nodes[0].attributes.pads).toEqual({ kind: 'ints', value: [0, 2, 1, 3] });
  }
});

test('automatic padding refers to the padded input', async () => {
  for (const auto_pad of ['SAME_UPPER', 'SAME_LOWER', 'VALID']) {
    const after = await applyRules(
      buildGraph({
        inputs: { x: [1, 2, 6, 7] },
        constants: { w: weights, pads: int64([8], [0, 0, 0, 1, 0, 0, 1, 2]) },
        nodes: [op('Pad', ['x', 'pads'], 'p'), op('Conv', ['p', 'w'], 'y', { auto_pad, strides: [2, 2] })],
        outputs: ['y'],
      }),
      [foldPadding],
    );
    expect(after.nodes).toHaveLength(1);
  }
});

describe('stays', () => {
  const inputs = { x: [1, 2, 6, 7] };
  const pads = (...values: number[]) => int64([8], values);
  const cases: [string, Record<string, Tensor>, string[]][] = [
    [
      'where it pads channels',
      { w: float32([3, 4, 1, 1], noise(12)), pads: pads(0, 1, 0, 0, 0, 1, 0, 0) },
      [],
    ],
    ['where it crops', { w: weights, pads: pads(0, 0, 0, -1, 0, 0, 0, 0) }, []],
    [
      'where it pads with another number',
      { w: weights, pads: pads(0, 0, 1, 1, 0, 0, 1, 1), v: float32([], [1]) },
      ['v'],
    ],
  ];
  test.each(cases)('%s', async (_, constants, extra) => {
    const graph = buildGraph({
      inputs,
      constants,
      nodes: [op('Pad', ['x', 'pads', ...extra], 'p'), op('Conv', ['p', 'w'], 'y')],
      outputs: ['y'],
    });
    expect(summary(await applyRules(graph, [foldPadding]))).toEqual(summary(graph));
  });

  test('where it reflects', async () => {
    const graph = buildGraph({
      inputs,
      constants: { w: weights, pads: pads(0, 0, 1, 1, 0, 0, 1, 1) },
      nodes: [op('Pad', ['x', 'pads'], 'p', { mode: 'reflect' }), op('Conv', ['p', 'w'], 'y')],
      outputs: ['y'],
    });
    expect(summary(await applyRules(graph, [foldPadding]))).toEqual(summary(graph));
  });
});

describe('pooling', () => {
  const small = fc.nat({ max: 2 });
  const settings = fc.record({
    operator: fc.constantFrom('AveragePool', 'MaxPool'),
    outer: fc.tuple(small, small, small, small),
    inner: fc.tuple(fc.nat(1), fc.nat(1), fc.nat(1), fc.nat(1)),
    kernel: fc.tuple(fc.integer({ min: 2, max: 4 }), fc.integer({ min: 2, max: 4 })),
    stride: fc.integer({ min: 1, max: 3 }),
    ceil: fc.nat(1),
    include: fc.nat(1),
    value: fc.constantFrom(0, Number.NEGATIVE_INFINITY, 0.5, -2),
    relu: fc.boolean(),
  });

  test('gives the same numbers, folded or not', async () => {
    let folded = 0;
    await fc.assert(
      fc.asyncProperty(settings, async (s) => {
        const attributes = {
          kernel_shape: s.kernel,
          strides: [s.stride, s.stride],
          pads: s.inner,
          ceil_mode: s.ceil,
        };
        const average = s.operator === 'AveragePool';
        const value = average && s.value === Number.NEGATIVE_INFINITY ? 0 : s.value;
        const graph = await applyRules(
          buildGraph({
            inputs: { x: [1, 2, 5, 6] },
            constants: {
              pads: int64([8], [0, 0, s.outer[0], s.outer[1], 0, 0, s.outer[2], s.outer[3]]),
              value: float32([], [value]),
            },
            nodes: [
              op(s.relu ? 'Relu' : 'Neg', ['x'], 'r'),
              op('Pad', ['r', 'pads', 'value'], 'p'),
              op(
                s.operator,
                ['p'],
                'y',
                average ? { ...attributes, count_include_pad: s.include } : attributes,
              ),
            ],
            outputs: ['y'],
          }),
          [foldPadding],
          average ? {} : { tolerance: 0 },
        );
        if (graph.nodes.length === 2) folded++;
      }),
      { numRuns: 200 },
    );
    expect(folded).toBeGreaterThan(20);
  });
});
