/** Every quantised operator with random codes, scales and zero points: onnxruntime's codes, element for element. */
import { describe, test } from 'vitest';
import {
  createDraw,
  expectAgreement,
  type ModelParts,
  type NodeText,
  scalar,
  type Type,
  type Values,
  values,
} from './models.js';

const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
const shape = [1, 5, 6, 7];

type Draw = ReturnType<typeof createDraw>;

/** Scale and zero point of x and y. */
function parameters(draw: Draw, type: Type, factor = 1): Record<string, Values> {
  return {
    sx: scalar('float32', draw.scale()),
    zx: draw.zero(type),
    sy: scalar('float32', draw.scale(factor)),
    zy: draw.zero(type),
  };
}

const x = ['x', 'sx', 'zx'];
const y = ['sy', 'zy'];

interface Recipe {
  readonly nodes: readonly NodeText[];
  /** Of the output's scale, so that codes do not all saturate; default 1. */
  readonly factor?: number;
  readonly output?: Type;
  readonly types?: readonly Type[];
  readonly constants?: (draw: Draw, type: Type) => Record<string, Values>;
}

/** Weights [7, 5, 3, 3] with a scale per channel, whose zero points are 0 where they are signed, and a bias. */
const weightsOf = (type: Type) => (draw: Draw, input: Type) => {
  const scales = Array.from({ length: 7 }, () => draw.scale());
  const zero = type === 'uint8' ? 77 : 0;
  return {
    w: draw.codes(type, [7, 5, 3, 3]),
    sw: values('float32', [7], scales),
    zw: values(type, [7], new Array<number>(7).fill(zero)),
    w1: scalar(type, zero),
    b: values(
      'int32',
      [7],
      Array.from({ length: 7 }, () => draw.integer(-9000, 9000)),
    ),
    other: draw.codes(input, [1, 5, 1, 1]),
    so: scalar('float32', draw.scale()),
    zo: draw.zero(input),
  };
};

/** The bias with the scale that QDQ models give it: that of x times that of the weights. */
function withBiasScale(constants: Record<string, Values>): Record<string, Values> {
  if (constants.sw === undefined) return constants;
  const scale = Number(constants.sx.data[0]);
  const scales = Array.from(constants.sw.data, (own) => Math.fround(own * scale));
  return { ...constants, sb: values('float32', [7], scales) };
}

const dequantizeX: NodeText = ['DequantizeLinear', x, 'real'];
const quantizeY: NodeText = ['QuantizeLinear', ['result', ...y], 'y'];
/** DequantizeLinear, an operator, QuantizeLinear. */
const between = (operator: string, attributes = {}, inputs = ['real']): readonly NodeText[] => [
  dequantizeX,
  [operator, inputs, 'result', attributes],
  quantizeY,
];

const convolution = { pads: [1, 0, 1, 2], strides: [2, 1] };
const quantizedConvolution = [...x, 'w', 'sw', 'zw', ...y];

