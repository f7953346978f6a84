/** Kernels on codes against published results, and against their formulas over every code. */
import { expect, test } from 'vitest';
import { logistic16 } from '#src/tflite/lookup-tables.js';
import type { BuiltModel, BuiltTensor } from './build.js';
import { clamp, int8, int16, numbers, run, scaled } from './codes.js';

const { fround } = Math;
const everyCode = Int8Array.from({ length: 256 }, (_, index) => index - 128);
const uint8 = (name: string, shape: number[], scale: number, zero: number): BuiltTensor => ({
  ...int8(name, shape, scale, zero),
  type: 3,
});
const awayFromZero = (value: number) => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);

const unary = (
  code: number,
  x: BuiltTensor,
  y: BuiltTensor,
  others: readonly BuiltTensor[] = [],
  options: Pick<BuiltModel['operators'][number], 'union' | 'options'> = {},
): BuiltModel => ({
  tensors: [x, y, ...others],
  operators: [{ code, inputs: [0, ...others.map((_, index) => index + 2)], outputs: [1], ...options }],
  inputs: [0],
  outputs: [1],
});

/** Of two rows and columns of codes, as ResizeBilinearInteger: positions and weights in 1/1024, ties away from 0. */
function bilinear(
  x: ArrayLike<number>,
  sizes: readonly number[],
  resized: readonly number[],
  [align, half]: readonly number[],
): number[] {
  const positions = sizes.map((size, axis) => {
    const [from, to] = align ? [size - 1, resized[axis] - 1] : [size, resized[axis]];
    const scale = Math.floor((1024 * from + Math.floor(to / 2)) / to);
    return Array.from({ length: resized[axis] }, (_, index) => {
      const at = index * scale + (half ? Math.floor(scale / 2) - 512 : 0);
      const first = Math.max(Math.trunc(at / 1024), 0);
      return { first, second: Math.min(Math.trunc((at + 1023) / 1024), size - 1), share: at - 1024 * first };
    });
  });
  return positions[0].flatMap((row) =>
    positions[1].map((column) => {
      const code = (r: number, c: number) => x[r * sizes[1] + c];
      const between = (r: number) =>
        code(r, column.first) * (1024 - column.share) + code(r, column.second) * column.share;
      const sum = between(row.first) * (1024 - row.share) + between(row.second) * row.share;
      return awayFromZero(sum / 2 ** 20);
    }),
  );
}

test('bilinear interpolation of signed codes', () => {
  for (const [sizes, resized, mode] of [
    [
      [3, 4],
      [6, 8],
      [0, 1],
    ],
    [
      [2, 2],
      [3, 3],
      [0, 0],
    ],
    [
      [3, 5],
      [5, 9],
      [1, 0],
    ],
    [
      [4, 3],
      [9, 10],
      [0, 1],
    ],
    [
      [5, 4],
      [3, 4],
      [0, 0],
    ],
  ]) {
    const count = sizes[0] * sizes[1];
    for (const [make, Codes, spread] of [
      [(name: string, shape: number[]) => int8(name, shape, 0.1, -7), Int8Array, 251],
      [(name: string, shape: number[]) => int16(name, shape, 0.1), Int16Array, 65521],
    ] as const) {
      const half = (spread - 1) / 2;
      const x = new Codes(count).map((_, index) => ((index * 9973 + 5) % spread) - half);
      const model = unary(
        23,
        make('x', [1, ...sizes, 1]),
        make('y', [1, ...resized, 1]),
        [numbers('size', resized)],
        { union: 15, options: [0, 0, ...mode] },
      );
      expect(run(model, x)).toEqual(bilinear(x, sizes, resized, mode));
    }
  }
});

test('bilinear interpolation of unsigned codes rounds up, at positions that float32 holds', () => {
  const model = (size: number) =>
    unary(
      23,
      uint8('x', [1, 1, 2, 1], 0.1, 9),
      uint8('y', [1, 1, size, 1], 0.1, 9),
      [numbers('size', [1, size])],
      { union: 15, options: [0, 0, 0, 1] },
    );
  // 0.25 * 1 + 0.75 * 4 = 3.25, 0.75 * 1 + 0.25 * 4 = 1.75; 1 and 7: 2.5 and 5.5.
  expect(run(model(4), Uint8Array.of(1, 4))).toEqual([1, 2, 3, 4]);
  expect(run(model(4), Uint8Array.of(1, 7))).toEqual([1, 3, 6, 7]);
  expect(() => run(model(5), Uint8Array.of(1, 4))).toThrow(/rounds its positions and means in float32/);
});

