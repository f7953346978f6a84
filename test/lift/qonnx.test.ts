/** QONNX networks on integers: what onnxruntime gives for the same network with the quantisers written out in ONNX's operators. */
import { describe, expect, test } from 'vitest';
import {
  compileModel,
  createDraw,
  type ModelParts,
  type NodeText,
  referee,
  runModel,
  scalar,
  type Values,
  values,
} from './models.js';

type Draw = ReturnType<typeof createDraw>;

const list = (shape: readonly number[], make: () => number) =>
  values('float32', shape, Array.from({ length: shape.reduce((a, b) => a * b, 1) }, make));

const QUANT = 'qonnx.custom_op.general::Quant';
const BIPOLAR = 'qonnx.custom_op.general::BipolarQuant';

/** Quant and BipolarQuant as Div, Clip, Round and Mul; only rounding to even and zero points of 0. */
function writtenOut({ nodes, constants = {}, ...parts }: ModelParts): ModelParts {
  const added: Record<string, Values> = { zero: scalar('float32', 0), one: scalar('float32', 1) };
  const written = nodes.flatMap((node, index): NodeText[] => {
    const [name, [x, scale, , width], output, { signed = 1, narrow = 0 } = {}] = node;
    const step = (what: string) => `${index}/${what}`;
    if (name === BIPOLAR)
      return [
        ['GreaterOrEqual', [x, 'zero'], step('holds')],
        ['Neg', ['one'], step('minus')],
        ['Where', [step('holds'), 'one', step('minus')], step('sign')],
        ['Mul', [step('sign'), scale], output],
      ];
    if (name !== QUANT) return [node];
    const bits = Number(constants[width].data[0]);
    const high = signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
    added[step('low')] = scalar('float32', signed ? -high - (narrow ? 0 : 1) : 0);
    added[step('high')] = scalar('float32', high);
    return [
      ['Div', [x, scale], step('quotient')],
      ['Clip', [step('quotient'), step('low'), step('high')], step('clipped')],
      ['Round', [step('clipped')], step('rounded')],
      ['Mul', [step('rounded'), scale], output],
    ];
  });
  return { ...parts, nodes: written, constants: { ...constants, ...added } };
}

/** A residual block and a classifier; scales are powers of two where `exact`. */
function network(draw: Draw, exact: boolean): ModelParts {
  const scale = (power: number) =>
    exact ? 2 ** power : Math.fround(2 ** power * (1 + draw.integer(1, 99) / 100));
  const weights = (shape: number[]) => list(shape, () => draw.integer(-300, 300) / 256);
  const step = scale(-5);
  return {
    nodes: [
      [QUANT, ['x', 's8', 'zero0', 'eight'], 'a', { signed: 1 }],
      [QUANT, ['w1', 'sw1', 'zero0', 'four'], 'q1', { signed: 1, narrow: 1 }],
      ['Conv', ['a', 'q1', 'b1'], 'c1', { pads: [1, 1, 1, 1] }],
      ['Relu', ['c1'], 'r1'],
      [QUANT, ['r1', 's4', 'zero0', 'four'], 'a1', { signed: 0 }],
      [QUANT, ['w2', 'sw2', 'zero0', 'eight'], 'q2', { signed: 1, narrow: 1 }],
      ['Conv', ['a1', 'q2'], 'c2', { pads: [1, 1, 1, 1] }],
      ['BatchNormalization', ['c2', 'gamma', 'beta', 'mean', 'variance'], 'n2'],
      [QUANT, ['n2', 's8', 'zero0', 'eight'], 'a2', { signed: 1 }],
      ['Add', ['a2', 'a'], 'sum'],
      [QUANT, ['sum', 's4', 'zero0', 'eight'], 'a3', { signed: 1 }],
      ['MaxPool', ['a3'], 'm3', { kernel_shape: [2, 2], strides: [2, 2] }],
      ['Flatten', ['m3'], 'f3'],
      [BIPOLAR, ['w3', 'sw3'], 'q3', {}],
      ['MatMul', ['f3', 'q3'], 'y'],
      [BIPOLAR, ['y', 'sw3'], 'signs', {}],
    ],
    constants: {
      zero0: scalar('float32', 0),
      four: scalar('float32', 4),
      eight: scalar('float32', 8),
      s8: scalar('float32', step),
      s4: scalar('float32', scale(-2)),
      w1: weights([6, 5, 3, 3]),
      sw1: list([6, 1, 1, 1], () => scale(-draw.integer(3, 5))),
      b1: list([6], () => draw.integer(-64, 64) * 2 ** -7),
      w2: weights([5, 6, 3, 3]),
      sw2: scalar('float32', scale(-8)),
      gamma: list([5], () => 2 ** draw.integer(-2, 0)),
      beta: list([5], () => draw.integer(-8, 8) / 8),
      mean: list([5], () => draw.integer(-8, 8) / 8),
      variance: list([5], () => 1),
      w3: weights([45, 7]),
      sw3: scalar('float32', scale(-1)),
    },
    inputs: { x: list([1, 5, 6, 7], () => draw.integer(-900, 900) / 256) },
    outputs: { y: 'float32', signs: 'float32', a3: 'float32' },
  };
}

const seeds = [1, 2, 3, 4, 5, 6, 7, 8];

describe('a network with scales of powers of two', () => {
  test.each(seeds)('gives the numbers of float32 %i', async (seed) => {
    const parts = network(createDraw(seed), true);
    const [expected, got] = [await referee(writtenOut(parts)), runModel(parts)];
    for (const name of Object.keys(parts.outputs))
      expect(Array.from(got[name]), name).toEqual(Array.from(expected[name], (value) => value + 0));
  });

  test('computes on codes but for BatchNormalization, what it reads and the signs', () => {
    const { instructions, tensors } = compileModel(network(createDraw(1), true));
    const products = instructions.filter(({ op }) => ['convolution', 'gemm', 'matmul'].includes(op));
    const formats = products.map(({ output }) => tensors[output].format?.bits ?? 'f32');
    expect(formats).toEqual([4, 32, 'f32', 32]);
    expect(instructions.filter(({ op }) => op === 'add').every(({ output }) => tensors[output].format)).toBe(
      true,
    );
  });
});

test('weights of one scale of any size are codes', () => {
  const { instructions, tensors } = compileModel(network(createDraw(1), false));
  const products = instructions.filter(({ op }) => ['convolution', 'gemm', 'matmul'].includes(op));
  expect(products.map(({ output }) => tensors[output].format?.bits ?? 'f32')).toEqual([32, 32, 'f32', 32]);
});

test.each(seeds)('a network with other scales differs only where float32 rounds %i', async (seed) => {
  const parts = network(createDraw(seed), false);
  const [expected, got] = [await referee(writtenOut(parts)), runModel(parts)];
  const step = Number(parts.constants!.s4.data[0]);
  const errors = Array.from(got.a3, (value, index) => Math.abs(value - expected.a3[index]) / step);
  expect(errors.filter((error) => error > 1e-3).length / errors.length).toBeLessThan(0.02);
  expect(Math.max(...errors)).toBeLessThan(1.5);
});
