/** Models with sums in int32, codes of 16 bits and scales that no activation has: onnxruntime's results, element for element. */
import { describe, expect, test } from 'vitest';
import { formatText } from '#src/formats/format.js';
import {
  compileModel,
  createDraw,
  expectAgreement,
  type ModelParts,
  type NodeText,
  scalar,
  type Type,
  values,
} from './models.js';

const seeds = [1, 2, 3, 4, 5, 6];

type Draw = ReturnType<typeof createDraw>;

/** A model with its data for a draw of random numbers. */
type Make = (draw: Draw) => ModelParts;

const list = (type: Type, make: () => number, ...shape: number[]) =>
  values(type, shape, Array.from({ length: shape.reduce((a, b) => a * b, 1) }, make));

/** A product over 700 codes, whose sums need more than 24 bits. */
const deep =
  (type: Type, tail: readonly NodeText[], output: Type): Make =>
  (draw) => ({
    nodes: [['MatMulInteger', ['x', 'w', 'zx', 'zw'], 'sums'], ...tail],
    constants: {
      w: draw.codes(type, [700, 5]),
      zx: draw.zero(type),
      zw: draw.zero(type),
      s: scalar('float32', draw.scale()),
      b: list('int32', () => draw.integer(-(2 ** 30), 2 ** 30), 5),
    },
    inputs: { x: draw.codes(type, [3, 700]) },
    outputs: { [output === 'int32' ? 'sums' : 'y']: output },
  });

const scaled: readonly NodeText[] = [
  ['Cast', ['sums'], 'real', { to: 1 }],
  ['Mul', ['real', 's'], 'y'],
];

const withBias: readonly NodeText[] = [
  ['Add', ['sums', 'b'], 'biased'],
  ['Reshape', ['biased', 'shape'], 'flat'],
  ['Cast', ['flat'], 'real', { to: 1 }],
  ['Mul', ['real', 's'], 'y'],
];

/** Codes of 16 bits, an operator, codes of 16 bits; scales are powers of two where `exact`. */
const between =
  (operator: string, type: Type, exact: boolean): Make =>
  (draw) => {
    const scale = () => (exact ? 2 ** draw.integer(-6, 0) : draw.scale());
    return {
      nodes: [
        ['DequantizeLinear', ['a', 'sa', 'za'], 'ra'],
        ['DequantizeLinear', ['b', 'sb', 'zb'], 'rb'],
        [operator, ['ra', 'rb'], 'r'],
        ['QuantizeLinear', ['r', 'sy', 'zy'], 'y'],
      ],
      constants: {
        sa: scalar('float32', scale()),
        sb: scalar('float32', scale()),
        sy: scalar('float32', operator === 'Mul' ? scale() * 2 ** 9 : scale()),
        ...Object.fromEntries(['za', 'zb', 'zy'].map((name) => [name, draw.zero(type)])),
      },
      inputs: { a: draw.codes(type, [2, 3, 5]), b: draw.codes(type, [3, 1]) },
      outputs: { y: type },
    };
  };

/** One operator of codes of 16 bits between two quantisations. */
const unary =
  (operator: string, type: Type, attributes: Record<string, number | number[]> = {}, factor = 1): Make =>
  (draw) => ({
    nodes: [
      ['DequantizeLinear', ['x', 'sx', 'zx'], 'r'],
      [operator, ['r'], 'result', attributes],
      ['QuantizeLinear', ['result', 'sy', 'zy'], 'y'],
    ],
    constants: {
      sx: scalar('float32', draw.scale(0.01)),
      zx: draw.zero(type),
      sy: scalar('float32', draw.scale(0.01 * factor)),
      zy: draw.zero(type),
    },
    inputs: { x: draw.codes(type, [1, 3, 6, 5]) },
    outputs: { y: type },
  });

/** Quantised and dequantised with `count` scales. */
const scattered =
  (type: Type, shape: readonly number[], attributes: Record<string, number>): Make =>
  (draw) => ({
    nodes: [
      ['QuantizeLinear', ['x', 's', 'z'], 'codes', attributes],
      ['DequantizeLinear', ['codes', 's', 'z'], 'y', attributes],
    ],
    constants: {
      s: list('float32', () => draw.scale(0.1), ...shape),
      z: draw.codes(type, shape),
    },
    inputs: { x: list('float32', () => draw.integer(-800, 800) / 64, 2, 6, 4) },
    outputs: { y: 'float32', codes: type },
  });

