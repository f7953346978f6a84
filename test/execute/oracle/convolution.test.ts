import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ExecutionError, ProgramError } from '#src/errors.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { codeRange, fixed } from '#src/formats/format.js';
import { roundShiftBig } from '#src/formats/rounding.js';
import type { Accumulator, Arithmetic, Window } from '#src/program/instructions.js';
import { byShift, programOf, proved, windowOf } from '../../programs.js';

const arithmetic = (shift: number | readonly number[], accumulator: Accumulator = proved): Arithmetic => ({
  accumulator,
  requantize: byShift(shift),
});

test('a padded, strided convolution of codes, worked by hand', () => {
  // x, one channel:   1 2 3     weights of channel 0:  1 2     of channel 1:  -1 0
  //                   4 5 6                            3 4                     0 1
  //                   7 8 9
  // Stride 2, padding 1 on top and left: windows start at rows and columns -1 and 1.
  // Channel 0: 4*1 = 4;  3*2 + 4*3 = 18;  2*4 + 4*7 = 36;  1*5 + 2*6 + 3*8 + 4*9 = 77
  // Channel 1: 1*1 = 1;  3;               7;               -5 + 9 = 4
  // Bias 10 and -3: 14 28 46 87 and -2 0 4 1. Shift 2, half even: 3.5 -> 4, 7, 11.5 -> 12, 21.75 -> 22.
  // Shift 1: -1, 0, 2, 0.5 -> 0. Clamp to 0..20.
  const program = programOf(
    {
      x: { shape: [1, 3, 3, 1], format: fixed(8, 0) },
      weights: { shape: [2, 2, 2, 1], format: fixed(8, 0), data: Int8Array.of(1, 2, 3, 4, -1, 0, 0, 1) },
      bias: { shape: [2], format: fixed(32, 0), data: Int32Array.of(10, -3) },
      y: { shape: [1, 2, 2, 2], format: fixed(8, 0) },
    },
    [
      {
        op: 'convolution',
        window: windowOf([2, 2], { strides: [2, 2], pads: [1, 1, 0, 0] }),
        groups: 1,
        clamp: { low: 0, high: 20 },
        arithmetic: arithmetic([2, 1]),
        inputs: ['x', 'weights', 'bias'],
        output: 'y',
      },
    ],
  );
  const [y] = createOracle(program).run([Int8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9)]);
  expect([...y]).toEqual([4, 0, 7, 0, 12, 2, 20, 0]);
});

test('float32 adds in the order row, column, channel and rounds every step', () => {
  // 2^24 + 1 rounds to 2^24 in float32, so only the order big, small, small loses both ones.
  const program = (weights: Float32Array) =>
    programOf(
      {
        x: { shape: [1, 1, 2, 2] },
        weights: { shape: [1, 1, 2, 2], data: weights },
        bias: { shape: [1], data: Float32Array.of(0.5) },
        y: { shape: [1, 1, 1, 1] },
      },
      [
        {
          op: 'convolution',
          window: windowOf([1, 2]),
          groups: 1,
          clamp: null,
          arithmetic: null,
          inputs: ['x', 'weights', 'bias'],
          output: 'y',
        },
      ],
    );
  const run = (...x: number[]) =>
    createOracle(program(Float32Array.of(1, 1, 1, -1))).run([Float32Array.from(x)])[0][0];
  // ((2^24 + 1) + 1) - 2^24 + 0.5 = 0.5
  expect(run(2 ** 24, 1, 1, 2 ** 24)).toBe(0.5);
  // ((1 + 1) + 2^24) - 2^24 + 0.5 = 2.5
  expect(run(1, 1, 2 ** 24, 2 ** 24)).toBe(2.5);
});

interface Case {
  readonly size: readonly [number, number];
  readonly groups: number;
  readonly depth: number;
  readonly outputsPerGroup: number;
  readonly window: Window;
  readonly bits: number;
  readonly signed: boolean;
  readonly seed: number;
}

const pair = (min: number, max: number) =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })) as fc.Arbitrary<readonly [number, number]>;

