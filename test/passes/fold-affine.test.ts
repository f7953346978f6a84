import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { float32, type Tensor } from '#src/graph/tensor.js';
import { foldAffine } from '#src/passes/fold-affine.js';
import { buildGraph, float, noise, op } from '../graph/build.js';
import { applyRules, summary } from './check.js';

/** Parameters of a BatchNormalization over `count` channels; variances are positive. */
function normalization(count: number): Record<string, Tensor> {
  return {
    gamma: float32([count], noise(count, 2)),
    beta: float32([count], noise(count, 3)),
    mean: float32([count], noise(count, 4)),
    variance: float32(
      [count],
      noise(count, 5).map((value) => value * value + 0.1),
    ),
  };
}
const normalize = (input: string, output: string) =>
  op('BatchNormalization', [input, 'gamma', 'beta', 'mean', 'variance'], output, { epsilon: 1e-3 });
const weights = (shape: readonly number[]) =>
  float32(
    shape,
    noise(
      shape.reduce((a, b) => a * b),
      11,
    ),
  );

test('worked by hand: weights, bias, mean, variance and epsilon', async () => {
  const graph = await applyRules(
    buildGraph({
      inputs: { x: [1, 1, 1, 1] },
      constants: {
        w: float32([2, 1, 1, 1], [3, 5]),
        b: float32([2], [1, 2]),
        gamma: float32([2], [4, 6]),
        beta: float32([2], [10, 20]),
        mean: float32([2], [7, 8]),
        variance: float32([2], [3, 8]),
      },
      nodes: [
        op('Conv', ['x', 'w', 'b'], 'c'),
        op('BatchNormalization', ['c', 'gamma', 'beta', 'mean', 'variance'], 'y', { epsilon: float(1) }),
      ],
      outputs: ['y'],
    }),
    [foldAffine],
  );
  // scale = 4/sqrt(4) = 2 and 6/sqrt(9) = 2; bias = (1-7)*2+10 and (2-8)*2+20
  expect(summary(graph)).toEqual(['y = Conv(x,w/folded,b/folded)']);
  expect(graph.constants).toEqual(
    new Map([
      ['w/folded', float32([2, 1, 1, 1], [6, 10])],
      ['b/folded', float32([2], [-2, 8])],
    ]),
  );
});

describe('BatchNormalization', () => {
  test('after a grouped Conv without bias', async () => {
    const graph = await applyRules(
      buildGraph({
        inputs: { x: [2, 4, 5, 6] },
        constants: { w: weights([6, 2, 3, 3]), ...normalization(6) },
        nodes: [op('Conv', ['x', 'w'], 'c', { group: 2 }), normalize('c', 'y')],
        outputs: ['y'],
      }),
      [foldAffine],
    );
    expect(summary(graph)).toEqual(['y = Conv(x,w/folded,y/bias)']);
  });

  test('after a 1-D Conv', async () => {
    const graph = await applyRules(
      buildGraph({
        inputs: { x: [1, 3, 9] },
        constants: { w: weights([4, 3, 3]), b: weights([4]), ...normalization(4) },
        nodes: [op('Conv', ['x', 'w', 'b'], 'c', { strides: [2] }), normalize('c', 'y')],
        outputs: ['y'],
      }),
      [foldAffine],
    );
    expect(graph.nodes.map(({ operator }) => operator)).toEqual(['Conv']);
  });

  test('after Gemm', async () => {
    const graph = await applyRules(
      buildGraph({
        inputs: { x: [3, 4] },
        constants: { w: weights([5, 4]), b: weights([5]), ...normalization(5) },
        nodes: [op('Gemm', ['x', 'w', 'b'], 'c', { transB: 1 }), normalize('c', 'y')],
        outputs: ['y'],
      }),
      [foldAffine],
    );
    expect(summary(graph)).toEqual(['y = Gemm(x,w/folded,b/folded)']);
  });

  test('weights that two Convs share change for one only', async () => {
    const graph = await applyRules(
      buildGraph({
        inputs: { x: [1, 2, 4, 4] },
        constants: { w: weights([3, 2, 3, 3]), ...normalization(3) },
        nodes: [op('Conv', ['x', 'w'], 'c'), normalize('c', 'y'), op('Conv', ['x', 'w'], 'z')],
        outputs: ['y', 'z'],
      }),
      [foldAffine],
    );
    expect(summary(graph)).toEqual(['y = Conv(x,w/folded,y/bias)', 'z = Conv(x,w)']);
  });

  const parts = {
    inputs: { x: [1, 2, 4, 4] },
    constants: { w: weights([3, 2, 3, 3]), ...normalization(3) },
  };
  const conv = op('Conv', ['x', 'w'], 'c');
  test.each([
    [
      'the Conv is an output too',
      buildGraph({ ...parts, nodes: [conv, normalize('c', 'y')], outputs: ['y', 'c'] }),
    ],
    [
      'another node reads the Conv',
      buildGraph({
        ...parts,
        nodes: [conv, normalize('c', 'n'), op('Add', ['c', 'n'], 'y')],
        outputs: ['y'],
      }),
    ],
    [
      'a Relu lies between',
      buildGraph({ ...parts, nodes: [conv, op('Relu', ['c'], 'r'), normalize('r', 'y')], outputs: ['y'] }),
    ],
    [
      'the Conv has a fused activation',
      buildGraph({
        ...parts,
        nodes: [{ ...conv, clamp: { low: 0, high: 1 } }, normalize('c', 'y')],
        outputs: ['y'],
      }),
    ],
  ])('stays where %s', async (_, graph) => {
    expect(summary(await applyRules(graph, [foldAffine]))).toEqual(summary(graph));
  });
});

