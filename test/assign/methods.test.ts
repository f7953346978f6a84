/** Every method, for values, for weights of one position and for weights of a position per channel, and what outliers do to each. */
import { describe, expect, test } from 'vitest';
import { assignFormats } from '#src/assign/assign.js';
import { METHODS, type Method } from '#src/assign/fraction-bits.js';
import { codeRange, fixed, stepSize } from '#src/formats/format.js';
import { float32 } from '#src/graph/tensor.js';
import { loadProfile } from '#src/hardware/profile.js';
import { prepareGraph } from '#src/passes/index.js';
import { buildGraph, op } from '../graph/build.js';
import { seen } from './seen.js';

const int8 = loadProfile('generic-int8');
const { low, high } = codeRange(fixed(8, 0));

/** 4,000 values whose quantiles are those of a triangle from -1 to 1: most are small, the extremes are +-0.99. */
const triangle = Array.from({ length: 4000 }, (_, i) => {
  const u = (i + 0.5) / 2000 - 1;
  return Math.fround(Math.sign(u) * (1 - Math.sqrt(1 - Math.abs(u))));
});

/** Fraction bits of least squared error, of all from -10 to 19. */
function leastError(values: readonly number[]): number {
  const errors = Array.from({ length: 30 }, (_, index) => {
    const step = 2 ** (10 - index);
    return values.reduce(
      (sum, value) => sum + (value - step * Math.min(Math.max(Math.round(value / step), low), high)) ** 2,
      0,
    );
  });
  return errors.indexOf(Math.min(...errors)) - 10;
}

/** A convolution of one input channel with two output channels, whose weights are given, and values of its input. */
async function assign(
  method: Method,
  perChannel: boolean,
  values: readonly number[],
  first = values,
  second = values,
) {
  const graph = prepareGraph(
    buildGraph({
      inputs: { x: [1, 1, first.length, 1] },
      constants: { w: float32([2, 1, first.length, 1], [...first, ...second]) },
      nodes: [op('Conv', ['x', 'w'], 'y')],
      outputs: ['y'],
    }),
  ).graph;
  const profile = { ...int8, weights: { ...int8.weights, perChannel } };
  // The output is far from what constrains its inputs.
  const statistics = seen({ x: values, y: values.map((value) => 2 ** 6 * value) });
  const { tensors, constants, prediction } = await assignFormats(graph, statistics, profile, { method });
  return { x: Number(tensors.x.fractionBits), w: constants.w.fractionBits, noise: prediction!.noise };
}

describe.each(METHODS)('%s', (method) => {
  test('of values without outliers holds all of them', async () => {
    // 0.99 * 2^7 = 126.7; of unseen values up to 1.5 times as large least squares saturates two.
    expect(await assign(method, true, triangle)).toMatchObject({ x: 7, w: [7, 7] });
  });

  test('of weights: a position per channel, and one for all', async () => {
    const second = triangle.map((value) => value * 8);
    expect((await assign(method, true, triangle, triangle, second)).w).toEqual([7, 4]);
    expect((await assign(method, false, triangle, triangle, second)).w).toBe(4);
  });
});

describe('an outlier', () => {
  /** One value in 4,001, which is 0.025 %: more than 0.01 %, the share that percentile cuts unless another is asked for. */
  const far = [...triangle, 64];

  test('widens the range of minmax, however far it is', async () => {
    expect(await assign('minmax', true, far)).toMatchObject({ x: 0, w: [0, 0] });
  });

  test('counts by the square of what it would lose to least squares', async () => {
    expect((await assign('leastSquares', true, far)).w).toEqual([leastError(far), leastError(far)]);
    expect(leastError(far)).toBe(1);
    const near = [...triangle, 1.1];
    expect((await assign('leastSquares', true, near)).w).toEqual([leastError(near), leastError(near)]);
    expect(leastError(near)).toBe(7);
  });

  test('is cut by percentile where it is rare enough, whatever it is worth', async () => {
    const common = await assign('percentile', true, far);
    expect(common).toMatchObject({ x: 0, w: [0, 0] });
    const inside = triangle.map((value) => 0.75 * value);
    const rare = [...inside, ...inside, ...inside, 64];
    expect(await assign('percentile', true, rare)).toMatchObject({ x: 7, w: [7, 7] });
  });

  test('that is cut is predicted as noise', async () => {
    const inside = triangle.map((value) => 0.75 * value);
    const rare = [...inside, ...inside, ...inside, 64];
    const power = rare.reduce((sum, value) => sum + value * value, 0);
    const lost = (64 - high / 2 ** 7) ** 2 / power;
    // Input and weights.
    expect((await assign('percentile', true, rare)).noise).toBeGreaterThanOrEqual(2 * lost);
  });

  test('counts by its frequency alone to entropy', async () => {
    const at64 = await assign('entropy', true, far);
    const at128 = await assign('entropy', true, [...triangle, 128]);
    expect(at64.x).toBeGreaterThan(0);
    // Bins are as wide as the extremes ask for: twice as far, half as fine.
    expect(at128.x).toBeGreaterThanOrEqual(at64.x - 1);
  });
});

describe.each([2, 3, 5, 8])('scales of %i mantissa bits', (mantissaBits) => {
  const tflite = loadProfile('tflite-int8');
  const coarse = { ...tflite, scales: { mantissaBits }, bias: { ...tflite.bias, bits: 16 } };
  const assignConv = (
    ends: readonly number[],
    weights: readonly number[],
    bias: readonly number[],
    method: Method,
  ) => {
    const graph = prepareGraph(
      buildGraph({
        inputs: { x: [1, 1, 1, 1] },
        constants: { w: float32([weights.length, 1, 1, 1], weights), b: float32([bias.length], bias) },
        nodes: [op('Conv', ['x', 'w', 'b'], 'y')],
        outputs: ['y'],
      }),
    ).graph;
    return assignFormats(graph, seen({ x: ends, y: ends }), coarse, { method });
  };

  test('minmax clips nothing', async () => {
    for (let n = 1; n < 16; n++) {
      const [least, most] = [-n / 40, 1 + n / 16].map(Math.fround);
      const { tensors, constants } = await assignConv([least, most], [most], [0], 'minmax');
      const { x } = tensors;
      const step = stepSize(x);
      // Both ends are within half a step of a code.
      expect(step * (127.5 - Number(x.zeroPoint))).toBeGreaterThanOrEqual(most);
      expect(step * (-128.5 - Number(x.zeroPoint))).toBeLessThanOrEqual(least);
      expect(127 * stepSize(constants.w)).toBeGreaterThanOrEqual(most);
    }
  });

  test('biases fit beside small weights', async () => {
    for (let n = 8; n < 16; n++) {
      const { tensors, constants } = await assignConv([-1, 1], [1e-3, 1e-3], [n, 20], 'leastSquares');
      const codes = [n, 20].map(
        (bias, channel) => bias / stepSize(tensors.x) / stepSize(constants.w, channel),
      );
      expect(Math.max(...codes)).toBeLessThan(2 ** 15 - 0.5);
      // No step is coarser than it has to be.
      expect(Math.min(...codes)).toBeGreaterThan((2 ** 15 - 1) / (1 + 2 ** (1 - mantissaBits)) - 1);
    }
  });
});
