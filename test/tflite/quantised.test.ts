import { expect, test } from 'vitest';
import { compileProgram } from '#src/compile/compile.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { bindInputs, runPorts } from '#src/execute/ports.js';
import { openDataset } from '#src/inputs/dataset.js';
import { loadModel } from '#src/jobs/load-model.js';
import { shared, sharedTest } from '../shared.js';
import type { BuiltModel } from './build.js';
import { bytesOf, clamp, int8, int16, numbers, run, scaled } from './codes.js';

test('a transposed convolution of 16-bit codes with 64-bit sums', () => {
  const [height, width, kernel, stride] = [3, 2, 3, 2];
  const weights = Array.from({ length: 2 * kernel * kernel * 2 }, (_, i) => ((i * 37) % 255) - 127);
  const bias = BigInt64Array.of(12345n, -54321n);
  const scales = [0.01, 0.02].map(Math.fround);
  for (const [padding, out] of [
    [0, [6, 4]],
    [1, [7, 5]],
  ] as const) {
    const model: BuiltModel = {
      tensors: [
        numbers('size', [1, ...out, 2]),
        { name: 'w', shape: [2, kernel, kernel, 2], type: 9, scales, zeroPoints: [0, 0], data: weights },
        int16('x', [1, height, width, 2], 0.001),
        { name: 'b', shape: [2], type: 4, scales: [1, 1], zeroPoints: [0, 0], data: bytesOf(bias) },
        int16('y', [1, ...out, 2], 0.003),
      ],
      operators: [
        { code: 67, inputs: [0, 1, 2, 3], outputs: [4], union: 49, options: [padding, stride, stride] },
      ],
      inputs: [2],
      outputs: [4],
    };
    const x = Int16Array.from({ length: height * width * 2 }, (_, i) => ((i * 7919) % 65535) - 32767);
    // Every input pixel adds its weights to the output around it, as TFLite's reference kernel does.
    const sums = Array.from({ length: out[0] * out[1] * 2 }, (_, i) => Number(bias[i % 2]));
    const before = [height, width].map((_, axis) => {
      const windows =
        padding === 0 ? Math.ceil(out[axis] / stride) : Math.ceil((out[axis] - kernel + 1) / stride);
      return Math.floor(Math.max(0, (windows - 1) * stride + kernel - out[axis]) / 2);
    });
    for (let i = 0; i < height * width * 4 * kernel * kernel; i++) {
      const [c, o] = [i % 2, Math.floor(i / 2) % 2];
      const tap = Math.floor(i / 4) % (kernel * kernel);
      const pixel = Math.floor(i / (4 * kernel * kernel));
      const row = Math.floor(pixel / width) * stride - before[0] + Math.floor(tap / kernel);
      const column = (pixel % width) * stride - before[1] + (tap % kernel);
      if (row < 0 || column < 0 || row >= out[0] || column >= out[1]) continue;
      sums[(row * out[1] + column) * 2 + o] +=
        x[pixel * 2 + c] * weights[(o * kernel * kernel + tap) * 2 + c];
    }
    const expected = sums.map((sum, i) => {
      const real = (Math.fround(0.001) * scales[i % 2]) / Math.fround(0.003);
      return clamp(scaled(sum, real, true), -32768, 32767);
    });
    expect(run(model, x)).toEqual(expected);
  }
});

test('a difference of 8-bit codes, with an activation', () => {
  const [a, b, y] = [0.05, 0.03, 0.04].map(Math.fround);
  const model: BuiltModel = {
    tensors: [int8('a', [256], a, 3), int8('b', [256], b, -7), int8('y', [256], y, 5)],
    operators: [{ code: 41, inputs: [0, 1], outputs: [2], union: 28, options: [1] }],
    inputs: [0, 1],
    outputs: [2],
  };
  const left = Int8Array.from({ length: 256 }, (_, i) => i - 128);
  const right = Int8Array.from({ length: 256 }, (_, i) => ((i * 83) % 256) - 128);
  const expected = Array.from(left, (code, i) => {
    const first = scaled((code - 3) * 2 ** 20, a / (2 * a));
    const second = scaled((right[i] + 7) * 2 ** 20, b / (2 * a));
    return clamp(scaled(first - second, (2 * a) / (2 ** 20 * y)) + 5, 5, 127);
  });
  expect(run(model, left, right)).toEqual(expected);
});

test('a strided slice moves codes', () => {
  const model: BuiltModel = {
    tensors: [
      int16('x', [1, 4, 5, 2], 0.5),
      numbers('begin', [0, 1, 0, 0]),
      numbers('end', [1, 4, 9, 1]),
      numbers('strides', [1, 2, 2, 1]),
      int16('y', [2, 3], 0.5),
    ],
    // Begin and end are open on axis 0, the end on axis 2; the first and the last axis shrink.
    operators: [{ code: 45, inputs: [0, 1, 2, 3], outputs: [4], union: 32, options: [1, 5, 0, 0, 9] }],
    inputs: [0],
    outputs: [4],
  };
  const x = Int16Array.from({ length: 40 }, (_, i) => i);
  expect(run(model, x)).toEqual([1, 3].flatMap((row) => [0, 2, 4].map((column) => (row * 5 + column) * 2)));
});

