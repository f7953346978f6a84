/** QONNX's quantisation against values worked by hand from its reference, computed on both executors and as constants. */
import { describe, expect, test } from 'vitest';
import { ModelError } from '#src/errors.js';
import { compileModel, type ModelParts, runModel, scalar, type Values, values } from '../lift/models.js';

type Attributes = Record<string, number | string>;

const list = (data: readonly number[], shape: readonly number[] = [data.length]) =>
  values('float32', shape, data);

function model(
  operator: string,
  x: Values,
  parameters: Values[],
  attributes: Attributes,
  constant = false,
): ModelParts {
  const names = parameters.map((_, index) => `p${index}`);
  const constants = Object.fromEntries(names.map((name, index) => [name, parameters[index]]));
  const quantize = [
    `qonnx.custom_op.general::${operator}`,
    [constant ? 'c' : 'x', ...names],
    'q',
    attributes,
  ] as const;
  return {
    nodes: [quantize, ['Mul', constant ? ['q', 'x'] : ['q', 'one'], 'y']],
    constants: { ...constants, one: scalar('float32', 1), ...(constant && { c: x }) },
    inputs: { x: constant ? list(new Array<number>(x.data.length).fill(1), x.shape) : x },
    outputs: { y: 'float32' },
  };
}

/** The elements by the program and by constant folding, which must agree; zeros without their sign. */
function compute(operator: string, x: Values, parameters: Values[], attributes: Attributes = {}): number[] {
  const [computed, folded] = [false, true].map((constant) =>
    Array.from(runModel(model(operator, x, parameters, attributes, constant)).y, (value) => value + 0),
  );
  expect(folded).toEqual(computed);
  return computed;
}

const quantize = (x: Values, scale: Values | number, zero: Values | number, bits: number, attributes = {}) =>
  compute(
    'Quant',
    x,
    [
      typeof scale === 'number' ? scalar('float32', scale) : scale,
      typeof zero === 'number' ? scalar('float32', zero) : zero,
      scalar('float32', bits),
    ],
    attributes,
  );

const ties = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5];
const roundings: Record<string, number[]> = {
  ROUND: [-2, -2, 0, 0, 2, 2],
  HALF_EVEN: [-2, -2, 0, 0, 2, 2],
  CEIL: [-2, -1, 0, 1, 2, 3],
  FLOOR: [-3, -2, -1, 0, 1, 2],
  UP: [-3, -2, -1, 1, 2, 3],
  DOWN: [-2, -1, 0, 0, 1, 2],
  ROUND_TO_ZERO: [-2, -1, 0, 0, 1, 2],
  HALF_UP: [-3, -2, -1, 1, 2, 3],
  HALF_DOWN: [-2, -1, 0, 0, 1, 2],
  round: [-2, -2, 0, 0, 2, 2],
};

