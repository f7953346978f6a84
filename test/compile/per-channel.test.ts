/** Activations with a number of fraction bits for each channel, against float32 and against the same network with one for all. */
import { expect, test } from 'vitest';
import { compileProgram } from '#src/compile/compile.js';
import type { ModelFormats } from '#src/compile/model-formats.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import { writeC } from '#src/export/c/write-c.js';
import { type Format, fixed } from '#src/formats/format.js';
import { float32 } from '#src/graph/tensor.js';
import { prepareGraph } from '#src/passes/index.js';
import { buildGraph, op } from '../graph/build.js';
import { shiftArithmetic } from '../programs.js';

const CHANNELS = 6;
const random = (seed: number) => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 31 - 1;
};
const next = random(7);
const values = (length: number, scale = (_: number) => 1) =>
  Float32Array.from({ length }, (_, index) => next() * scale(index));

/** Channel c of the first convolution is 4^c times smaller than channel 0: 8 bits for all lose the last ones. */
const { graph } = prepareGraph(
  buildGraph({
    inputs: { x: [1, 3, 8, 8] },
    constants: {
      a: float32(
        [CHANNELS, 3, 3, 3],
        values(CHANNELS * 27, (index) => 4 ** -Math.floor(index / 27)),
      ),
      b: float32([CHANNELS, 1, 3, 3], values(CHANNELS * 9)),
      c: float32(
        [4, CHANNELS, 1, 1],
        values(4 * CHANNELS, (index) => 4 ** (index % CHANNELS)),
      ),
    },
    nodes: [
      op('Conv', ['x', 'a'], 'u', { pads: [1, 1, 1, 1] }),
      op('Relu', ['u'], 'r'),
      op('Conv', ['r', 'b'], 'v', { pads: [1, 1, 1, 1], group: CHANNELS }),
      op('MaxPool', ['v'], 'm', { kernel_shape: [2, 2], strides: [2, 2] }),
      op('AveragePool', ['m'], 'p', { kernel_shape: [2, 2], strides: [2, 2] }),
      op('Conv', ['p', 'c'], 'y'),
    ],
    outputs: ['y'],
  }),
);

function formatsWith(inner: Format): ModelFormats {
  return {
    tensors: {
      x: fixed(8, 6),
      r: inner,
      v: inner,
      m: inner,
      p: inner,
      y: fixed(16, 10),
    },
    constants: { a: fixed(8, 7), b: fixed(8, 6), c: fixed(16, 4) },
    conversions: { rounding: 'halfEven', overflow: 'saturate' },
    nodes: Object.fromEntries(graph.nodes.map(({ name }) => [name, shiftArithmetic])),
  };
}

function errorOf(inner: Format): number {
  const program = compileProgram(graph, {
    ...formatsWith(inner),
    constants: {
      a: fixed(
        8,
        Array.from({ length: CHANNELS }, (_, channel) => 6 + 2 * channel),
      ),
      b: fixed(16, 13),
      c: fixed(16, 3),
    },
  });
  const float = createOracle(compileProgram(graph, null));
  const oracle = createOracle(program);
  const wasm = createWasmExecutor(program);
  const input = values(3 * 64);
  const [codes] = oracle.run([input]);
  expect(wasm.run([input])[0]).toEqual(codes);
  const [exact] = float.run([input]);
  const error = Array.from(
    codes as Int16Array,
    (code, index) => (code / 2 ** 10 - Number(exact[index])) ** 2,
  );
  return error.reduce((sum, value) => sum + value, 0);
}

test('channels with a radix of their own keep what one radix for all loses', () => {
  const own = fixed(
    8,
    Array.from({ length: CHANNELS }, (_, channel) => 3 + 2 * channel),
    { axis: 1 },
  );
  const one = fixed(8, 3);
  expect(errorOf(own)).toBeLessThan(errorOf(one) / 100);
});

/** Programs of a Gemm that hands its input on, limited to [0, 6], by the fraction bits of its two outputs. */
function clampedProgram(fractionBits: readonly number[]) {
  const { graph: clamped } = prepareGraph(
    buildGraph({
      inputs: { x: [1, 2] },
      constants: {
        w: float32([2, 2], [1, 0, 0, 1]),
        low: float32([], [0]),
        high: float32([], [6]),
      },
      nodes: [op('Gemm', ['x', 'w'], 'c', { transB: 1 }), op('Clip', ['c', 'low', 'high'], 'y')],
      outputs: ['y'],
    }),
  );
  return compileProgram(clamped, {
    tensors: { x: fixed(16, 4), y: fixed(16, fractionBits, { axis: 1 }) },
    constants: { w: fixed(8, 0) },
    conversions: { rounding: 'halfEven', overflow: 'saturate' },
    nodes: { y: shiftArithmetic },
  });
}

test('a limit that is not the same code in every channel is refused at its node', () => {
  expect(() => clampedProgram([4, 3])).toThrow(
    /^node "y": limits channels to different codes, expected those of channel 0, 0 to 96, got 0 to 48 in channel 1$/,
  );
});

test('a limit that is the same code in every channel holds in all', () => {
  const [codes] = createOracle(clampedProgram([4, 4])).run([Float32Array.of(100, 5)]);
  expect(Array.from(codes, Number)).toEqual([96, 80]);
  // 6 is beyond the largest code of both.
  const [full] = createOracle(clampedProgram([14, 13])).run([Float32Array.of(100, -1)]);
  expect(Array.from(full, Number)).toEqual([32767, 0]);
});

test('150000 channels of weights with fraction bits of their own', () => {
  const channels = 150000;
  const { graph: wide } = prepareGraph(
    buildGraph({
      inputs: { x: [1, 1] },
      constants: { w: float32([channels, 1], new Float32Array(channels).fill(0.5)) },
      nodes: [op('Gemm', ['x', 'w'], 'y', { transB: 1 })],
      outputs: ['y'],
    }),
  );
  const program = compileProgram(wide, {
    tensors: { x: fixed(8, 2), y: fixed(16, 3) },
    constants: {
      w: fixed(
        8,
        Array.from({ length: channels }, (_, channel) => 3 + (channel % 3)),
      ),
    },
    conversions: { rounding: 'halfEven', overflow: 'saturate' },
    nodes: { y: shiftArithmetic },
  });
  // 3 * 0.5 in steps of 1/8.
  const expected = new Int16Array(channels).fill(12);
  expect(createOracle(program).run([Float32Array.of(3)])[0]).toEqual(expected);
  expect(createWasmExecutor(program).run([Float32Array.of(3)])[0]).toEqual(expected);
  expect(() => writeC([{ name: 'wide', program }])).not.toThrow();
});

test('scales along another axis, or too few, are refused by name', () => {
  const compile = (inner: Format) => () => compileProgram(graph, formatsWith(inner));
  expect(compile(fixed(8, [1, 2, 3], { axis: 1 }))).toThrow(/"r": wrong number of scales, expected 6, got 3/);
  expect(compile(fixed(8, [1, 2, 3, 4, 5, 6, 7, 8], { axis: 2 }))).toThrow(
    /"r": has scales along another axis/,
  );
});