test('averages of signed codes round away from zero as codes, of unsigned ones up', () => {
  const model = (type: number, zero: number): BuiltModel => ({
    tensors: ['x', 'y'].map((name, i) => ({
      ...int8(name, i === 0 ? [1, 1, 2, 4] : [1, 1, 1, 4], 0.1, zero),
      type,
    })),
    operators: [{ code: 1, inputs: [0], outputs: [1], union: 5, options: [1, 1, 1, 2, 1] }],
    inputs: [0],
    outputs: [1],
  });
  expect(run(model(9, -128), Int8Array.of(-3, 3, -2, 0, -2, 2, -2, -1))).toEqual([-3, 3, -2, -1]);
  expect(run(model(3, 7), Uint8Array.of(3, 2, 0, 255, 2, 2, 1, 254))).toEqual([3, 2, 1, 255]);
});

test('a mean divides the multiplier by the count', () => {
  const [from, to] = [0.02, 0.03].map(Math.fround);
  const model: BuiltModel = {
    tensors: [int8('x', [1, 2, 3, 5], from, 4), numbers('axes', [1, 2]), int8('y', [1, 5], to, -9)],
    operators: [{ code: 40, inputs: [0, 1], outputs: [2], union: 27, options: [0] }],
    inputs: [0],
    outputs: [2],
  };
  const x = Int8Array.from({ length: 30 }, (_, i) => ((i * 91) % 256) - 128);
  // 2/3 = 2^31 * 0.666.. with shift 0; floor(log2(6)) = 2.
  const multiplier = BigInt(Math.round((from / to) * 2 ** 31)) * 4n;
  const real = Number(multiplier / 6n) / 2 ** 33;
  const expected = [0, 1, 2, 3, 4].map((c) => {
    let sum = 0;
    for (let i = 0; i < 6; i++) sum += x[i * 5 + c] - 4;
    const high = Math.floor(sum * real * 4 + 0.5);
    return Math.sign(high) * Math.floor(Math.abs(high) / 4 + 0.5) - 9;
  });
  expect(run(model, x)).toEqual(expected);
});

test('8-bit functions of one variable are within a step of the real ones', () => {
  const functions = [
    [14, 1 / 256, -128, (x: number) => 1 / (1 + Math.exp(-x))],
    [28, 1 / 128, 0, Math.tanh],
    [117, 0.06, -120, (x: number) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6],
    [111, 0.06, -100, (x: number) => (x < 0 ? Math.expm1(x) : x)],
    [19, 0.04, -128, (x: number) => Math.max(x, 0)],
  ] as const;
  for (const [code, scale, zero, fn] of functions) {
    const model: BuiltModel = {
      tensors: [int8('x', [256], 0.05, -3), int8('y', [256], scale, zero)],
      operators: [{ code, inputs: [0], outputs: [1] }],
      inputs: [0],
      outputs: [1],
    };
    const x = Int8Array.from({ length: 256 }, (_, i) => i - 128);
    run(model, x).forEach((got, i) => {
      const real = fn((x[i] + 3) * Math.fround(0.05)) / Math.fround(scale) + zero;
      expect(Math.abs(got - clamp(real, -128, 127))).toBeLessThan(1.5);
    });
  }
});

test('what TFLite computes on codes in a way that is not known here is refused by name', () => {
  const model: BuiltModel = {
    tensors: [int8('a', [4], 0.1), int8('b', [4], 0.2), int8('y', [4], 0.3)],
    operators: [{ code: 42, inputs: [0, 1], outputs: [2], union: 29, options: [0] }],
    inputs: [0, 1],
    outputs: [2],
  };
  expect(() => run(model, new Int8Array(4), new Int8Array(4))).toThrow(/node "y" \(tflite::Div\)/);
});

sharedTest.each([
  ['ad01', 4, 0.39099],
  ['vww_96', 3, 1],
] as const)('%s on codes is near its float twin', (name, samples, scale) => {
  const load = (path: string) => loadModel(shared(`models/mlperf-tiny/${path}.tflite.gz`));
  const [quantised, twin] = [load(`${name}_int8`), load(`${name}_float`)];
  const [fixed, float] = [
    compileProgram(quantised.graph, quantised.formats),
    compileProgram(twin.graph, null),
  ];
  const [oracle, reference] = [createOracle(fixed), createOracle(float)];
  const length = fixed.tensors[fixed.inputs[0].tensor].shape.reduce((a, b) => a * b, 1);
  for (let sample = 0; sample < samples; sample++) {
    const x = Float32Array.from({ length }, (_, i) => {
      const wave = Math.sin(i * 0.013 * (sample + 1)) + Math.cos(i * 0.41);
      return name === 'vww_96' ? (wave + 2) / 4 : wave * 30 * scale;
    });
    const got = runPorts(oracle, [x]).outputs[0].values;
    const wanted = reference.run([x])[0] as Float32Array;
    const [signal, noise] = [wanted, wanted.map((value, i) => value - got[i])].map((values) =>
      values.reduce((sum, value) => sum + value * value, 0),
    );
    expect(10 * Math.log10(signal / noise)).toBeGreaterThan(10);
  }
});

sharedTest('keyword spotting on codes finds the classes of the recorded clips', () => {
  const { graph, formats } = loadModel(shared('models/mlperf-tiny/kws_int8.tflite.gz'));
  const program = compileProgram(graph, formats);
  const oracle = createOracle(program);
  const raw = { type: 'int8' as const, shape: [1, 49, 10, 1] };
  const clips = openDataset({ path: shared('keywords'), inputs: graph.inputs, raw, limit: 30 });
  const right = clips.samples.filter(({ name }, index) => {
    const [{ codes }] = runPorts(oracle, bindInputs(program, clips.load(index))).outputs;
    const scores = Array.from(codes as Int8Array);
    return scores.indexOf(Math.max(...scores)) === Number(/(\d+)\.bin/.exec(name)![1]);
  });
  // The network is right for about 9 of 10.
  expect(right.length).toBeGreaterThanOrEqual(26);
});