test('a chain of scales and offsets, as Caffe exports, becomes one Conv named after the last', async () => {
  const graph = await applyRules(
    buildGraph({
      inputs: { x: [1, 2, 4, 4] },
      constants: {
        w: weights([3, 2, 3, 3]),
        ...normalization(3),
        s: float32([3, 1, 1], [2, -3, 0.5]),
        t: float32([1, 3, 1, 1], [1, 2, 3]),
        u: float32([], [4]),
      },
      nodes: [
        op('Conv', ['x', 'w'], 'c'),
        normalize('c', 'n'),
        op('Mul', ['n', 's'], 'm'),
        op('Add', ['t', 'm'], 'a'),
        op('Div', ['a', 'u'], 'd'),
        op('Sub', ['u', 'd'], 'e'),
        op('Sub', ['e', 't'], 'y'),
      ],
      outputs: ['y'],
    }),
    [foldAffine],
  );
  expect(graph.nodes).toHaveLength(1);
  expect(graph.nodes[0].name).toBe('y');
  expect(graph.constants.size).toBe(2);
});

test('a bias [N] is taken as it is, but not twice', async () => {
  const graph = await applyRules(
    buildGraph({
      inputs: { x: [2, 4] },
      constants: { w: weights([3, 4]), b: float32([3], [1, 2, 3]) },
      nodes: [
        op('Gemm', ['x', 'w'], 'p', { transB: 1 }),
        op('Add', ['p', 'b'], 'y'),
        op('Gemm', ['x', 'w', 'b'], 'q', { transB: 1 }),
        op('Add', ['q', 'b'], 'z'),
      ],
      outputs: ['y', 'z'],
    }),
    [foldAffine],
  );
  expect(summary(graph)).toEqual(['y = Gemm(x,w,b)', 'z = Gemm(x,w,b/folded)']);
  expect(graph.constants.get('b/folded')).toEqual(float32([3], [2, 4, 6]));
});

describe('constants of every shape', () => {
  const operator = fc.constantFrom('Add', 'Sub', 'Mul', 'Div');
  const shape = fc.constantFrom<number[]>(
    [],
    [1],
    [5],
    [3, 1, 1],
    [1, 3, 1, 1],
    [1, 1, 1],
    [1, 3, 1, 5],
    [4, 5],
    [2, 1, 1, 1],
  );
  test('give what onnxruntime computes, folded or not', async () => {
    await fc.assert(
      fc.asyncProperty(operator, shape, fc.boolean(), async (name, dimensions, constantFirst) => {
        const count = dimensions.reduce((a, b) => a * b, 1);
        const graph = await applyRules(
          buildGraph({
            inputs: { x: [2, 2, 4, 5] },
            constants: {
              w: weights([3, 2, 1, 1]),
              c: float32(
                dimensions,
                noise(count, 9).map((value) => value + 1.5),
              ),
            },
            nodes: [op('Conv', ['x', 'w'], 'v'), op(name, constantFirst ? ['c', 'v'] : ['v', 'c'], 'y')],
            outputs: ['y'],
          }),
          [foldAffine],
          { tolerance: 1e-5 },
        );
        const channelwise = count === 1 || (count === 3 && dimensions.at(-3) === 3);
        const folds = channelwise && !(name === 'Div' && constantFirst);
        expect(graph.nodes).toHaveLength(folds ? 1 : 2);
      }),
      { numRuns: 40 },
    );
  });
});