const recipes: Record<string, Recipe> = {
  'QLinearConv, u8 weights': {
    nodes: [['QLinearConv', [...quantizedConvolution, 'b'], 'y', convolution]],
    constants: weightsOf('uint8'),
    factor: 400,
    types: ['uint8'],
  },
  'QLinearConv, s8 weights': {
    nodes: [['QLinearConv', [...quantizedConvolution, 'b'], 'y', convolution]],
    constants: weightsOf('int8'),
    factor: 400,
    types: ['uint8'],
  },
  'QLinearConv without bias': {
    nodes: [['QLinearConv', quantizedConvolution, 'y']],
    constants: weightsOf('int8'),
    factor: 400,
    types: ['uint8'],
  },
  'Conv and Relu between DequantizeLinear and QuantizeLinear': {
    nodes: [
      dequantizeX,
      ['DequantizeLinear', ['w', 'sw', 'zw'], 'wr', { axis: 0 }],
      ['DequantizeLinear', ['b', 'sb'], 'br', { axis: 0 }],
      ['Conv', ['real', 'wr', 'br'], 'sum', convolution],
      ['Relu', ['sum'], 'result'],
      quantizeY,
    ],
    constants: weightsOf('int8'),
    factor: 400,
  },
  ConvInteger: {
    nodes: [['ConvInteger', ['x', 'w', 'zx', 'w1'], 'y', convolution]],
    constants: weightsOf('uint8'),
    output: 'int32',
    types: ['uint8'],
  },
  'ConvInteger as float32': {
    nodes: [
      ['ConvInteger', ['x', 'w', 'zx', 'w1'], 'sums'],
      ['Cast', ['sums'], 'cast', { to: 1 }],
      ['Mul', ['cast', 'sx'], 'y'],
    ],
    constants: weightsOf('uint8'),
    output: 'float32',
    types: ['uint8'],
  },
  QLinearAdd: { nodes: [['com.microsoft::QLinearAdd', [...x, ...x, ...y], 'y']], factor: 2 },
  'QLinearAdd by channels': {
    nodes: [['com.microsoft::QLinearAdd', [...x, 'other', 'so', 'zo', ...y], 'y']],
    constants: weightsOf('int8'),
    factor: 2,
  },
  QLinearMul: { nodes: [['com.microsoft::QLinearMul', [...x, ...x, ...y], 'y']], factor: 4 },
  'QLinearMul by channels': {
    nodes: [['com.microsoft::QLinearMul', [...x, 'other', 'so', 'zo', ...y], 'y']],
    constants: weightsOf('int8'),
    factor: 4,
  },
  QLinearSigmoid: { nodes: [['com.microsoft::QLinearSigmoid', [...x, ...y], 'y']], factor: 1 / 64 },
  QLinearLeakyRelu: { nodes: [['com.microsoft::QLinearLeakyRelu', [...x, ...y], 'y', { alpha: 0.1 }]] },
  QLinearGlobalAveragePool: {
    nodes: [['com.microsoft::QLinearGlobalAveragePool', [...x, ...y], 'y', { channels_last: 0 }]],
  },
  QLinearConcat: { nodes: [['com.microsoft::QLinearConcat', [...y, ...x, ...x], 'y', { axis: 1 }]] },
  'MaxPool of codes': { nodes: [['MaxPool', ['x'], 'y', { kernel_shape: [2, 3] }]] },
  'Transpose of codes': { nodes: [['Transpose', ['x'], 'y', { perm: [0, 2, 3, 1] }]] },
  DequantizeLinear: { nodes: [['DequantizeLinear', x, 'y']], output: 'float32' },
  'DequantizeLinear of 16 bits': {
    nodes: [['DequantizeLinear', x, 'y']],
    output: 'float32',
    types: ['uint16', 'int16'],
  },
  'another scale': { nodes: between('Identity') },
  'Add between DequantizeLinear and QuantizeLinear': {
    nodes: between('Add', {}, ['real', 'real']),
    factor: 2,
  },
  'Sigmoid between DequantizeLinear and QuantizeLinear': { nodes: between('Sigmoid'), factor: 1 / 64 },
  'LeakyRelu between DequantizeLinear and QuantizeLinear': { nodes: between('LeakyRelu', { alpha: 0.1 }) },
  'MaxPool between DequantizeLinear and QuantizeLinear': {
    nodes: between('MaxPool', { kernel_shape: [2, 2] }),
  },
  'Concat between DequantizeLinear and QuantizeLinear': {
    nodes: between('Concat', { axis: 1 }, ['real', 'real']),
  },
};

describe.each(Object.entries(recipes))('%s', (_, recipe) => {
  const { nodes, factor, output, types = ['uint8', 'int8'], constants } = recipe;
  test.each(types.flatMap((type) => seeds.map((seed) => [type, seed] as const)))(
    '%s %i',
    async (type, seed) => {
      const draw = createDraw(seed);
      const parts: ModelParts = {
        nodes,
        constants: withBiasScale({ ...parameters(draw, type, factor), ...constants?.(draw, type) }),
        inputs: { x: draw.codes(type, shape) },
        outputs: { y: output ?? type },
      };
      await expectAgreement(parts);
    },
  );
});

test.each([
  ['zeros', [0, 0, 0, -0]],
  ['one negative number', [-3, -3, -3, -3]],
  ['numbers of both signs', [-1, 0.4, 2.7, 1.25]],
])('DynamicQuantizeLinear of %s', async (_, data) => {
  await expectAgreement({
    nodes: [['DynamicQuantizeLinear', ['x'], ['y', 's', 'z']]],
    inputs: { x: values('float32', [1, 4], data) },
    outputs: { y: 'uint8', s: 'float32', z: 'uint8' },
  });
});
