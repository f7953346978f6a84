/** Small graphs, at least one for every operator that is lowered. */
import { float32, int64 } from '#src/graph/tensor.js';
import { operators } from '#src/operators/index.js';
import { float, type GraphParts, noise, op } from '../graph/build.js';

export interface Example extends GraphParts {
  /** Of the noise that is fed to each input; default 1. */
  readonly scales?: readonly number[];
}

/**
 * Names of the operators of ai.onnx that are lowered, or that passes turn into others. onnxruntime does not have those of QONNX,
 * for which there is test/operators/qonnx.test.ts.
 */
export function supportedOperators(): string[] {
  const lowered = [...operators.values()]
    .filter(({ domain, lower }) => domain === undefined && lower !== undefined)
    .map(({ name }) => name);
  return [...lowered, 'BatchNormalization', 'Constant', 'Div', 'Sum'];
}

type Attributes = Parameters<typeof op>[3];

export const weights = (...shape: number[]) =>
  float32(
    shape,
    noise(
      shape.reduce((a, b) => a * b, 1),
      shape.length + 40,
    ),
  );
export const ints = (...values: number[]) => int64([values.length], values);

/** One node that reads x and then the constants. */
function single(
  operator: string,
  shape: readonly number[],
  attributes: Attributes = {},
  constants: GraphParts['constants'] = {},
  more: Partial<Example> = {},
): Example {
  const nodes = [op(operator, ['x', ...Object.keys(constants)], 'y', attributes)];
  return { inputs: { x: shape }, constants, nodes, outputs: ['y'], ...more };
}

const conv = (shape: number[], w: number[], attributes: Attributes = {}): Example =>
  single('Conv', shape, attributes, { w: weights(...w), b: weights(w[0]) });

const transposed = (shape: number[], w: number[], attributes: Attributes = {}): Example =>
  single('ConvTranspose', shape, attributes, {
    w: weights(...w),
    b: weights(w[1] * Number(attributes.group ?? 1)),
  });

/** A node of two computed inputs. */
const pair = (
  operator: string,
  a: number[],
  b: number[],
  more: Partial<Example> = {},
  attributes: Attributes = {},
): Example => ({
  inputs: { a, b },
  nodes: [op(operator, ['a', 'b'], 'y', attributes)],
  outputs: ['y'],
  ...more,
});

const resized = (shape: number[], attributes: Attributes, scales: number[]): Example =>
  single('Resize', shape, attributes, { roi: float32([0], []), s: float32([scales.length], scales) });

const image = [1, 5, 4, 3];

