/** Quantised models that are not well formed, or that no formats express: one clear ModelError each. */
import { expect, test } from 'vitest';
import { ModelError } from '#src/errors.js';
import {
  compileModel,
  createDraw,
  type ModelParts,
  scalar,
  type Type,
  type Values,
  values,
} from './models.js';

const codes = createDraw(1).codes('uint8', [1, 5, 6, 7]);
const one = { s: scalar('float32', 0.5), z: scalar('uint8', 3) };
const list = (type: Type, ...data: number[]) => values(type, [data.length], data);

function model(
  nodes: ModelParts['nodes'],
  constants: Record<string, Values>,
  output: Type = 'uint8',
): ModelParts {
  return { nodes, constants: { ...one, ...constants }, inputs: { x: codes }, outputs: { y: output } };
}

const dequantize = (constants: Record<string, Values>, attributes = {}) =>
  model([['DequantizeLinear', ['x', 's', 'z'], 'y', attributes]], constants, 'float32');
const weights = { w: createDraw(2).codes('uint8', [3, 5, 1, 1]), zw: list('uint8', 1, 1, 1) };
const convolve = (constants: Record<string, Values>) =>
  model([['QLinearConv', ['x', 's', 'z', 'w', 'sw', 'zw', 's', 'z', 'b'], 'y']], {
    ...weights,
    sw: list('float32', 1, 1, 1),
    b: list('int32', 1, 2, 3),
    ...constants,
  });
const integers = (shape: number[], constants: Record<string, Values> = {}) =>
  model(
    [['ConvInteger', ['x', 'w', 'z'], 'y']],
    { w: createDraw(3).codes('uint8', shape), ...constants },
    'int32',
  );

const refused: readonly [string, ModelParts, RegExp][] = [
  [
    'a negative scale',
    dequantize({ s: scalar('float32', -1) }),
    /a scale \(input 1\) is not a positive number, .*got -1/,
  ],
  ['a scale of 0', dequantize({ s: scalar('float32', 0) }), /not a positive number/],
  [
    'a scale that is NaN',
    dequantize({ s: scalar('float32', Number.NaN) }),
    /not a positive number, .*got NaN/,
  ],
  ['an infinite scale', dequantize({ s: scalar('float32', Infinity) }), /not a positive number/],
  [
    'a scale that is an integer',
    dequantize({ s: scalar('int32', 1) }),
    /the scale \(input 1\) has the wrong type/,
  ],
  [
    'a zero point of another type',
    dequantize({ z: scalar('int8', 3) }),
    /the zero point \(input 2\) has the wrong type/,
  ],
  [
    'a zero point of another shape',
    dequantize({ z: list('uint8', 1, 2) }),
    /scale and zero point differ in shape/,
  ],
  [
    'too many scales',
    dequantize({ s: list('float32', 1, 1), z: list('uint8', 1, 1) }),
    /the scale has the wrong shape, expected \[5\], got \[2\]/,
  ],
  [
    'an axis out of range',
    dequantize({ s: list('float32', 1, 1), z: list('uint8', 1, 1) }, { axis: 4 }),
    /axis is out of range/,
  ],
  [
    'too few scales of weights',
    convolve({ sw: list('float32', 1, 1), zw: list('uint8', 1, 1) }),
    /wrong number of scales/,
  ],
  [
    'a bias of another length',
    convolve({ b: list('int32', 1) }),
    /the bias does not fit, expected int32 \[3\]/,
  ],
  ['a bias of real numbers', convolve({ b: list('float32', 1, 2, 3) }), /the bias does not fit/],
  [
    'weights with another zero point type',
    convolve({ zw: list('int8', 1, 1, 1) }),
    /the zero point \(input 5\)/,
  ],
  ['a kernel that does not fit', integers([2, 4, 1, 1]), /wrong number of channels/],
  ['integers multiplied as they are', model([['Mul', ['x', 'x'], 'y']], {}), /"y" is computed on integers/],
  [
    'a cast of codes to a type that does not hold them',
    model([['Cast', ['x'], 'y', { to: 3 }]], {}, 'int8'),
    /from uint8 to int8, which does not hold all its values/,
  ],
  [
    'a zero point of int32',
    {
      nodes: [['DequantizeLinear', ['x', 's', 'z'], 'y']],
      constants: { ...one, z: scalar('int32', 1) },
      inputs: { x: createDraw(4).codes('int32', [3]) },
      outputs: { y: 'float32' },
    },
    /codes of more than 16 bits have a zero point, expected 0, got 1/,
  ],
  [
    'scales by block that are computed',
    model(
      [
        ['DequantizeLinear', ['x', 's', 'z'], 'a'],
        ['QuantizeLinear', ['a', 'a', 'z2'], 'y', { axis: 3, block_size: 1 }],
      ],
      { z2: values('uint8', [1, 5, 6, 7], new Array<number>(210).fill(0)) },
    ),
    /scales by block are computed/,
  ],
];

test.each(refused)('%s', (_, parts, message) => {
  expect(() => compileModel(parts)).toThrow(ModelError);
  expect(() => compileModel(parts)).toThrow(message);
});
