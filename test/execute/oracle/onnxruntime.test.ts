/**
 * Float32 instructions against onnxruntime, which adds in another order and has its own exp: relative to the largest
 * output, 2^-20 (a few units in the last place of float32) where sums or elementary functions are involved, else nothing.
 */
import { expect, test } from 'vitest';
import { createOracle } from '#src/execute/oracle/oracle.js';
import type { Node } from '#src/graph/graph.js';
import type { Tensor } from '#src/graph/tensor.js';
import { buildGraph, float, noise, op } from '../../graph/build.js';
import { runWithOnnxruntime } from '../../graph/onnxruntime.js';
import { type InstructionDraft, programOf, windowOf } from '../../programs.js';

/** Moves the channels of [N,C,...spatial] last, or weights [O,C,kh,kw] to [O,kh,kw,C]. */
function channelsLast(data: Float32Array, [n, c, h, w]: readonly number[]): Float32Array {
  const moved = new Float32Array(data.length);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < c; k++)
      for (let p = 0; p < h * w; p++) moved[(i * h * w + p) * c + k] = data[(i * c + k) * h * w + p];
  return moved;
}

interface Case {
  readonly node: Node;
  readonly draft: InstructionDraft;
  /** Shape of x in ONNX, and values. */
  readonly shape: readonly number[];
  readonly x: Float32Array;
  readonly constants?: Record<string, Tensor>;
  readonly exact?: boolean;
}

const constant = (shape: number[], seed: number): Tensor => ({
  type: 'float32',
  shape,
  data: noise(
    shape.reduce((a, b) => a * b, 1),
    seed,
  ),
});

const image = { shape: [1, 6, 7, 9], x: noise(6 * 7 * 9, 5) };
const io = { inputs: ['x'], output: 'y' };
const window = windowOf([3, 2], { strides: [2, 1], pads: [1, 0, 2, 1], dilations: [1, 2] });
const pooling = { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 2, 1] };
const undilated = { ...window, dilations: [1, 1] as const };
const unscaled = { scalings: [], overflow: 'trap' } as const;

const convolution = (groups: number): Case => ({
  ...image,
  node: op('Conv', ['x', 'w', 'b'], 'y', { ...pooling, dilations: [1, 2], group: groups }),
  draft: {
    op: 'convolution',
    window,
    groups,
    clamp: null,
    arithmetic: null,
    inputs: ['x', 'w', 'b'],
    output: 'y',
  },
  constants: { w: constant([12, 6 / groups, 3, 2], 7), b: constant([12], 8) },
});

const wide = Float32Array.from(noise(600, 3), (value) => value * 12);
const unary = (operator: string, draft: InstructionDraft, attributes = {}): Case => ({
  shape: [600],
  x: wide,
  node: op(operator, ['x'], 'y', attributes),
  draft,
});

const cases: Record<string, Case> = {
  convolution: convolution(1),
  'grouped convolution': convolution(3),
  'depthwise convolution': convolution(6),
  gemm: {
    shape: [5, 40],
    x: noise(200, 1),
    node: op('Gemm', ['x', 'w', 'b'], 'y', { transB: 1 }),
    draft: { op: 'gemm', clamp: null, arithmetic: null, inputs: ['x', 'w', 'b'], output: 'y' },
    constants: { w: constant([7, 40], 2), b: constant([7], 3) },
  },
  maxPool: {
    ...image,
    node: op('MaxPool', ['x'], 'y', { ...pooling, dilations: [1, 2] }),
    draft: { op: 'maxPool', window, ...io },
    exact: true,
  },
  averagePool: {
    ...image,
    node: op('AveragePool', ['x'], 'y', pooling),
    draft: { op: 'averagePool', window: undilated, countIncludePad: false, ...unscaled, ...io },
  },
  'averagePool with padding counted': {
    ...image,
    node: op('AveragePool', ['x'], 'y', { ...pooling, count_include_pad: 1 }),
    draft: { op: 'averagePool', window: undilated, countIncludePad: true, ...unscaled, ...io },
  },
  localResponseNormalization: {
    ...image,
    node: op('LRN', ['x'], 'y', { size: 5, alpha: float(0.3), beta: float(0.75), bias: float(1.5) }),
    draft: { op: 'localResponseNormalization', size: 5, alpha: 0.3, beta: 0.75, bias: 1.5, ...io },
  },
  softmax: {
    shape: [3, 200],
    x: wide,
    node: op('Softmax', ['x'], 'y', { axis: 1 }),
    draft: { op: 'softmax', axis: 1, ...io },
  },
  'softmax of columns': {
    shape: [3, 200],
    x: wide,
    node: op('Softmax', ['x'], 'y', { axis: 0 }),
    draft: { op: 'softmax', axis: 0, ...io },
  },
  exp: unary('Exp', { op: 'unary', function: { name: 'exp' }, ...io }),
  sigmoid: unary('Sigmoid', { op: 'unary', function: { name: 'sigmoid' }, ...io }),
  tanh: unary('Tanh', { op: 'unary', function: { name: 'tanh' }, ...io }),
  hardSwish: unary('HardSwish', { op: 'unary', function: { name: 'hardSwish' }, ...io }),
  hardSigmoid: unary(
    'HardSigmoid',
    { op: 'unary', function: { name: 'hardSigmoid', alpha: 0.2, beta: 0.5 }, ...io },
    { alpha: float(0.2), beta: float(0.5) },
  ),
  leakyRelu: {
    ...unary('PRelu', {
      op: 'leakyRelu',
      slopeShift: 0,
      requantize: null,
      inputs: ['x', 'slope'],
      output: 'y',
    }),
    node: op('PRelu', ['x', 'slope'], 'y'),
    constants: { slope: constant([1], 4) },
    exact: true,
  },
};

test.each(Object.entries(cases))('%s', async (_, { node, draft, shape, x, constants = {}, exact }) => {
  const graph = buildGraph({ opset: 14, inputs: { x: shape }, constants, nodes: [node], outputs: ['y'] });
  const { y: expected } = await runWithOnnxruntime(graph, { x });
  const move = (data: Float32Array, dims: readonly number[]) =>
    dims.length === 4 ? channelsLast(data, dims) : data;
  const order = ([n, c, h, w]: readonly number[]) => [n, h, w, c];
  const moved = (dims: readonly number[]) => (dims.length === 4 ? order(dims) : dims);
  const tensors = {
    x: { shape: moved(shape) },
    ...Object.fromEntries(
      Object.entries(constants).map(([name, tensor]) => [
        name,
        { shape: moved(tensor.shape), data: move(tensor.data as Float32Array, tensor.shape) },
      ]),
    ),
    y: { shape: moved(expected.shape) },
  };
  const [y] = createOracle(programOf(tensors, [draft])).run([move(x, shape)]) as Float32Array[];
  const reference = move(expected.data, expected.shape);
  if (exact) expect(y).toEqual(reference);
  const largest = reference.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const worst = reference.reduce((a, value, i) => Math.max(a, Math.abs(value - y[i])), 0);
  expect(worst / largest).toBeLessThanOrEqual(2 ** -20);
});