test('PRELU on codes, with the numbers of the NNAPI test prelu_quant8_signed', () => {
  const model = unary(54, int8('x', [1, 2, 2, 3], 0.25), int8('y', [1, 2, 2, 3], 0.5, -8), [
    { ...int8('slopes', [1, 1, 3], 0.25, -78), data: [-78, -74, -70] },
  ]);
  const x = Int8Array.of(0, 0, 0, 4, 4, 4, -4, -4, -4, -8, -8, -8);
  expect(run(model, x)).toEqual([-8, -8, -8, -6, -6, -6, -8, -10, -12, -8, -12, -16]);
});

test('PRELU scales codes from the zero point on and products below it separately', () => {
  const [x, slope, y] = [0.07, 0.011, 0.05].map(fround);
  const slopes = [-9, 40, 127];
  const model = unary(54, int8('x', [256, 3], x, 11), int8('y', [256, 3], y, -20), [
    { ...int8('slopes', [3], slope, 2), data: slopes },
  ]);
  const codes = Int8Array.from({ length: 768 }, (_, index) => everyCode[Math.floor(index / 3)]);
  const expected = Array.from(codes, (code, index) => {
    const above = code - 11;
    const value =
      above >= 0
        ? scaled(above, fround(x / y))
        : scaled(above * (slopes[index % 3] - 2), fround(fround(x * slope) / y));
    return clamp(value - 20, -128, 127);
  });
  expect(run(model, codes)).toEqual(expected);
});

test('CONCATENATION of unsigned codes converts operands of other scales in float32', () => {
  const [a, y] = [0.1, 0.03].map(fround);
  const model: BuiltModel = {
    tensors: [uint8('a', [256], a, 12), uint8('b', [2], y, 5), uint8('y', [258], y, 5)],
    operators: [{ code: 2, inputs: [0, 1], outputs: [2], union: 10, options: [0, 0] }],
    inputs: [0, 1],
    outputs: [2],
  };
  const scale = fround(a * fround(1 / y));
  const codes = Uint8Array.from({ length: 256 }, (_, index) => index);
  const expected = Array.from(codes, (code) => {
    const value = fround(fround(code * scale) + fround(-12 * scale));
    return clamp(awayFromZero(value) + 5, 0, 255);
  });
  expect(run(model, codes, Uint8Array.of(7, 250))).toEqual([...expected, 7, 250]);
});

test('signed LOGISTIC and TANH are the nearest codes of the real functions', () => {
  for (const [code, scale, zero, fn] of [
    [14, 2 ** -8, -128, (x: number) => 1 / (1 + Math.exp(-x))],
    [28, 2 ** -7, 0, Math.tanh],
  ] as const)
    for (const from of [0.1, 0.0625, 0.01].map(fround)) {
      const got = run(unary(code, int8('x', [256], from, -3), int8('y', [256], scale, zero)), everyCode);
      everyCode.forEach((x, index) => {
        const real = fn((x + 3) * from) / scale + zero;
        // Both are exact to 2^-20; no value here lies so near to a tie.
        expect(Math.abs(real - Math.floor(real) - 0.5)).toBeGreaterThan(2 ** -16);
        expect(got[index]).toBe(clamp(Math.round(real), -128, 127));
      });
    }
});

test('16-bit LOGISTIC reads the published table', () => {
  // sigmoid_table_uint16 of TFLite's internal/common.h: some entries, at codes that hit them (x = 512 i / 3).
  const sigmoid = logistic16(2 ** -12);
  for (const [entry, value] of [
    [0, 32768],
    [3, 34813],
    [24, 47911],
    [48, 57724],
    [96, 64357],
    [144, 65374],
    [186, 65508],
  ]) {
    const code = (entry * 512) / 3;
    expect(sigmoid(code)).toBe(Math.floor((value * 512 + 512) / 1024));
    if (code > 0) expect(sigmoid(-code)).toBe(Math.floor((2 ** 25 - value * 512 + 511) / 1024));
  }
});

