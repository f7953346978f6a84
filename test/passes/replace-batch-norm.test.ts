import { expect, test } from 'vitest';
import { float32, type Tensor } from '#src/graph/tensor.js';
import { replaceBatchNorm } from '#src/passes/replace-batch-norm.js';
import { buildGraph, noise, op } from '../graph/build.js';
import { applyRules, summary } from './check.js';

const parameters: Record<string, Tensor> = {
  gamma: float32([3], [1, -2, 3]),
  beta: float32([3], [0.5, 0, -1]),
  mean: float32([3], [0.25, -0.5, 1]),
  variance: float32([3], [0.5, 2, 3]),
};
const normalize = (input: string, output: string) =>
  op('BatchNormalization', [input, 'gamma', 'beta', 'mean', 'variance'], output);

test.each([[[2, 3, 4, 5]], [[2, 3, 4]]])('over %j: a depthwise Conv', async (shape) => {
  const graph = await applyRules(
    buildGraph({ inputs: { x: shape }, constants: parameters, nodes: [normalize('x', 'y')], outputs: ['y'] }),
    [replaceBatchNorm],
  );
  expect(summary(graph)).toEqual(['y = Conv(x,y/weights,y/bias)']);
});

test('over vectors: Mul and Add', async () => {
  const graph = await applyRules(
    buildGraph({
      inputs: { x: [2, 3] },
      constants: parameters,
      nodes: [normalize('x', 'y')],
      outputs: ['y'],
    }),
    [replaceBatchNorm],
  );
  expect(summary(graph)).toEqual(['y/product = Mul(x,y/scale)', 'y = Add(y/product,y/offset)']);
});

test('before the only Gemm that reads it: part of the Gemm', async () => {
  const parts = {
    inputs: { x: [2, 3] },
    constants: { ...parameters, w: float32([4, 3], noise(12)), b: float32([4], noise(4, 2)) },
  };
  const gemm = (output: string, ...bias: string[]) => op('Gemm', ['n', 'w', ...bias], output, { transB: 1 });
  const one = await applyRules(
    buildGraph({ ...parts, nodes: [normalize('x', 'n'), gemm('y', 'b')], outputs: ['y'] }),
    [replaceBatchNorm],
  );
  expect(summary(one)).toEqual(['y = Gemm(x,w/folded,b/folded)']);
  const bare = await applyRules(
    buildGraph({ ...parts, nodes: [normalize('x', 'n'), gemm('y')], outputs: ['y'] }),
    [replaceBatchNorm],
  );
  expect(summary(bare)).toEqual(['y = Gemm(x,w/folded,y/bias)']);
  const two = await applyRules(
    buildGraph({ ...parts, nodes: [normalize('x', 'n'), gemm('y'), gemm('z', 'b')], outputs: ['y', 'z'] }),
    [replaceBatchNorm],
  );
  expect(two.nodes.map(({ operator }) => operator)).toEqual(['Mul', 'Add', 'Gemm', 'Gemm']);
});