const cases: fc.Arbitrary<Case> = fc.record({
  size: pair(1, 5),
  groups: fc.integer({ min: 1, max: 3 }),
  depth: fc.integer({ min: 1, max: 3 }),
  outputsPerGroup: fc.integer({ min: 1, max: 2 }),
  window: fc.record({
    kernel: pair(1, 3),
    strides: pair(1, 2),
    pads: fc.tuple(pair(0, 2), pair(0, 2)).map(([a, b]) => [...a, ...b] as [number, number, number, number]),
    dilations: pair(1, 2),
  }),
  bits: fc.constantFrom(8, 16),
  signed: fc.boolean(),
  seed: fc.integer({ min: 1, max: 1e6 }),
});

/** Codes of a format from a linear congruential generator, extremes included. */
function randomCodes(length: number, { low, high }: { low: number; high: number }, seed: number): number[] {
  let state = seed;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    const choice = state >>> 28;
    if (choice === 0) return low;
    if (choice === 1) return high;
    return low + ((state >>> 8) % (high - low + 1));
  });
}

test('codes equal sums of big integers over explicit indices', () => {
  fc.assert(
    fc.property(cases, ({ size, groups, depth, outputsPerGroup, window, bits, signed, seed }) => {
      const [height, width] = size;
      const extent = (axis: 0 | 1) => {
        const { kernel, strides, pads, dilations } = window;
        const reach = (kernel[axis] - 1) * dilations[axis] + 1;
        return Math.floor((size[axis] + pads[axis] + pads[axis + 2] - reach) / strides[axis]) + 1;
      };
      const [outputHeight, outputWidth] = [extent(0), extent(1)];
      fc.pre(outputHeight > 0 && outputWidth > 0);
      const [channels, outputs] = [groups * depth, groups * outputsPerGroup];
      const [kernelHeight, kernelWidth] = window.kernel;
      const xFormat = fixed(bits, 0, { signed });
      const x = randomCodes(height * width * channels, codeRange(xFormat), seed);
      const w = randomCodes(
        outputs * kernelHeight * kernelWidth * depth,
        codeRange(fixed(bits, 0)),
        seed + 1,
      );
      const bias = randomCodes(outputs, codeRange(fixed(32, 0)), seed + 2);
      const shift = bits + 1;
      const program = programOf(
        {
          x: { shape: [1, height, width, channels], format: xFormat },
          weights: {
            shape: [outputs, kernelHeight, kernelWidth, depth],
            format: fixed(bits, 0),
            data: Int16Array.from(w),
          },
          bias: { shape: [outputs], format: fixed(32, 0), data: Int32Array.from(bias) },
          y: { shape: [1, outputHeight, outputWidth, outputs], format: fixed(16, 0) },
        },
        [
          {
            op: 'convolution',
            window,
            groups,
            clamp: null,
            arithmetic: arithmetic(shift, { ...proved, bits: 48, provedBits: 48 }),
            inputs: ['x', 'weights', 'bias'],
            output: 'y',
          },
        ],
      );
      const expected: number[] = [];
      for (let i = 0; i < outputHeight; i++)
        for (let j = 0; j < outputWidth; j++)
          for (let o = 0; o < outputs; o++) {
            let sum = BigInt(bias[o]);
            for (let r = 0; r < kernelHeight; r++)
              for (let c = 0; c < kernelWidth; c++)
                for (let k = 0; k < depth; k++) {
                  const row = i * window.strides[0] - window.pads[0] + r * window.dilations[0];
                  const column = j * window.strides[1] - window.pads[1] + c * window.dilations[1];
                  if (row < 0 || column < 0 || row >= height || column >= width) continue;
                  const channel = Math.floor(o / outputsPerGroup) * depth + k;
                  const weight = w[((o * kernelHeight + r) * kernelWidth + c) * depth + k];
                  sum += BigInt(x[(row * width + column) * channels + channel]) * BigInt(weight);
                }
            const code = roundShiftBig(sum, shift, 'halfEven');
            expected.push(Number(code > 32767n ? 32767n : code < -32768n ? -32768n : code));
          }
      expect([...createOracle(program).run([Int32Array.from(x)])[0]]).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});

function gemm(accumulator: Accumulator, weights: number[], bias: number[], shift: number, outputBits = 16) {
  const outputs = bias.length;
  const depth = weights.length / outputs;
  return programOf(
    {
      x: { shape: [1, depth], format: fixed(8, 0) },
      weights: { shape: [outputs, depth], format: fixed(8, 0), data: Int8Array.from(weights) },
      bias: { shape: [outputs], format: fixed(32, 0), data: Int32Array.from(bias) },
      y: { shape: [1, outputs], format: fixed(outputBits, 0) },
    },
    [
      {
        op: 'gemm',
        clamp: null,
        arithmetic: arithmetic(shift, accumulator),
        inputs: ['x', 'weights', 'bias'],
        output: 'y',
      },
    ],
  );
}

test('gemm of codes; a negative shift is a left shift', () => {
  // 1*3 + 2*(-4) + 5 = 0;  1*10 + 2*20 - 7 = 43. Times 4: 0 and 172, which saturates at 127.
  const program = gemm(proved, [3, -4, 10, 20], [5, -7], -2, 8);
  expect([...createOracle(program).run([Int8Array.of(1, 2)])[0]]).toEqual([0, 127]);
});

test('a 64-bit bias is added exactly', () => {
  // 2^61 + 3 + 1*5, shift 55: 2^6 and the rest is far below a half.
  const program = programOf(
    {
      x: { shape: [1, 1], format: fixed(16, 0) },
      weights: { shape: [2, 1], format: fixed(16, 0), data: Int16Array.of(5, 1) },
      bias: { shape: [2], format: fixed(64, 0), data: BigInt64Array.of(2n ** 61n + 3n, 2n ** 54n - 1n) },
      y: { shape: [1, 2], format: fixed(16, 0) },
    },
    [
      {
        op: 'gemm',
        clamp: null,
        arithmetic: arithmetic(55, { ...proved, bits: 64, provedBits: 63 }),
        inputs: ['x', 'weights', 'bias'],
        output: 'y',
      },
    ],
  );
  // 2^54 - 1 + 1 is exactly a half: to even, 0. One more is 1.
  expect([...createOracle(program).run([Int16Array.of(1)])[0]]).toEqual([64, 0]);
  expect([...createOracle(program).run([Int16Array.of(2)])[0]]).toEqual([64, 1]);
});

test('an output that traps is an error that names the instruction and the element', () => {
  const program = gemm(proved, [1, 100], [0, 0], 0, 8);
  const { requantize } = arithmetic(0);
  const trapping = {
    ...program,
    instructions: program.instructions.map((instruction) => ({
      ...instruction,
      arithmetic: { accumulator: proved, requantize: { ...requantize, overflow: 'trap' as const } },
    })),
  };
  const oracle = createOracle(trapping as typeof program);
  expect([...oracle.run([Int8Array.of(1)])[0]]).toEqual([1, 100]);
  expect(() => oracle.run([Int8Array.of(2)])).toThrow(ExecutionError);
  expect(() => oracle.run([Int8Array.of(2)])).toThrow(/instruction "y", element 1: .* got 200/);
});

test('operands that do not fit are errors when the executor is made', () => {
  const { tensors, ...rest } = gemm(proved, [1, 2], [0], 0);
  const change = (index: number, fields: object) => ({
    ...rest,
    tensors: tensors.map((tensor, i) => (i === index ? { ...tensor, ...fields } : tensor)),
  });
  expect(() => createOracle(change(0, { shape: [1, 3] }))).toThrow(ProgramError);
  expect(() => createOracle(change(0, { format: null }))).toThrow(ProgramError);
  expect(() => createOracle(change(1, { data: Int8Array.of(1) }))).toThrow(ProgramError);
  expect(() => createOracle(change(2, { shape: [2], data: Int32Array.of(1, 2) }))).toThrow(ProgramError);
  expect(() => createOracle(change(3, { shape: [2, 1] }))).toThrow(ProgramError);
});
