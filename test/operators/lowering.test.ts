/** What delicate nodes become: windows and slices worked out by hand from the ONNX definitions. */
import { expect, test } from 'vitest';
import { float32, int64 } from '#src/graph/tensor.js';
import { buildGraph, float, type GraphParts, op } from '../graph/build.js';
import { recordLowering, rejection } from './record.js';

type Attributes = Parameters<typeof op>[3];

/** A graph of one node that reads x and then the constants. */
function single(
  operator: string,
  shape: readonly number[],
  attributes: Attributes = {},
  constants: GraphParts['constants'] = {},
  { opset, outputs = ['y'] }: { opset?: number; outputs?: readonly string[] } = {},
) {
  const nodes = [op(operator, ['x', ...Object.keys(constants)], outputs, attributes)];
  return buildGraph({ opset, inputs: { x: shape }, constants, nodes, outputs: [...outputs] });
}

const weights = (...shape: number[]) => ({
  w: float32(shape, new Float32Array(shape.reduce((a, b) => a * b))),
});
const pointwise = { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };

test('a 1-D convolution has windows of height 1', () => {
  const graph = single(
    'Conv',
    [1, 4, 20],
    { strides: [2], dilations: [3], pads: [2, 1], group: 2 },
    weights(6, 2, 5),
  );
  const window = { kernel: [1, 5], strides: [1, 2], pads: [0, 2, 0, 1], dilations: [1, 3] };
  expect(recordLowering(graph)).toEqual([['convolution', 'w', undefined, window, 2]]);
});

test.each([
  // 5 columns, stride 2: 3 outputs reach over 2*2 + 4 = 8 columns, 3 more than there are. Rows: 6, 2*2 + 3 = 7.
  ['SAME_UPPER', [0, 1, 1, 2]],
  ['SAME_LOWER', [1, 2, 0, 1]],
  ['VALID', [0, 0, 0, 0]],
])('auto_pad %s', (auto_pad, pads) => {
  const graph = single('Conv', [1, 1, 6, 5], { auto_pad, strides: [2, 2] }, weights(1, 1, 3, 4));
  expect(recordLowering(graph)[0][3]).toEqual({ kernel: [3, 4], strides: [2, 2], pads, dilations: [1, 1] });
});

test('automatic padding knows the dilation', () => {
  // An extent of (3 - 1) * 2 + 1 = 5 over 7 columns, stride 1: 6 + 5 - 7 = 4 columns of padding.
  const graph = single('MaxPool', [1, 1, 7], { auto_pad: 'SAME_UPPER', kernel_shape: [3], dilations: [2] });
  const window = { kernel: [1, 3], strides: [1, 1], pads: [0, 2, 0, 2], dilations: [1, 2] };
  expect(recordLowering(graph)).toEqual([['maxPool', window]]);
});

test('ceil_mode pads behind the input, and that does not count', () => {
  // 6 rows, stride 2: the third window of 3 rows reaches one row beyond.
  const pool = { kernel_shape: [3, 2], strides: [2, 2], ceil_mode: 1, count_include_pad: 1 };
  const window = { kernel: [3, 2], strides: [2, 2], pads: [0, 0, 1, 0], dilations: [1, 1] };
  expect(recordLowering(single('AveragePool', [1, 1, 6, 6], pool))).toEqual([['averagePool', window, false]]);
  const padded = single('AveragePool', [1, 1, 6, 6], { ...pool, pads: [1, 1, 0, 1] });
  expect(recordLowering(padded)[0][2]).toBe(true);
  expect(rejection(padded)).toBeUndefined();
  expect(rejection(single('AveragePool', [1, 1, 6, 6], { ...pool, pads: [0, 1, 0, 1] }))).toMatch(
    /count_include_pad/,
  );
});

test('pooling that cannot be lowered says why', () => {
  const indices = single('MaxPool', [1, 1, 4, 4], { kernel_shape: [2, 2] }, {}, { outputs: ['y', 'i'] });
  expect(rejection(indices)).toBe('the output Indices is used');
  expect(rejection(single('MaxPool', [1, 1, 4, 4, 4], { kernel_shape: [2, 2, 2] }))).toMatch(/spatial axes/);
  const outside = single('AveragePool', [1, 1, 3], { kernel_shape: [2], pads: [2, 0] });
  expect(rejection(outside)).toBe('a window covers nothing but padding');
});

test('a mean over space is an average pooling, with axes as attribute or input', () => {
  const expected = [['averagePool', { ...pointwise, kernel: [5, 7] }, false]];
  for (const keepdims of [0, 1]) {
    expect(recordLowering(single('ReduceMean', [1, 3, 5, 7], { axes: [-1, 2], keepdims }))).toEqual(expected);
    const input = single('ReduceMean', [1, 3, 5, 7], { keepdims }, { a: int64([2], [2, 3]) }, { opset: 18 });
    expect(recordLowering(input)).toEqual(expected);
  }
  expect(recordLowering(single('ReduceMean', [2, 3, 9], { axes: [2] }))[0][1]).toEqual({
    ...pointwise,
    kernel: [1, 9],
  });
  expect(recordLowering(single('ReduceMean', [1, 3, 5, 7], { axes: [1] }))).toEqual([
    ['reduce', 'mean', [1]],
  ]);
  expect(recordLowering(single('ReduceMean', [1, 3, 5, 7]))).toEqual([['reduce', 'mean', [0, 1, 2, 3]]]);
});

