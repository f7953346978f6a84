import fc from 'fast-check';
import { expect, test } from 'vitest';
import { float32, type Tensor } from '#src/graph/tensor.js';
import { foldAffine } from '#src/passes/fold-affine.js';
import { isNormalGemm } from '#src/passes/linear.js';
import { normaliseGemm } from '#src/passes/normalise-gemm.js';
import { buildGraph, float, noise, op } from '../graph/build.js';
import { applyRules, summary } from './check.js';

const [m, k, n] = [3, 4, 5];
const tensor = (shape: readonly number[], seed: number) =>
  float32(
    shape,
    noise(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
  );

test('worked by hand: transposition and factors go into the constants', async () => {
  const graph = await applyRules(
    buildGraph({
      inputs: { x: [1, 2] },
      constants: { w: float32([2, 3], [1, 2, 3, 4, 5, 6]), c: float32([1, 3], [1, 2, 3]) },
      nodes: [op('Gemm', ['x', 'w', 'c'], 'y', { alpha: float(2), beta: 0.5 })],
      outputs: ['y'],
    }),
    [normaliseGemm],
  );
  expect(summary(graph)).toEqual(['y = Gemm(x,w/folded,c/folded)']);
  expect(graph.nodes[0].attributes).toEqual({ transB: { kind: 'int', value: 1 } });
  expect(graph.constants).toEqual(
    new Map([
      ['w/folded', float32([3, 2], [2, 8, 4, 10, 6, 12])],
      ['c/folded', float32([3], [0.5, 1, 1.5])],
    ]),
  );
});

test('every form of Gemm with constant weights', async () => {
  const addend = fc.constantFrom<number[] | undefined>(undefined, [], [1], [n], [1, n], [m, 1], [m, n]);
  const factor = fc.constantFrom(0, 1, -0.5, 2);
  await fc.assert(
    fc.asyncProperty(
      fc.record({ transA: fc.nat(1), transB: fc.nat(1), alpha: factor, beta: factor }),
      fc.constantFrom(1, m),
      addend,
      fc.boolean(),
      async ({ transA, transB, alpha, beta }, rows, shape, computed) => {
        const c = shape?.map((size, axis) =>
          shape.length === 2 && axis === 0 ? Math.min(size, rows) : size,
        );
        const hasInput = c !== undefined && computed;
        const constants: Record<string, Tensor> = { w: tensor(transB ? [n, k] : [k, n], 5) };
        if (c !== undefined && !computed) constants.c = tensor(c, 6);
        const graph = await applyRules(
          buildGraph({
            inputs: { x: transA ? [k, rows] : [rows, k], ...(hasInput ? { c } : {}) },
            constants,
            nodes: [
              op('Gemm', c === undefined ? ['x', 'w'] : ['x', 'w', 'c'], 'y', {
                transA,
                transB,
                alpha: float(alpha),
                beta: float(beta),
              }),
            ],
            outputs: ['y'],
          }),
          [normaliseGemm],
        );
        const context = { constant: (name: string) => graph.constants.get(name) };
        const gemms = graph.nodes.filter(({ operator }) => operator === 'Gemm');
        expect(gemms).toHaveLength(1);
        expect(isNormalGemm(gemms[0], context)).toBe(true);
        if (!hasInput && (c === undefined || rows === 1 || c.length < 2))
          expect(graph.nodes.filter(({ operator }) => operator !== 'Transpose')).toHaveLength(1);
      },
    ),
    { numRuns: 60 },
  );
});

test('MatMul and the Add after it become one Gemm', async () => {
  const graph = await applyRules(
    buildGraph({
      inputs: { x: [m, k] },
      constants: { w: tensor([k, n], 5), b: tensor([1, n], 6) },
      nodes: [op('MatMul', ['x', 'w'], 'p'), op('Add', ['b', 'p'], 'y')],
      outputs: ['y'],
    }),
    [normaliseGemm, foldAffine],
  );
  expect(summary(graph)).toEqual(['y = Gemm(x,w/folded,b/folded)']);
});

test('other products stay', async () => {
  const graph = buildGraph({
    inputs: { x: [2, m, k], a: [m, k], b: [k, n] },
    constants: { w: tensor([k, n], 5), v: tensor([2, m], 6) },
    nodes: [
      op('MatMul', ['x', 'w'], 'y1'),
      op('MatMul', ['v', 'a'], 'y2'),
      op('MatMul', ['a', 'b'], 'y3'),
      op('Gemm', ['a', 'b'], 'y4'),
    ],
    outputs: ['y1', 'y2', 'y3', 'y4'],
  });
  expect(summary(await applyRules(graph, [normaliseGemm]))).toEqual(summary(graph));
});