describe('Quant', () => {
  test.each(Object.entries(roundings))('%s', (mode, expected) => {
    expect(quantize(list(ties), 1, 0, 4, { rounding_mode: mode })).toEqual(expected);
    const halves = list(ties.map((x) => x / 4));
    expect(quantize(halves, 0.25, 0, 4, { rounding_mode: mode })).toEqual(expected.map((x) => x / 4));
  });

  test.each([
    ['signed', 4, { signed: 1, narrow: 0 }, [-8, -7, 7]],
    ['signed and narrow', 4, { signed: 1, narrow: 1 }, [-7, -7, 7]],
    ['unsigned', 4, { signed: 0, narrow: 0 }, [0, 0, 15]],
    ['unsigned and narrow', 4, { signed: 0, narrow: 1 }, [0, 0, 14]],
    ['unsigned, 1 bit', 1, { signed: 0, narrow: 0 }, [0, 0, 1]],
    ['signed, 1 bit', 1, { signed: 1, narrow: 0 }, [-1, -1, 1]],
    ['signed, 16 bits', 16, { signed: 1, narrow: 0 }, [-100, -7, 100]],
  ])('%s', (_, bits, attributes, expected) => {
    expect(quantize(list([-100, -7, 100]), 1, 0, bits, attributes)).toEqual(expected);
  });

  test('a zero point is added before rounding', () => {
    // 0.5 + 1 = 1.5 -> 2 and 1.5 + 1 = 2.5 -> 2, less the zero point.
    expect(quantize(list([0.5, 1.5, 9]), 1, 1, 4)).toEqual([1, 1, 6]);
    // A zero point between the integers moves the grid.
    expect(quantize(list([0.25, 1]), 1, 0.5, 4)).toEqual([0.5, 1.5]);
  });

  test('scales and zero points per channel', () => {
    const x = list([1, 2, 3, 1, 2, 3], [1, 2, 1, 3]);
    const scale = list([0.75, 2], [2, 1, 1]);
    expect(quantize(x, scale, 0, 3)).toEqual([0.75, 2.25, 2.25, 0, 2, 4]);
    expect(quantize(x, scale, list([0, 1], [1, 2, 1, 1]), 3)).toEqual([0.75, 2.25, 2.25, 2, 2, 2]);
  });

  const one = scalar('float32', 1);
  const zero = scalar('float32', 0);
  const refused: [string, Values[], Attributes, RegExp][] = [
    ['a scale of 0', [zero, zero, one], {}, /a scale \(input 1\) is not a positive number/],
    ['a negative scale', [scalar('float32', -1), zero, one], {}, /is not a positive number/],
    ['a scale that is NaN', [scalar('float32', Number.NaN), zero, one], {}, /is not finite/],
    ['an integer scale', [scalar('int8', 1), zero, one], {}, /the scale \(input 1\) has the wrong type/],
    ['no bits', [one, zero, zero], {}, /the bit width \(input 3\) is not supported, expected 1 to 16, got 0/],
    ['17 bits', [one, zero, scalar('float32', 17)], {}, /expected 1 to 16, got 17/],
    ['half a bit', [one, zero, scalar('float32', 2.5)], {}, /expected 1 to 16, got 2.5/],
    ['several widths', [one, zero, list([4, 4])], {}, /is not one number/],
    ['another number of scales', [list([1, 1]), zero, one], {}, /do not broadcast/],
    ['an unknown rounding', [one, zero, one], { rounding_mode: 'toString' }, /the rounding mode is unknown/],
    ['a missing width', [one, zero], {}, /input 3 is missing/],
  ];
  test.each(refused)('refuses %s', (_, parameters, attributes, message) => {
    const parts = model('Quant', list(ties), parameters, attributes);
    expect(() => compileModel(parts)).toThrow(ModelError);
    expect(() => compileModel(parts)).toThrow(message);
  });

  test('refuses a scale that is computed', () => {
    const parts = model('Quant', list(ties), [one, zero, one], {});
    const [[name, , ...rest], ...others] = parts.nodes;
    const nodes = [[name, ['x', 'x', 'p1', 'p2'], ...rest] as const, ...others];
    expect(() => compileModel({ ...parts, nodes })).toThrow(/the scale \(input 1\) is computed or missing/);
  });
});

test('BipolarQuant gives one scale of either sign, the positive one for zeros', () => {
  expect(compute('BipolarQuant', list([-3, -0, 0, 2]), [scalar('float32', 0.5)])).toEqual([
    -0.5, 0.5, 0.5, 0.5,
  ]);
});

describe('Trunc', () => {
  const numbers = (...data: number[]) => data.map((value) => scalar('float32', value));

  test('drops low bits, floor by default', () => {
    // 5 / 4 = 1.25, -5 / 4 = -1.25, 6 / 4 = 1.5, with steps of 0.5.
    const x = list([2.5, -2.5, 3]);
    expect(compute('Trunc', x, numbers(0.5, 0, 6, 4))).toEqual([0.5, -1, 0.5]);
    expect(compute('Trunc', x, numbers(0.5, 0, 6, 4), { rounding_mode: 'ROUND' })).toEqual([0.5, -0.5, 1]);
    expect(compute('Trunc', x, numbers(0.5, 0, 6, 4), { rounding_mode: 'CEIL' })).toEqual([1, -0.5, 1]);
  });

  test('keeps the zero point of version 1', () => {
    // (6 + 2) / 4 - 2 = 0.
    expect(compute('Trunc', list([6]), numbers(1, 2, 6, 4))).toEqual([0]);
  });

  test('version 2 rescales, clamps and moves the zero point', () => {
    // (6 + 2) / 4 - 0.5 = 1.5 steps of 4; 100 / 4 = 25 beyond 7.
    expect(compute('Trunc', list([6, 100]), numbers(1, 2, 8, 4, 4))).toEqual([6, 26]);
    expect(compute('Trunc', list([6, 100]), numbers(1, 0, 8, 4, 4), { signed: 0 })).toEqual([4, 60]);
  });

  test('refuses sums beyond 16 bits and ratios that it cannot drop', () => {
    expect(() => runModel(model('Trunc', list([40000]), numbers(1, 0, 16, 8), {}))).toThrow(/does not fit/);
    expect(() => compileModel(model('Trunc', list([1]), numbers(1, 0, 4, 8), {}))).toThrow(/adds bits/);
    expect(() => compileModel(model('Trunc', list([1]), numbers(1, 0, 8, 0.5, 8), {}))).toThrow(
      /not supported/,
    );
  });
});