test('Split becomes slices, the last one smaller', () => {
  const outputs = ['a', 'b', 'c'];
  expect(
    recordLowering(single('Split', [2, 8], { axis: -1, num_outputs: 3 }, {}, { opset: 18, outputs })),
  ).toEqual([
    ['slice', 'a', [0, 0], [1, 1]],
    ['slice', 'b', [0, 3], [1, 1]],
    ['slice', 'c', [0, 6], [1, 1]],
  ]);
  const given = single(
    'Split',
    [2, 8],
    { axis: 1 },
    { s: int64([3], [1, 5, 2]) },
    { outputs: ['a', '', 'c'] },
  );
  expect(recordLowering(given)).toEqual([
    ['slice', 'a', [0, 0], [1, 1]],
    ['slice', 'c', [0, 6], [1, 1]],
  ]);
});

test('Slice clamps its ends and runs backwards', () => {
  const slice = (starts: number[], ends: number[], axes: number[], steps: number[]) =>
    single(
      'Slice',
      [1, 8, 9],
      {},
      {
        starts: int64([starts.length], starts),
        ends: int64([ends.length], ends),
        axes: int64([axes.length], axes),
        steps: int64([steps.length], steps),
      },
    );
  const last = 2 ** 31 - 1;
  expect(recordLowering(slice([-3, -100], [last, -1], [1, 2], [2, 1]))).toEqual([
    ['slice', 'y', [0, 5, 0], [1, 2, 1]],
  ]);
  expect(recordLowering(slice([-1], [-last], [1], [-1]))).toEqual([['slice', 'y', [0, 7, 0], [1, -1, 1]]]);
  const attributes = single('Slice', [1, 8, 9], { starts: [2], ends: [6], axes: [2] }, {}, { opset: 9 });
  expect(recordLowering(attributes)).toEqual([['slice', 'y', [0, 0, 2], [1, 1, 1]]]);
});

test('Gemm hands over weights as [outputs, inputs], scaled', () => {
  const constants = { b: float32([2, 3], [1, 2, 3, 4, 5, 6]), c: float32([1], [8]) };
  const [[, scaledWeights, bias]] = recordLowering(
    single('Gemm', [5, 2], { alpha: float(2), beta: float(0.5) }, constants),
  );
  expect(scaledWeights).toEqual({ name: 'b', tensor: float32([3, 2], [2, 8, 4, 10, 6, 12]) });
  expect(bias).toEqual({ name: 'c', tensor: float32([3], [4, 4, 4]) });
  const rows = { b: constants.b, c: float32([5, 1], [1, 2, 3, 4, 5]) };
  expect(rejection(single('Gemm', [5, 2], {}, rows))).toMatch(/row to row/);
});

test('MatMul with a constant matrix on the right', () => {
  const graph = single('MatMul', [1, 4, 2], {}, { w: float32([2, 3], [1, 2, 3, 4, 5, 6]) });
  expect(recordLowering(graph)).toEqual([
    ['gemm', { name: 'w', tensor: float32([3, 2], [1, 4, 2, 5, 3, 6]) }, undefined],
  ]);
});

test('Softmax before operator set 13 runs over one axis where the others have size 1', () => {
  const softmax = (shape: number[], opset: number) => single('Softmax', shape, {}, {}, { opset });
  expect(recordLowering(softmax([1, 1000, 1, 1], 7))).toEqual([['softmax', 1, 1]]);
  expect(recordLowering(softmax([1, 1, 10], 12))).toEqual([['softmax', 2, 1]]);
  expect(rejection(softmax([1, 3, 10], 12))).toBe('it runs over several axes');
  expect(recordLowering(softmax([1, 3, 10], 13))).toEqual([['softmax', 2, 1]]);
});

test('the slope of PRelu is one for all or one per channel', () => {
  const prelu = (slope: number[], opset = 16) =>
    single(
      'PRelu',
      [1, 3, 4, 3],
      {},
      { s: float32(slope, new Float32Array(slope.reduce((a, b) => a * b, 1))) },
      { opset },
    );
  expect(recordLowering(prelu([3, 1, 1]))).toEqual([
    ['leakyRelu', { name: 's', tensor: float32([3], [0, 0, 0]) }],
  ]);
  expect(recordLowering(prelu([1]))).toEqual([['leakyRelu', { name: 's', tensor: float32([1], [0]) }]]);
  expect(rejection(prelu([3]))).toMatch(/within a channel/);
  expect(recordLowering(prelu([3], 6))).toHaveLength(1);
});

test('Pad that repeats lists no axis of more than 2^20 elements, and knows its modes', () => {
  const padded = (mode: string, amount: number) =>
    single('Pad', [1], { mode }, { p: int64([2], [0, amount]) });
  for (const mode of ['edge', 'reflect', 'wrap']) {
    expect(rejection(padded(mode, 2 ** 20 - 1))).toBeUndefined();
    expect(rejection(padded(mode, 1e9))).toBe('an axis of 1000000001 repeated elements');
  }
  expect(rejection(padded('constant', 1e9))).toBeUndefined();
  expect(rejection(padded('toString', 1))).toBe('unknown mode toString');
});

test('Clip takes its range from attributes or inputs', () => {
  expect(recordLowering(single('Clip', [2], { min: float(0), max: float(6) }, {}, { opset: 6 }))).toEqual([
    ['clamp', 0, 6],
  ]);
  expect(recordLowering(single('Clip', [2], {}, { low: float32([], [-1]) }))).toEqual([
    ['clamp', -1, Infinity],
  ]);
});