const models: Record<string, Make> = {
  'MatMulInteger of many uint8': deep('uint8', [], 'int32'),
  'MatMulInteger of many int8': deep('int8', [], 'int32'),
  'MatMulInteger, Cast and Mul': deep('uint8', scaled, 'float32'),
  'MatMulInteger, Add of int32, Reshape, Cast and Mul': (draw) => {
    const parts = deep('int8', withBias, 'float32')(draw);
    return { ...parts, shapes: { shape: [5, 3] } };
  },
  'MatMulInteger and DequantizeLinear': deep('uint8', [['DequantizeLinear', ['sums', 's'], 'y']], 'float32'),
  'MatMulInteger, DequantizeLinear and ArgMax': deep(
    'uint8',
    [
      ['DequantizeLinear', ['sums', 's'], 'real'],
      ['ArgMax', ['real'], 'best', { axis: 1 }],
      ['Cast', ['best'], 'y', { to: 1 }],
    ],
    'float32',
  ),
  'MatMulInteger of two computed factors with computed zero points': (draw) => ({
    nodes: [
      ['DynamicQuantizeLinear', ['a'], ['qa', 'sa', 'za']],
      ['DynamicQuantizeLinear', ['b'], ['qb', 'sb', 'zb']],
      ['MatMulInteger', ['qa', 'qb', 'za', 'zb'], 'y'],
    ],
    inputs: {
      a: list('float32', () => draw.integer(-500, 900) / 64, 2, 3, 400),
      b: list('float32', () => draw.integer(-900, 300) / 64, 400, 4),
    },
    outputs: { y: 'int32' },
  }),
  'ConvInteger with a computed zero point and padding': (draw) => ({
    nodes: [
      ['DynamicQuantizeLinear', ['x'], ['q', 's', 'z']],
      ['ConvInteger', ['q', 'w', 'z', 'zw'], 'sums', { pads: [1, 1, 1, 1] }],
      ['Cast', ['sums'], 'real', { to: 1 }],
      ['Mul', ['real', 's'], 'y'],
    ],
    constants: { w: draw.codes('uint8', [3, 40, 3, 3]), zw: draw.zero('uint8') },
    inputs: { x: list('float32', () => draw.integer(-500, 900) / 64, 1, 40, 4, 5) },
    outputs: { y: 'float32', sums: 'int32' },
  }),
  'sums of int32 that wrap': (draw) => ({
    nodes: [
      ['DequantizeLinear', ['x', 's'], 'r'],
      ['Add', ['x', 'b'], 'sum'],
      ['Sub', ['b', 'sum'], 'y'],
      ['Neg', ['r'], 'n'],
    ],
    constants: { s: scalar('float32', draw.scale()), b: draw.codes('int32', [4]) },
    inputs: { x: draw.codes('int32', [3, 4]) },
    outputs: { sum: 'int32', y: 'int32', n: 'float32' },
  }),
  'QGemm with a float32 output': (draw) => ({
    nodes: [
      ['com.microsoft::QGemm', ['x', 'sx', 'zx', 'w', 'sw', 'zw', 'b'], 'y', { alpha: 0.7, transB: 1 }],
    ],
    constants: {
      sx: scalar('float32', draw.scale()),
      zx: draw.zero('uint8'),
      w: draw.codes('uint8', [5, 600]),
      sw: scalar('float32', draw.scale()),
      zw: draw.zero('uint8'),
      b: list('int32', () => draw.integer(-9000, 9000), 5),
    },
    inputs: { x: draw.codes('uint8', [3, 600]) },
    outputs: { y: 'float32' },
  }),
  'QGemm with alpha': (draw) => ({
    nodes: [
      [
        'com.microsoft::QGemm',
        ['x', 'sx', 'zx', 'w', 'sw', 'zw', 'b', 'sy', 'zy'],
        'y',
        { alpha: 0.3, transB: 1 },
      ],
    ],
    constants: {
      sx: scalar('float32', draw.scale()),
      zx: draw.zero('uint8'),
      w: draw.codes('uint8', [5, 30]),
      sw: scalar('float32', draw.scale()),
      zw: draw.zero('uint8'),
      b: list('int32', () => draw.integer(-9000, 9000), 5),
      sy: scalar('float32', draw.scale(300)),
      zy: draw.zero('uint8'),
    },
    inputs: { x: draw.codes('uint8', [3, 30]) },
    outputs: { y: 'uint8' },
  }),
  'QGemm with one bias for all': (draw) => ({
    nodes: ['', '1', '11'].map((shape) => [
      'com.microsoft::QGemm',
      ['x', 'sx', 'zx', 'w', 'sw', 'zw', `b${shape}`, 'sy', 'zy'],
      `y${shape}`,
      { transB: 1 },
    ]),
    constants: {
      sx: scalar('float32', draw.scale()),
      zx: draw.zero('uint8'),
      w: draw.codes('uint8', [5, 30]),
      sw: scalar('float32', draw.scale()),
      zw: draw.zero('uint8'),
      b: scalar('int32', draw.integer(-9000, 9000)),
      b1: list('int32', () => draw.integer(-9000, 9000), 1),
      b11: list('int32', () => draw.integer(-9000, 9000), 1, 1),
      sy: scalar('float32', draw.scale(300)),
      zy: draw.zero('uint8'),
    },
    inputs: { x: draw.codes('uint8', [3, 30]) },
    outputs: { y: 'uint8', y1: 'uint8', y11: 'uint8' },
  }),
  'Add of int16': between('Add', 'int16', false),
  'Sub of uint16': between('Sub', 'uint16', false),
  'Mul of int16': between('Mul', 'int16', false),
  'Add of uint16 with powers of two': between('Add', 'uint16', true),
  'Mul of int16 with powers of two': between('Mul', 'int16', true),
  'Max of int16': between('Max', 'int16', false),
  'LeakyRelu of int16': unary('LeakyRelu', 'int16', { alpha: 0.1 }),
  'MaxPool of int16': unary('MaxPool', 'int16', { kernel_shape: [2, 2] }),
  'AveragePool of int16': unary('AveragePool', 'int16', { kernel_shape: [2, 3] }),
  'GlobalAveragePool of uint16': unary('GlobalAveragePool', 'uint16'),
  'scales per axis': scattered('int8', [6], { axis: 1 }),
  'scales per axis of 16 bits': scattered('uint16', [4], { axis: 2 }),
  'scales by block': scattered('uint8', [2, 3, 4], { axis: 1, block_size: 2 }),
  'one value with two meanings': (draw) => ({
    nodes: [
      ['DequantizeLinear', ['x', 's', 'z'], 'a'],
      ['DequantizeLinear', ['x', 't', 'z'], 'b'],
      ['DequantizeLinear', ['x', 'several', 'zeros'], 'c', { axis: 1 }],
      ['Add', ['a', 'b'], 'd'],
      ['Add', ['c', 'd'], 'y'],
    ],
    constants: {
      s: scalar('float32', draw.scale()),
      t: scalar('float32', draw.scale()),
      z: draw.zero('uint8'),
      several: list('float32', () => draw.scale(), 3),
      zeros: draw.codes('uint8', [3]),
    },
    inputs: { x: draw.codes('uint8', [4, 3]) },
    outputs: { y: 'float32' },
  }),
  'a computed scale': (draw) => ({
    nodes: [
      ['DynamicQuantizeLinear', ['x'], ['codes', 's', 'z']],
      ['DequantizeLinear', ['codes', 's', 'z'], 'y'],
    ],
    inputs: { x: list('float32', () => draw.integer(-500, 900) / 64, 3, 4) },
    outputs: { y: 'float32', codes: 'uint8' },
  }),
};

describe.each(Object.entries(models))('%s', (_, make) => {
  test.each(seeds)('%i', async (seed) => expectAgreement(make(createDraw(seed))));
});

test('sums of int32 are codes of 32 bits, and of 16-bit codes with powers of two codes throughout', () => {
  const sums = compileModel(deep('uint8', scaled, 'float32')(createDraw(1)));
  const formats = sums.tensors.map(({ format }) => format && formatText(format));
  expect(formats).toContain('fixed(32,0)');
  const exact = compileModel(between('Add', 'int16', true)(createDraw(1)));
  expect(exact.instructions.map(({ op }) => op)).toEqual(['reshape', 'add']);
});