export const operatorExamples: Record<string, Example> = {
  'Conv 3x3': conv([1, 8, 9, 7], [16, 8, 3, 3], { pads: [1, 1, 1, 1] }),
  'Conv without bias': single('Conv', [2, 3, 6, 5], {}, { w: weights(5, 3, 3, 2) }),
  'Conv 1x1 of 1 channel': conv([1, 1, 5, 5], [1, 1, 1, 1]),
  'Conv with groups': conv([1, 6, 7, 7], [9, 2, 3, 3], { group: 3, pads: [1, 0, 2, 1] }),
  'Conv depthwise': conv([1, 11, 8, 9], [11, 1, 3, 3], { group: 11, pads: [1, 1, 1, 1], strides: [2, 2] }),
  'Conv depthwise with multiplier': conv([1, 5, 6, 6], [15, 1, 3, 3], { group: 5 }),
  'Conv dilated': conv([1, 4, 11, 12], [7, 4, 3, 3], {
    dilations: [2, 3],
    pads: [2, 3, 2, 3],
    strides: [2, 1],
  }),
  'Conv SAME_UPPER': conv([1, 3, 10, 9], [10, 3, 4, 5], { auto_pad: 'SAME_UPPER', strides: [2, 2] }),
  'Conv 1-D': conv([2, 6, 19], [10, 3, 5], { group: 2, strides: [2], dilations: [2], pads: [3, 1] }),
  'Conv 1-D depthwise': conv([1, 9, 14], [9, 1, 3], { group: 9, pads: [1, 1] }),
  'Conv of inputs beside which its bias is large': { ...conv([1, 3, 5, 5], [4, 3, 3, 3]), scales: [1e-8] },
  'Conv with a filter of zeros': {
    ...conv([1, 3, 5, 5], [4, 3, 3, 3]),
    constants: { w: float32([4, 3, 3, 3], noise(108, 3).fill(0, 0, 27)), b: weights(4) },
  },
  'Conv with a filter that is tiny beside its bias': {
    ...conv([1, 3, 5, 5], [4, 3, 3, 3]),
    constants: {
      w: float32(
        [4, 3, 3, 3],
        noise(108, 3).map((value, i) => (i < 27 ? value * 1e-9 : value)),
      ),
      b: weights(4),
    },
  },
  ConvTranspose: transposed([1, 3, 4, 5], [3, 7, 3, 3], {
    strides: [2, 2],
    pads: [1, 1, 1, 1],
    output_padding: [1, 1],
  }),
  'ConvTranspose without bias': single('ConvTranspose', [2, 3, 4, 3], {}, { w: weights(3, 5, 2, 3) }),
  'ConvTranspose with groups': transposed([1, 6, 5, 4], [6, 2, 3, 2], {
    group: 3,
    strides: [2, 3],
    pads: [0, 1, 2, 0],
  }),
  'ConvTranspose depthwise, dilated': transposed([1, 5, 4, 4], [5, 1, 3, 3], {
    group: 5,
    dilations: [2, 1],
    strides: [1, 2],
  }),
  'ConvTranspose 1-D': transposed([2, 4, 7], [4, 3, 4], { strides: [2], pads: [1, 1] }),
  'ConvTranspose SAME_LOWER': transposed([1, 2, 5, 4], [2, 3, 4, 3], {
    auto_pad: 'SAME_LOWER',
    strides: [2, 2],
  }),
  'ConvTranspose to a shape': transposed([1, 2, 3, 3], [2, 3, 3, 3], {
    output_shape: [9, 8],
    strides: [3, 2],
  }),
  'ConvTranspose that pads more than its kernel': transposed([1, 2, 6, 7], [2, 3, 2, 1], {
    pads: [3, 1, 2, 2],
    strides: [2, 1],
  }),
  'ConvTranspose with Relu': {
    inputs: { x: [1, 3, 4, 4] },
    constants: { w: weights(3, 4, 2, 2) },
    nodes: [op('ConvTranspose', ['x', 'w'], 'c', { strides: [2, 2] }), op('Relu', ['c'], 'y')],
    outputs: ['y'],
  },
  Gemm: single('Gemm', [5, 13], { transB: 1, alpha: float(0.5) }, { w: weights(11, 13), c: weights(11) }),
  'Gemm of one row': single('Gemm', [1, 37], {}, { w: weights(37, 10), c: weights(1, 10) }),
  'Gemm transposed': single(
    'Gemm',
    [7, 4],
    { transA: 1, beta: float(2) },
    { w: weights(7, 9), c: weights(9) },
  ),
  'MatMul of rank 3': single('MatMul', [2, 3, 17], {}, { w: weights(17, 9) }),
  'MatMul of a vector': single('MatMul', [17], {}, { w: weights(17, 9) }),
  BatchNormalization: single(
    'BatchNormalization',
    image,
    {},
    {
      s: weights(5),
      b: weights(5),
      m: weights(5),
      v: float32([5], [0.5, 1, 2, 0.1, 3]),
    },
  ),
  Relu: single('Relu', image),
  Clip: single('Clip', image, {}, { low: float32([], [-0.3]), high: float32([], [0.6]) }),
  'Clip to a band beside 0': single('Clip', [3, 9], { min: float(0.25), max: float(0.5) }, {}, { opset: 6 }),
  'Clip with its ends swapped': single(
    'Clip',
    [9],
    {},
    { low: float32([], [0.5]), high: float32([], [0.25]) },
  ),
  LeakyRelu: single('LeakyRelu', image, { alpha: 0.01 }),
  'LeakyRelu with a slope above 1': single('LeakyRelu', image, { alpha: float(1000) }),
  'PRelu per channel': single('PRelu', image, {}, { s: weights(5, 1, 1) }),
  'PRelu per channel of rank 2': single('PRelu', [3, 5], {}, { s: weights(5) }),
  'PRelu with one slope': single('PRelu', [2, 5, 3], {}, { s: float32([1], [-0.3]) }),
  'PRelu per element': single('PRelu', image, {}, { s: weights(5, 4, 3) }),
  'PRelu with a computed slope': pair('PRelu', image, [5, 1, 1]),
  Sigmoid: single('Sigmoid', image, {}, {}, { scales: [6] }),
  Tanh: single('Tanh', [2, 7], {}, {}, { scales: [3] }),
  HardSigmoid: single('HardSigmoid', [2, 7, 3], { alpha: 0.3, beta: 0.4 }, {}, { scales: [4] }),
  Elu: single('Elu', image, { alpha: float(1.5) }, {}, { scales: [3] }),
  Selu: single('Selu', image, {}, {}, { scales: [3] }),
  Exp: single('Exp', [2, 7], {}, {}, { scales: [3] }),
  Erf: single('Erf', image, {}, {}, { scales: [3] }),
  Softplus: single('Softplus', [2, 7, 3], {}, {}, { scales: [20] }),
  Gelu: single('Gelu', image, {}, {}, { opset: 20, scales: [4] }),
  'Gelu by tanh': single('Gelu', [3, 9], { approximate: 'tanh' }, {}, { opset: 20, scales: [4] }),
  Floor: single('Floor', [2, 7, 3], {}, {}, { scales: [1e5] }),
  Ceil: single('Ceil', [2, 7, 3], {}, {}, { scales: [1e5] }),
  'Sqrt of what is above 0': {
    inputs: { x: [2, 7] },
    nodes: [op('Exp', ['x'], 'powers'), op('Sqrt', ['powers'], 'y')],
    outputs: ['y'],
  },
  'Log of what is above 0': {
    inputs: { x: [2, 7] },
    nodes: [op('Exp', ['x'], 'powers'), op('Log', ['powers'], 'y')],
    outputs: ['y'],
  },
  'Reciprocal of what is above 0': {
    inputs: { x: [2, 7] },
    nodes: [op('Exp', ['x'], 'powers'), op('Reciprocal', ['powers'], 'y')],
    outputs: ['y'],
  },
  HardSwish: single('HardSwish', [1, 3, 4, 4], {}, {}, { opset: 14, scales: [5] }),
  Add: pair('Add', image, image),
  'Add of different scales': pair('Add', image, image, { scales: [1, 1e-5] }),
  'Add of zeros': pair('Add', image, image, { scales: [1, 0] }),
  'Add of a lower rank': pair('Add', [2, 5, 4, 3], [4, 1]),
  'Add to a lower rank': pair('Add', [3], [2, 5, 4, 3]),
  'Add that broadcasts both ways': pair('Add', [2, 1, 4, 1], [1, 5, 1, 3]),
  'Add of rank 5': pair('Add', [2, 1, 3, 2, 2], [3, 1, 2]),
  'Add of scalars': pair('Add', [], []),
  'Add of a constant per channel': single('Add', image, {}, { c: weights(5, 1, 1) }),
  'Add of a constant per column': single('Add', image, {}, { c: weights(3) }),
  'Add of a constant of higher rank': single('Add', [4], {}, { c: weights(2, 3, 1) }),
  'Add of a constant scalar': single('Add', [2, 7], {}, { c: float32([], [0.7]) }),
  Sub: pair('Sub', image, [5, 1, 1]),
  'Sub from a constant': {
    ...single('Sub', image, {}, { c: weights(5, 1, 1) }),
    nodes: [op('Sub', ['c', 'x'], 'y')],
  },
  Mul: pair('Mul', image, [1, 5, 1, 1]),
  'Mul of different scales': pair('Mul', [3], image, { scales: [1e6, 1e-9] }),
  'Mul with a constant': single('Mul', [2, 5, 4, 3], {}, { c: weights(1, 4, 3) }),
  'Mul with a constant scalar': single('Mul', [2, 5], {}, { c: float32([1], [-3.3]) }),
  Sum: {
    inputs: { a: [2, 3, 4], b: [3, 1], c: [2, 3, 4] },
    nodes: [op('Sum', ['a', 'b', 'c'], 'y')],
    outputs: ['y'],
  },
  'Sum of one': single('Sum', [2, 3]),
  Div: single('Div', [2, 3], {}, { c: weights(3) }),
  Max: pair('Max', image, [5, 1, 1]),
  'Max of three, one constant': {
    inputs: { a: [2, 3, 4], b: [3, 1] },
    constants: { c: weights(4) },
    nodes: [op('Max', ['a', 'b', 'c'], 'y')],
    outputs: ['y'],
  },
  Min: pair('Min', [2, 1, 4, 1], [1, 5, 1, 3], { scales: [1, 0.5] }),
  'Min with a constant': single('Min', image, {}, { c: float32([], [0.2]) }),
  Neg: single('Neg', image),
  Abs: single('Abs', [2, 7]),
  'Div of computed values': {
    inputs: { a: image, b: [1, 5, 1, 1] },
    nodes: [op('Exp', ['b'], 'divisor'), op('Div', ['a', 'divisor'], 'y')],
    outputs: ['y'],
  },
  Pow: {
    inputs: { a: image, b: [4, 3] },
    nodes: [op('Exp', ['a'], 'base'), op('Pow', ['base', 'b'], 'y')],
    outputs: ['y'],
  },
  'Pow with a constant exponent': single('Pow', image, {}, { e: float32([], [3]) }),
  'Where, on a comparison': {
    inputs: { a: image, b: image },
    constants: { zero: float32([], [0]) },
    nodes: [
      op('Greater', ['a', 'b'], 'larger'),
      op('Less', ['a', 'zero'], 'negative'),
      op('Not', ['negative'], 'positive'),
      op('And', ['larger', 'positive'], 'both'),
      op('Where', ['both', 'a', 'zero'], 'y'),
    ],
    outputs: ['y'],
  },
  'Cast of comparisons': {
    inputs: { a: image, b: image },
    nodes: [
      op('GreaterOrEqual', ['a', 'b'], 'notSmaller'),
      op('LessOrEqual', ['a', 'b'], 'notLarger'),
      op('Equal', ['a', 'b'], 'same'),
      op('Or', ['same', 'notSmaller'], 'either'),
      op('And', ['either', 'notLarger'], 'both'),
      op('Cast', ['either'], 'y', { to: 1 }),
      op('Cast', ['both'], 'z', { to: 1 }),
    ],
    outputs: ['y', 'z'],
  },
  'Cast to integers and back': {
    inputs: { x: image },
    nodes: [op('Cast', ['x'], 'whole', { to: 7 }), op('Cast', ['whole'], 'y', { to: 1 })],
    outputs: ['y'],
    scales: [1e5],
  },
  MaxPool: single('MaxPool', [1, 5, 7, 8], { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 1, 1] }),
  'MaxPool dilated, ceil_mode': single('MaxPool', [1, 9, 11, 10], {
    kernel_shape: [3, 3],
    strides: [2, 3],
    dilations: [2, 1],
    ceil_mode: 1,
  }),
  'MaxPool 1-D': single('MaxPool', [2, 3, 11], { kernel_shape: [4], strides: [3], pads: [1, 2] }),
  AveragePool: single('AveragePool', [1, 5, 8, 8], { kernel_shape: [2, 2], strides: [2, 2] }),
  'AveragePool, padding not counted': single('AveragePool', [1, 5, 7, 8], {
    kernel_shape: [3, 3],
    pads: [1, 1, 1, 1],
  }),
  'AveragePool, padding counted': single('AveragePool', [1, 5, 7, 8], {
    kernel_shape: [3, 3],
    pads: [1, 1, 1, 1],
    count_include_pad: 1,
  }),
  'AveragePool ceil_mode': single('AveragePool', [1, 5, 8, 8], {
    kernel_shape: [3, 3],
    strides: [2, 2],
    ceil_mode: 1,
  }),
  'AveragePool 1-D': single('AveragePool', [2, 3, 11], { kernel_shape: [5], strides: [3], pads: [2, 2] }),
  GlobalAveragePool: single('GlobalAveragePool', [2, 9, 7, 7]),
  'GlobalAveragePool 1-D': single('GlobalAveragePool', [2, 9, 13]),
  GlobalMaxPool: single('GlobalMaxPool', [2, 9, 5, 3]),
  'ReduceMean keepdims': single('ReduceMean', [1, 5, 6, 7], { axes: [2, 3] }),
  ReduceMean: single('ReduceMean', [2, 5, 6, 7], { axes: [-1, -2], keepdims: 0 }),
  'ReduceMean 1-D': single('ReduceMean', [2, 5, 6], { axes: [2], keepdims: 0 }),
  'ReduceMean of channels': single('ReduceMean', image, { axes: [1], keepdims: 0 }),
  'ReduceMean of everything': single('ReduceMean', [2, 5, 3], { keepdims: 0 }),
  ReduceSum: single('ReduceSum', image, { keepdims: 0 }, { a: ints(1, 3) }),
  'ReduceSum of the last axis': single('ReduceSum', [3, 4, 7], {}, { a: ints(-1) }),
  'ReduceSum of no axis': single('ReduceSum', [3, 4], { noop_with_empty_axes: 1 }),
  ReduceMax: single('ReduceMax', image, { axes: [1], keepdims: 0 }),
  'ReduceMax of convolved rows': {
    inputs: { x: image },
    constants: { w: weights(4, 5, 2, 2) },
    nodes: [op('Conv', ['x', 'w'], 'c'), op('ReduceMax', ['c'], 'y', { axes: [2] })],
    outputs: ['y'],
  },
  ReduceMin: single('ReduceMin', [2, 3, 4, 5], { axes: [0, 2] }),
  ArgMax: single('ArgMax', image, { axis: 1 }),
  'ArgMax of the last axis': single('ArgMax', [3, 17], { axis: -1, keepdims: 0 }),
  'ArgMax after Conv': {
    inputs: { x: image },
    constants: { w: weights(9, 5, 1, 1) },
    nodes: [op('Conv', ['x', 'w'], 'c'), op('ArgMax', ['c'], 'y', { axis: 1, select_last_index: 1 })],
    outputs: ['y'],
  },
  'MatMul of computed matrices': pair('MatMul', [5, 13], [13, 7]),
  'MatMul of batches': pair('MatMul', [2, 1, 4, 9], [3, 9, 5]),
  'MatMul of a computed vector': pair('MatMul', [2, 3, 8], [8]),
  'MatMul of a constant and a computed matrix': {
    ...single('MatMul', [2, 6, 5], {}, { c: weights(3, 6) }),
    nodes: [op('MatMul', ['c', 'x'], 'y')],
  },
  'MatMul with constant batches': single('MatMul', [4, 6], {}, { c: weights(2, 6, 5) }),
  Concat: pair('Concat', [1, 3, 4, 4], [1, 5, 4, 4], { scales: [1, 0.3] }, { axis: 1 }),
  'Concat of constants': {
    inputs: { x: [2, 3, 5] },
    constants: { c: weights(2, 1, 5), d: weights(2, 2, 5) },
    nodes: [op('Concat', ['c', 'x', 'd'], 'y', { axis: -2 })],
    outputs: ['y'],
  },
  Flatten: single('Flatten', [2, 3, 4, 5], { axis: 2 }),
  Reshape: single('Reshape', [2, 3, 4], {}, { s: ints(4, -1) }),
  Squeeze: single('Squeeze', [2, 1, 4], {}, { a: ints(1) }),
  Unsqueeze: single('Unsqueeze', [2, 4], {}, { a: ints(1, 3) }),
  Transpose: single('Transpose', [2, 3, 4, 5], { perm: [3, 0, 2, 1] }),
  Pad: single('Pad', [1, 3, 4, 5], {}, { p: ints(0, 1, 2, 0, 0, 0, 1, 3), v: float32([], [0.5]) }),
  'Pad by reflection': single('Pad', [1, 3, 4, 5], { mode: 'reflect' }, { p: ints(0, 1, 3, 0, 0, 0, 1, 4) }),
  'Pad by the edge': single('Pad', [1, 3, 4, 5], { mode: 'edge' }, { p: ints(0, 1, 2, 0, 1, 0, 1, 3) }),
  Slice: single('Slice', [2, 9, 8], {}, { b: ints(1, -7), e: ints(9, 100), a: ints(1, 2), s: ints(3, 2) }),
  Split: {
    inputs: { x: [1, 9, 4, 3] },
    constants: { s: ints(2, 4, 3) },
    nodes: [op('Split', ['x', 's'], ['p', 'q', 'r'], { axis: 1 })],
    outputs: ['p', 'q', 'r'],
  },
  Gather: single('Gather', [2, 5, 4], {}, { i: ints(1, 0, -1, 1) }),
  'Gather of channels': single('Gather', image, { axis: 1 }, { i: ints(4, 0, 2) }),
  'Gather of one': single('Gather', image, { axis: 1 }, { i: int64([], [-2]) }),
  'Gather with a matrix of indices': single(
    'Gather',
    image,
    { axis: 2 },
    { i: int64([2, 3], [0, 1, 2, 3, 2, 1]) },
  ),
  Expand: single('Expand', [3, 1, 4], {}, { s: ints(2, 1, 5, 1) }),
  'Expand of channels last': {
    inputs: { x: image },
    constants: { w: weights(4, 5, 3, 3), s: ints(2, 4, 1, 1) },
    nodes: [op('Conv', ['x', 'w'], 'c'), op('GlobalMaxPool', ['c'], 'p'), op('Expand', ['p', 's'], 'y')],
    outputs: ['y'],
  },
  Tile: single('Tile', image, {}, { r: ints(2, 1, 2, 3) }),
  'Resize nearest': resized([1, 5, 4, 3], { mode: 'nearest' }, [1, 1, 2, 2.5]),
  'Resize nearest floor': resized(
    [1, 5, 8, 9],
    { nearest_mode: 'floor', coordinate_transformation_mode: 'asymmetric' },
    [1, 1, 0.6, 1.7],
  ),
  'Resize nearest to sizes': single(
    'Resize',
    [2, 3, 5, 6],
    { nearest_mode: 'ceil', coordinate_transformation_mode: 'align_corners' },
    {
      roi: float32([0], []),
      none: float32([0], []),
      sizes: ints(2, 3, 8, 4),
    },
  ),
  Resize: resized([1, 5, 4, 3], { mode: 'linear' }, [1, 1, 2, 2]),
  'Resize linear by odd scales': resized([1, 9, 5, 7], { mode: 'linear' }, [1, 1, 1.6, 0.7]),
  'Resize linear of corners': resized(
    [1, 3, 5, 4],
    { mode: 'linear', coordinate_transformation_mode: 'align_corners' },
    [1, 1, 2, 3],
  ),
  'Resize linear of 3 axes': single(
    'Resize',
    [2, 4, 5],
    { mode: 'linear', coordinate_transformation_mode: 'pytorch_half_pixel' },
    {
      roi: float32([0], []),
      none: float32([0], []),
      sizes: ints(2, 7, 9),
    },
  ),
  'Resize cubic': resized([1, 3, 6, 5], { mode: 'cubic' }, [1, 1, 2, 1.5]),
  Upsample: single(
    'Upsample',
    [1, 5, 4, 3],
    { mode: 'nearest' },
    { s: float32([4], [1, 1, 2, 3]) },
    { opset: 9 },
  ),
  'Upsample linear': single(
    'Upsample',
    [1, 5, 4, 3],
    { mode: 'linear' },
    { s: float32([4], [1, 1, 2, 2]) },
    { opset: 9 },
  ),
  DepthToSpace: single('DepthToSpace', [2, 12, 3, 2], { blocksize: 2 }),
  'DepthToSpace CRD': single('DepthToSpace', [1, 18, 3, 2], { blocksize: 3, mode: 'CRD' }, {}, { opset: 13 }),
  SpaceToDepth: single('SpaceToDepth', [2, 3, 4, 6], { blocksize: 2 }),
  Softmax: single('Softmax', [3, 10], { axis: -1 }, {}, { scales: [4] }),
  'Softmax over channels': single('Softmax', image, { axis: 1 }),
  InstanceNormalization: single('InstanceNormalization', image, {}, { s: weights(5), b: weights(5) }),
  'InstanceNormalization 1-D': single(
    'InstanceNormalization',
    [2, 3, 11],
    { epsilon: 0.1 },
    { s: weights(3), b: weights(3) },
  ),
  'GroupNormalization per group': single(
    'GroupNormalization',
    [2, 6, 3, 4],
    { num_groups: 2 },
    { s: weights(2), b: weights(2) },
    { opset: 18 },
  ),
  'GroupNormalization per channel': single(
    'GroupNormalization',
    [2, 6, 3, 4],
    { num_groups: 3 },
    { s: weights(6), b: weights(6) },
    { opset: 21 },
  ),
  LayerNormalization: single(
    'LayerNormalization',
    [2, 3, 17],
    {},
    { s: weights(17), b: weights(17) },
    { opset: 17 },
  ),
  'LayerNormalization of several axes': single(
    'LayerNormalization',
    [2, 3, 4, 5],
    { axis: 2, epsilon: 0.01 },
    { s: weights(4, 5) },
    { opset: 17 },
  ),
  MeanVarianceNormalization: single('MeanVarianceNormalization', [2, 5, 4, 3]),
  LogSoftmax: single('LogSoftmax', [3, 10], { axis: -1 }, {}, { scales: [9] }),
  'LogSoftmax over channels': single('LogSoftmax', image, { axis: 1 }),
  'LpNormalization of absolute values': single('LpNormalization', image, { axis: 1, p: 1 }),
  LpNormalization: single('LpNormalization', [3, 10]),
  LpPool: single('LpPool', [1, 5, 7, 8], { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1] }),
  'LpPool of third powers': single('LpPool', [2, 3, 11], { kernel_shape: [4], p: 3 }),
  GlobalLpPool: single('GlobalLpPool', [2, 9, 5, 3], { p: 1 }),
  LRN: single('LRN', [1, 7, 3, 4], { size: 5, alpha: 0.5, beta: 0.75, bias: float(1) }),
  'LRN wider than the channels': single('LRN', [2, 6, 5, 1], { size: 9, alpha: 0.9 }),
  Identity: single('Identity', [2, 3]),
  Dropout: single('Dropout', [2, 3]),
  Constant: {
    inputs: { x: image },
    nodes: [
      op('Constant', [], 'c', { value: { kind: 'tensor', value: weights(5, 1, 1) } }),
      op('Mul', ['x', 'c'], 'y'),
    ],
    outputs: ['y'],
  },
};
