/** Small graphs of several nodes: what can go wrong between operators. */
import { float32 } from '#src/graph/tensor.js';
import { float, op } from '../graph/build.js';
import { type Example, ints, weights } from './examples.js';

const same = { pads: [1, 1, 1, 1] };
const image = [1, 4, 5, 5];
const filters = { w: weights(4, 4, 3, 3), v: weights(3, 4, 1, 1) };

export const graphExamples: Record<string, Example> = {
  'a fused Relu': {
    inputs: { x: image },
    constants: filters,
    nodes: [op('Conv', ['x', 'w'], 'c'), op('Relu', ['c'], 'y')],
    outputs: ['y'],
  },
  'fused limits': {
    opset: 6,
    inputs: { x: image },
    constants: filters,
    nodes: [op('Conv', ['x', 'w'], 'c'), op('Clip', ['c'], 'y', { min: float(-0.5), max: float(1) })],
    outputs: ['y'],
  },
  'convolutions of a tensor and of its transposition': {
    inputs: { x: image },
    constants: filters,
    nodes: [
      op('Conv', ['x', 'w'], 'y', same),
      op('Transpose', ['x'], 't', { perm: [0, 1, 3, 2] }),
      op('Conv', ['t', 'v'], 'z'),
    ],
    outputs: ['y', 'z'],
  },
  'transpositions between': {
    inputs: { x: [1, 5, 5, 4] },
    constants: { w: weights(6, 4, 3, 3), f: weights(6, 7) },
    nodes: [
      op('Transpose', ['x'], 't', { perm: [0, 3, 1, 2] }),
      op('Conv', ['t', 'w'], 'c'),
      op('Transpose', ['c'], 'u', { perm: [0, 2, 3, 1] }),
      op('MatMul', ['u', 'f'], 'm'),
      op('Transpose', ['m'], 'y', { perm: [0, 3, 2, 1] }),
    ],
    outputs: ['y', 'u'],
  },
  'a reshape after a convolution': {
    inputs: { x: image },
    constants: { w: weights(6, 4, 3, 3), s: ints(1, -1), f: weights(54, 7) },
    nodes: [op('Conv', ['x', 'w'], 'c'), op('Reshape', ['c', 's'], 'r'), op('MatMul', ['r', 'f'], 'y')],
    outputs: ['y'],
  },
  'a channel shuffle': {
    inputs: { x: [1, 6, 4, 4] },
    constants: {
      w: weights(6, 2, 1, 1),
      v: weights(6, 1, 3, 3),
      s: ints(1, 3, 2, 4, 4),
      t: ints(1, 6, 4, 4),
    },
    nodes: [
      op('Conv', ['x', 'w'], 'c', { group: 3 }),
      op('Reshape', ['c', 's'], 'r'),
      op('Transpose', ['r'], 'q', { perm: [0, 2, 1, 3, 4] }),
      op('Reshape', ['q', 't'], 'u'),
      op('Conv', ['u', 'v'], 'y', { group: 6, ...same }),
    ],
    outputs: ['y'],
  },
  'a Softmax island, its input used in codes too': {
    inputs: { x: image },
    constants: filters,
    nodes: [
      op('Conv', ['x', 'w'], 'c', same),
      op('Softmax', ['c'], 's', { axis: 1 }),
      op('Mul', ['c', 's'], 'm'),
      op('Conv', ['m', 'v'], 'y'),
    ],
    outputs: ['y', 's', 'c'],
  },
  'an LRN island': {
    inputs: { x: image },
    constants: filters,
    nodes: [
      op('Conv', ['x', 'w'], 'c', same),
      op('LRN', ['c'], 's', { size: 3, alpha: 0.9 }),
      op('Conv', ['s', 'v'], 'y'),
    ],
    outputs: ['y'],
  },
  'an island that is moved and goes on as an island': {
    inputs: { x: image },
    constants: filters,
    nodes: [
      op('Conv', ['x', 'w'], 'c', same),
      op('LRN', ['c'], 's', { size: 3, alpha: 0.9 }),
      op('MaxPool', ['s'], 'p', { kernel_shape: [2, 2] }),
      op('Transpose', ['p'], 't', { perm: [0, 2, 3, 1] }),
      op('Softmax', ['t'], 'y'),
    ],
    outputs: ['y', 'p'],
  },
  'a Concat of an island and of codes': {
    inputs: { x: image },
    nodes: [
      op('Softmax', ['x'], 's'),
      op('Sigmoid', ['x'], 'g'),
      op('Concat', ['s', 'g', 'x'], 'y', { axis: 1 }),
    ],
    outputs: ['y'],
  },
  'outputs that are inputs': {
    inputs: { x: image, z: [2, 3] },
    nodes: [op('Relu', ['x'], 'y')],
    outputs: ['x', 'z', 'y'],
  },
  'no node at all': { inputs: { x: image }, nodes: [], outputs: ['x'] },
  'outputs that are constants': {
    inputs: { x: [1, 4] },
    constants: { c: weights(2, 3, 4) },
    nodes: [op('Relu', ['x'], 'y'), op('Transpose', ['c'], 't')],
    outputs: ['c', 't', 'y'],
  },
  'one value as several outputs': {
    inputs: { x: image },
    nodes: [op('Relu', ['x'], 'r'), op('Identity', ['r'], 'y'), op('Identity', ['r'], 'z')],
    outputs: ['y', 'z', 'r'],
  },
  'a value with itself': {
    inputs: { x: image },
    nodes: [op('Add', ['x', 'x'], 'a'), op('Mul', ['a', 'a'], 'y')],
    outputs: ['y'],
  },
  'weights used twice': {
    inputs: { x: image },
    constants: filters,
    nodes: [op('Conv', ['x', 'w'], 'c', same), op('Conv', ['c', 'w'], 'd', same), op('Add', ['c', 'd'], 'y')],
    outputs: ['y'],
  },
  'weights used with two factors': {
    inputs: { x: [3, 4] },
    constants: { w: weights(4, 4), b: weights(4) },
    nodes: [
      op('Gemm', ['x', 'w', 'b'], 'c', { alpha: float(100) }),
      op('Gemm', ['c', 'w', 'b'], 'd', { alpha: 0.01, beta: 50.5 }),
      op('Gemm', ['c', 'w'], 'y', { transB: 1 }),
    ],
    outputs: ['y', 'c', 'd'],
  },
  'weights that are operands too': {
    inputs: { x: [4, 4] },
    constants: { w: weights(4, 4) },
    nodes: [
      op('MatMul', ['x', 'w'], 'c'),
      op('Mul', ['c', 'w'], 'm'),
      op('Concat', ['m', 'w'], 'd', { axis: 0 }),
      op('Softmax', ['w'], 's'),
      op('Add', ['c', 's'], 'y'),
    ],
    outputs: ['y', 'd', 'w'],
  },
  'small values joined to constants and padded with one': {
    inputs: { x: image },
    constants: {
      small: float32([], [0.01]),
      c: weights(1, 2, 5, 5),
      p: ints(0, 0, 1, 0, 0, 0, 0, 1),
      v: float32([], [-2]),
    },
    nodes: [
      op('Mul', ['x', 'small'], 'a'),
      op('Concat', ['a', 'c'], 'y', { axis: 1 }),
      op('Sigmoid', ['x'], 'b'),
      op('Pad', ['b', 'p', 'v'], 'z'),
    ],
    outputs: ['y', 'z'],
  },
  'constants through every kind of node': {
    inputs: { x: image },
    constants: { c: weights(1, 4, 5, 5) },
    nodes: [
      op('MaxPool', ['c'], 'p', { ...same, kernel_shape: [3, 3] }),
      op('AveragePool', ['p'], 'q', { ...same, kernel_shape: [3, 3] }),
      op('Sigmoid', ['q'], 'r'),
      op('Relu', ['r'], 's'),
      op('Add', ['x', 's'], 'y'),
    ],
    outputs: ['y'],
  },
  'pools in a row': {
    inputs: { x: [1, 4, 9, 9] },
    nodes: [
      op('MaxPool', ['x'], 'a', { kernel_shape: [2, 2] }),
      op('AveragePool', ['a'], 'b', { kernel_shape: [3, 3], strides: [2, 2] }),
      op('GlobalMaxPool', ['b'], 'c'),
      op('Flatten', ['c'], 'y'),
    ],
    outputs: ['y'],
  },
  'padding that never wins': {
    inputs: { x: image },
    constants: { p: ints(0, 0, 1, 1, 0, 0, 1, 1), v: float32([], [-Infinity]) },
    nodes: [op('Pad', ['x', 'p', 'v'], 'a'), op('MaxPool', ['a'], 'y', { kernel_shape: [3, 3] })],
    outputs: ['y'],
  },
  'a gate': {
    opset: 14,
    inputs: { x: [2, 8, 6, 6] },
    constants: { w: weights(8, 8), a: ints(2, 3) },
    nodes: [
      op('ReduceMean', ['x'], 'p', { axes: [2, 3], keepdims: 0 }),
      op('MatMul', ['p', 'w'], 'd'),
      op('HardSigmoid', ['d'], 'h'),
      op('Unsqueeze', ['h', 'a'], 'u'),
      op('Mul', ['x', 'u'], 'y'),
    ],
    outputs: ['y', 'p'],
  },
  'slopes in a row': {
    inputs: { x: [1, 3, 4] },
    nodes: [
      op('LeakyRelu', ['x'], 'a', { alpha: float(1) }),
      op('LeakyRelu', ['a'], 'b', { alpha: float(0) }),
      op('LeakyRelu', ['b'], 'y', { alpha: float(-4) }),
    ],
    outputs: ['y', 'a'],
  },
  'half of a Split': {
    inputs: { x: [1, 6, 4, 4] },
    constants: { w: weights(6, 3, 1, 1) },
    nodes: [op('Split', ['x'], ['a', 'b'], { axis: 1 }), op('Conv', ['b', 'w'], 'y')],
    outputs: ['y'],
  },
  'seven axes': {
    inputs: { x: [1, 2, 1, 2, 1, 2, 2] },
    nodes: [op('Transpose', ['x'], 't', { perm: [6, 5, 4, 3, 2, 1, 0] }), op('Sigmoid', ['t'], 'y')],
    outputs: ['y'],
  },
};