test('8-bit functions without an integer definition are float32 at every step', () => {
  const round = (value: number, y: number, zero: number) =>
    fround(awayFromZero(fround(fround(value) * fround(1 / y))) + zero);
  const [from, to] = [0.05, 0.06].map(fround);
  for (const [code, fn] of [
    [111, (x: number) => (x < 0 ? fround(Math.exp(x)) - 1 : x)],
    [47, Math.exp],
    [73, (x: number) => (x <= 0 ? fround((-128 + 100) * to) : Math.log(x))],
  ] as const) {
    const got = run(unary(code, int8('x', [256], from, -3), int8('y', [256], to, -100)), everyCode);
    expect(got).toEqual(
      Array.from(everyCode, (x) => clamp(round(fn(fround(from * (x + 3))), to, -100), -128, 127)),
    );
  }
});

test('HARD_SWISH in 16-bit fixed point, worked by hand', () => {
  // Scale 2^-5 on both sides: fine = 2^-12; output 2^-7, a mantissa of 2^14 with shift -6; gate 2^3 / 3 = 0.6667 * 2^2, a
  // mantissa of 21845 with shift 2.
  const model = unary(117, int8('x', [4], 2 ** -5), int8('y', [4], 2 ** -5, 1));
  // 32 (1.0): x = 4096; scaled 2048; open = 8192 * 21845 / 2^15 = 5461.25 -> 5461, * 2 = 10922, (10922 + 32768) >> 1 = 21845;
  // 21845 * 2048 / 2^15 = 1365.3 -> 1365, / 64 = 21.3 -> 21; and the zero point.
  // -32: scaled -2048; open = -5461, (-10922 + 32768) >> 1 = 10923; -682.7 -> -682, / 64 = -10.7 -> -11.
  // 127 (3.97): the gate saturates: x = 16256, scaled 8128, open 21674 * 2 -> 32767, (32767 + 32768) >> 1 = 32767; 8127, / 64 = 127.
  // -128 (-4): x = -16384, scaled -8192, open -32768 -> -21845 * 2 -> -32768; 0.
  expect(run(model, Int8Array.of(32, -32, 127, -128))).toEqual([22, -10, 127, 1]);
});

test('ABS, NEG and SQRT of codes', () => {
  const [from, to] = [0.05, 0.06].map(fround);
  const absolute = run(unary(101, int8('x', [256], from, -3), int8('y', [256], to, -100)), everyCode);
  expect(absolute).toEqual(
    Array.from(everyCode, (x) => clamp(scaled(Math.abs(x + 3), fround(from / to)) - 100, -128, 127)),
  );
  const same = run(unary(101, int8('x', [256], from, -3), int8('y', [256], from, -3)), everyCode);
  expect(same).toEqual(Array.from(everyCode, (x) => clamp(Math.abs(x + 3) - 3, -128, 127)));
  const negated = run(unary(59, int8('x', [256], from), int8('y', [256], from)), everyCode);
  expect(negated).toEqual([-128, ...Array.from(everyCode.subarray(1), (x) => -x + 0)]);
  const roots = run(unary(75, int8('x', [256], from, -128), int8('y', [256], to, -128)), everyCode);
  expect(roots).toEqual(
    Array.from(everyCode, (x) => Math.trunc(fround(fround(Math.sqrt(fround(from * (x + 128)))) / to)) - 128),
  );
});

test('sums, means and extremes over any axes', () => {
  const [from, to] = [0.02, 0.07].map(fround);
  const x = Int8Array.from({ length: 30 }, (_, index) => ((index * 91) % 256) - 128);
  const lines = [0, 1, 2, 3, 4, 5].map((row) => Array.from(x.subarray(row * 5, row * 5 + 5)));
  const over = (code: number, y: BuiltTensor, keep: number) =>
    run(
      unary(code, int8('x', [2, 3, 5], from, 4), y, [numbers('axes', [-1])], { union: 27, options: [keep] }),
      x,
    );
  const sums = lines.map((line) => line.reduce((sum, code) => sum + code - 4, 0));
  expect(over(74, int8('y', [2, 3], to, -9), 0)).toEqual(
    sums.map((sum) => clamp(scaled(sum, from / to) - 9, -128, 127)),
  );
  // The multiplier of from / to, times 2^2 and over 5 without rounding; the shift is 2 less.
  const multiplier = (BigInt(Math.round((from / to) * 2 ** 32)) << 2n) / 5n;
  const means = sums.map((sum) => {
    const product = BigInt(sum) * multiplier;
    const high = Number((product + (product >= 0n ? 1n << 30n : 1n - (1n << 30n))) / (1n << 31n));
    return awayFromZero(high / 8) - 9;
  });
  expect(over(40, int8('y', [2, 3, 1], to, -9), 1)).toEqual(means);
  expect(over(82, int8('y', [2, 3], from, 4), 0)).toEqual(lines.map((line) => Math.max(...line)));
  expect(over(89, int8('y', [2, 3], from, 4), 0)).toEqual(lines.map((line) => Math.min(...line)));
});

