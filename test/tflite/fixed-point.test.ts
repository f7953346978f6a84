import { expect, test } from 'vitest';
import { interpolate } from '#src/execute/oracle/softmax-codes.js';
import {
  dividePowerOfTwo,
  expOfNegative,
  logistic,
  multiplierOf,
  multiply,
  reciprocalOfOnePlus,
  saturatingHighProduct,
  tanh,
} from '#src/tflite/fixed-point.js';
import { exponentialTable, logistic16, reciprocalTable, tanh16 } from '#src/tflite/lookup-tables.js';

test('reals that the kernels cannot multiply by are refused', () => {
  for (const real of [2 ** 31, -(2 ** 31), Number.POSITIVE_INFINITY, Number.NaN])
    expect(() => multiplierOf(real)).toThrow('model: has scales too far apart');
});

test('the doubling high product rounds ties up and saturates its one overflow', () => {
  expect(saturatingHighProduct(2 ** 30, 1)).toBe(1);
  expect(saturatingHighProduct(-(2 ** 30), 1)).toBe(0);
  expect(saturatingHighProduct(-(2 ** 30), 3)).toBe(-1);
  expect(saturatingHighProduct(-(2 ** 31), -(2 ** 31))).toBe(2 ** 31 - 1);
  expect(saturatingHighProduct(2 ** 31 - 1, 2 ** 31 - 1)).toBe(2 ** 31 - 2);
});

test('division by a power of two rounds ties away from zero', () => {
  expect([-5, -3, -1, 1, 3, 5].map((a) => dividePowerOfTwo(a, 1))).toEqual([-3, -2, -1, 1, 2, 3]);
});

test('the two roundings of a multiplication differ from one', () => {
  // 5 * 0.75 / 8 = 0.46875: 3.75 rounds to 4, and 4 / 8 to 1; rounded once it is 0.
  expect(multiply(5, { value: 1610612736, shift: -3 })).toBe(1);
});

test('functions in fixed point are near the real ones', () => {
  for (let x = 0.001; x < 16; x += 0.1037) {
    const mantissa = Math.round(-x * 2 ** 26);
    expect(expOfNegative(mantissa, 5) / 2 ** 31).toBeCloseTo(Math.exp(mantissa / 2 ** 26), 6);
  }
  for (let x = -15; x < 15; x += 0.217) {
    const mantissa = Math.round(x * 2 ** 27);
    expect(logistic(mantissa, 4) / 2 ** 31).toBeCloseTo(1 / (1 + Math.exp(-mantissa / 2 ** 27)), 6);
    expect(tanh(mantissa, 4) / 2 ** 31).toBeCloseTo(Math.tanh(mantissa / 2 ** 27), 6);
  }
  for (const f of [0, 0.25, 0.5, 0.999])
    expect(reciprocalOfOnePlus(Math.round(f * 2 ** 31)) / 2 ** 31).toBeCloseTo(1 / (1 + f), 7);
});

test('16-bit functions are within two steps of the real ones', () => {
  for (const scale of [8 / 32768, 0.0001, 0.001]) {
    const [sigmoid, tangent] = [logistic16(scale), tanh16(scale)];
    for (let code = -32768; code < 32768; code += 97) {
      const x = code * scale;
      expect(Math.abs(sigmoid(code) - 32768 / (1 + Math.exp(-x)))).toBeLessThan(2.5);
      expect(Math.abs(tangent(code) - 32768 * Math.tanh(x))).toBeLessThan(4);
    }
  }
});

test('tables with interpolation are within a step between their entries', () => {
  const [exponential, reciprocal] = [exponentialTable(), reciprocalTable()];
  for (let code = -32768; code < 32768; code += 31) {
    const share = (code + 32768) / 65536;
    const wanted = Math.min(32767, 32768 * Math.exp(-10 + 10 * share));
    expect(Math.abs(interpolate(exponential, code) - wanted)).toBeLessThan(2);
    expect(Math.abs(interpolate(reciprocal, code) - Math.min(32767, 32768 / (1 + share)))).toBeLessThan(2);
  }
});