test('reductions over no axes are their input', () => {
  const x = Int8Array.from([-128, -3, 4, 9, 100, 127]);
  const [from, to] = [0.02, 0.07].map(fround);
  const over = (code: number, y: BuiltTensor) =>
    run(unary(code, int8('x', [2, 3], from, 4), y, [numbers('axes', [])], { union: 27, options: [1] }), x);
  for (const code of [40, 74, 82, 89]) expect(over(code, int8('y', [2, 3], from, 4))).toEqual([...x]);
  const rescaled = Array.from(x, (c) => clamp(scaled(c - 4, from / to) - 9, -128, 127));
  for (const code of [40, 74]) expect(over(code, int8('y', [2, 3], to, -9))).toEqual(rescaled);
});

test('products of two matrices of codes, each as it is or exchanged', () => {
  const [a, b, y] = [0.03, 0.05, 0.2].map(fround);
  for (const [left, right] of [
    [0, 0],
    [1, 1],
  ]) {
    const model: BuiltModel = {
      tensors: [
        int8('a', left ? [3, 2] : [2, 3], a, 2),
        int8('b', right ? [4, 3] : [3, 4], b, -5),
        int8('y', [2, 4], y, 7),
      ],
      operators: [{ code: 126, inputs: [0, 1], outputs: [2], union: 101, options: [left, right] }],
      inputs: [0, 1],
      outputs: [2],
    };
    const rows = Array.from({ length: 6 }, (_, index) => ((index * 77) % 200) - 100);
    const columns = Array.from({ length: 12 }, (_, index) => ((index * 59) % 220) - 110);
    const expected = [0, 1].flatMap((i) =>
      [0, 1, 2, 3].map((j) => {
        const at = (k: number) => [
          rows[left ? k * 2 + i : i * 3 + k] - 2,
          columns[right ? j * 3 + k : k * 4 + j] + 5,
        ];
        const sum = [0, 1, 2].reduce((total, k) => total + at(k)[0] * at(k)[1], 0);
        return clamp(scaled(sum, fround(a * b) / y) + 7, -128, 127);
      }),
    );
    expect(run(model, Int8Array.from(rows), Int8Array.from(columns))).toEqual(expected);
  }
});

test('a beta of SOFTMAX scales its input', () => {
  const model = (scale: number, beta: number) =>
    unary(25, int8('x', [2, 128], scale, 7), int8('y', [2, 128], 2 ** -8, -128), [], {
      union: 9,
      options: [beta + (Number.isInteger(beta) ? 2 ** -24 : 0)],
    });
  const [half, whole] = [model(0.25, 0.5), model(0.125, 1)];
  expect(run(half, everyCode)).toEqual(run(whole, everyCode));
});

test('what TFLite itself does not compute is refused by name', () => {
  const power = (scale: number) => int16('y', [4], scale);
  const sum: BuiltModel = {
    tensors: [int16('a', [4], 0.5), int16('b', [4], 0.5), power(0.25)],
    operators: [{ code: 0, inputs: [0, 1], outputs: [2], union: 11, options: [0, 1] }],
    inputs: [0, 1],
    outputs: [2],
  };
  expect(() => run(sum, new Int16Array(4), new Int16Array(4))).toThrow(/shifts one operand only/);
  const shares = unary(14, int8('x', [4], 0.1), int8('y', [4], 0.1));
  expect(() => run(shares, new Int8Array(4))).toThrow(/another scale only/);
  const root = unary(75, int8('x', [4], 0.1), int8('y', [4], 0.1));
  expect(() => run(root, new Int8Array(4))).toThrow(/codes from the zero point on/);
});
