/** The WASM executor against the oracle, byte for byte, on random programs of one instruction. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { prepareProgram } from '#src/execute/wasm/prepare.js';
import { kernelsOf } from '#src/execute/wasm/variants.js';
import { createMemory } from '#src/execute/wasm/webassembly.js';
import { type Format, fixed } from '#src/formats/format.js';
import { plainAccumulator } from '#src/program/accumulator.js';
import { byShift, programOf, windowOf } from '../programs.js';
import * as arithmetic from './wasm-arithmetic-cases.js';
import { type Case, codes, compare, type Operand, random, shiftOf, single, size } from './wasm-cases.js';
import * as movement from './wasm-movement-cases.js';
import * as other from './wasm-other-cases.js';
import * as products from './wasm-product-cases.js';
import * as wide from './wasm-wide-cases.js';

const families: Record<string, fc.Arbitrary<Case>> = {
  ...products.families,
  ...other.families,
  ...movement.families,
};
const seen = new Set<string>();

function note({ program }: Case, counters: boolean): void {
  for (const { kernel } of prepareProgram(program, createMemory(), { counters }).steps) {
    seen.add(kernel);
    // Counting has kernels of its own: the others are those of a build without it.
    if (!counters) expect(kernel).not.toMatch(/Counted|countSums/);
  }
}

/** Compares, and notes which kernels ran. */
function check(one: Case): void {
  note(one, false);
  compare(one);
}

const trapping: Readonly<Record<string, fc.Arbitrary<Case>>> = { ...arithmetic.families, ...wide.families };

function checkOrTrap(one: Case): void {
  note(one, false);
  note(one, true);
  arithmetic.compareOrTrap(one);
}

test.for(Object.entries(families))('%s give the bytes of the oracle', ([, cases]) => {
  fc.assert(fc.property(cases, check), { numRuns: 200 });
});

test.for(Object.entries(trapping))('%s give the bytes of the oracle or trap as it does', ([, cases]) => {
  fc.assert(fc.property(cases, checkOrTrap), { numRuns: 300 });
});

test('depthwise 3x3 gives the bytes of the oracle for every alignment of window and border', () => {
  for (const one of products.depthwiseSquares()) check(one);
});

test('every plain kernel that instructions need runs in the tests above, or in more of the same', () => {
  // Those that a session asks for, and those that pack weights.
  const others = [
    'observe_f32_f64',
    'compare_i16_f32',
    'compare_i32_f32',
    'compare_f32_f32',
    'packPairs_i8_i16',
    'packPairs_i8_i8',
    'winogradWeights2_i8_i16',
    'winogradWeights4_i8_i16',
    'winogradWeightsLong_i8_i16',
  ];
  const needed = [...kernelsOf('simd')].filter((kernel) => !others.includes(kernel));
  const missing = () => needed.filter((kernel) => !seen.has(kernel));
  for (let round = 0; round < 10 && missing().length > 0; round++) {
    for (const cases of Object.values(families)) fc.assert(fc.property(cases, check));
    for (const cases of Object.values(trapping)) fc.assert(fc.property(cases, checkOrTrap));
  }
  expect(missing()).toEqual([]);
});

test('sums of extreme products beyond 32 bits do not wrap', () => {
  for (const depthwise of [false, true])
    for (const fill of ['lowest', 'extreme'] as const) {
      const v: products.Values = {
        seed: 5,
        x: fixed(16, 4),
        weights: fixed(16, 3),
        y: fixed(16, 4),
        xFill: fill,
        weightFill: 'lowest',
        rounding: 'halfEven',
        overflow: 'saturate',
        shift: 24,
        spread: 2,
        biasBits: 40,
        clamp: false,
      };
      const channels = 9;
      const weights = depthwise ? [channels, 3, 3, 1] : [5, 3, 3, channels];
      const { operands, arithmetic, clamp, format } = products.product(v, [1, 6, 5, channels], weights);
      const window = { kernel: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1] } as const;
      const groups = depthwise ? channels : 1;
      compare(
        single<'convolution'>({ op: 'convolution', window, groups, clamp, arithmetic }, operands, {
          shape: [1, 6, 5, weights[0]],
          format,
        }),
      );
    }
});

test('sums of many extreme products are widened in time', () => {
  const wide = { ...products.eightBits, x: fixed(16, 4), y: fixed(16, 4), shift: 20, seed: 9 };
  for (const weights of [fixed(8, 3), fixed(16, 3)])
    for (const weightFill of ['lowest', 'highest', 'extreme'] as const)
      for (const xFill of ['lowest', 'highest'] as const)
        for (const k of [1031, 4500]) {
          const v = { ...wide, weights, weightFill, xFill };
          const { operands, arithmetic, clamp, format } = products.product(v, [3, k], [9, k]);
          check(single<'gemm'>({ op: 'gemm', clamp, arithmetic }, operands, { shape: [3, 9], format }));
        }
});

test('sums of more products than there can be segments are exact', () => {
  const wide = { x: fixed(16, 4), weights: fixed(16, 3), y: fixed(16, 4), shift: 30, seed: 9 };
  const v = { ...products.eightBits, ...wide, xFill: 'lowest', weightFill: 'extreme' } as const;
  const { operands, arithmetic, clamp, format } = products.product(v, [2, 70000], [3, 70000]);
  check(single<'gemm'>({ op: 'gemm', clamp, arithmetic }, operands, { shape: [2, 3], format }));
});

test('sums of 40 bits are exact over several segments, in both of their parts', () => {
  for (const [xFill, weightFill] of [
    ['lowest', 'lowest'],
    ['lowest', 'highest'],
    ['highest', 'highest'],
    ['extreme', 'extreme'],
    ['uniform', 'uniform'],
  ] as const)
    for (const [k, shift] of [
      [250, 20],
      [511, 10],
      [511, 24],
    ])
      for (const x of [fixed(16, 4), fixed(15, 4, { signed: false })])
        for (const outputs of [9, 35]) {
          const weights = fixed(16, 3);
          const v = { ...products.eightBits, x, weights, y: fixed(16, 4), xFill, weightFill, shift, seed: 9 };
          const { operands, arithmetic, clamp, format } = products.product(v, [5, k], [outputs, k]);
          check(single<'gemm'>({ op: 'gemm', clamp, arithmetic }, operands, { shape: [5, outputs], format }));
        }
});

test('tiles of 3x3 windows are exact up to the last bit of the sums that they serve', () => {
  // 9 * channels products of -128 and -128 have 26 and 30 bits, and 36 * channels of 32767 and -16 fit 32; one channel more, and other
  // kernels serve.
  const codes15 = fixed(15, 4, { signed: false });
  for (const [x, weightBits, channels, side, kernel] of [
    [fixed(8, 4), 8, 227, 13, 'winogradOutput4_i32_i16'],
    [fixed(8, 4), 8, 228, 8, 'winogradOutput2_i32_i16'],
    [fixed(8, 4), 8, 3640, 8, 'winogradOutput2_i32_i16'],
    [fixed(8, 4), 8, 3641, 8, 'convolutionBroad_i16_i16_i32'],
    [codes15, 5, 113, 9, 'winogradOutputLong_i32_i16'],
    [codes15, 5, 114, 9, 'convolutionBroad_i16_i16_i32'],
  ] as const)
    for (const [end, weightFill] of [
      ['end', 'lowest'],
      ['end', 'extreme'],
      ['extreme', 'lowest'],
    ] as const) {
      const xFill = end === 'extreme' ? end : x.signed ? 'lowest' : 'highest';
      const weights = fixed(weightBits, 3);
      const fill = { x, weights, xFill, weightFill, biasBits: 0 } as const;
      const v = { ...products.eightBits, ...fill, y: fixed(16, 4), shift: 12, spread: 0, seed: 3 };
      const shape = [1, side, side, channels];
      const { operands, arithmetic, clamp, format } = products.product(v, shape, [16, 3, 3, channels]);
      const window = { kernel: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1] } as const;
      const fields = { op: 'convolution', window, groups: 1, clamp, arithmetic } as const;
      const one = single<'convolution'>(fields, operands, { shape: [1, side, side, 16], format });
      if (weightFill === 'lowest' && end === 'end') {
        const { steps } = prepareProgram(one.program, createMemory());
        expect(steps.map((step) => step.kernel)).toContain(kernel);
      }
      compare(one);
    }
});

test('codes without a sign bring sums of 33 bits to 32', () => {
  const x = fixed(15, 4, { signed: false });
  for (const [weightFill, kernel] of [
    ['extreme', 'convolutionBroad_i16_i16_i32'],
    ['lowest', 'convolution_i16_i16_i40'],
  ] as const)
    for (const xFill of ['highest', 'uniform'] as const) {
      const fill = { x, weights: fixed(8, 3), xFill, weightFill, biasBits: 20 } as const;
      const v = { ...products.eightBits, ...fill, y: fixed(16, 4), shift: 13, spread: 1, seed: 5 };
      const { operands, arithmetic, clamp, format } = products.product(v, [5, 900], [16, 900]);
      const accumulator = { ...arithmetic.accumulator, provedBits: 33, bits: 33 };
      const fields = { op: 'gemm', clamp, arithmetic: { ...arithmetic, accumulator } } as const;
      const one = single<'gemm'>(fields, operands, { shape: [5, 16], format });
      const { steps } = prepareProgram(one.program, createMemory());
      expect(steps.map((step) => step.kernel)).toContain(kernel);
      compare(one);
    }
});

test('windows of a maximum that lie past the input give the smallest code, whatever the codes are proved to be', () => {
  const format = fixed(8, 4);
  const channels = 8;
  const past = windowOf([1, 1], { strides: [3, 3] });
  const square = windowOf([3, 3], { pads: [1, 1, 1, 1] });
  const arithmetic = { accumulator: plainAccumulator(32, 24), requantize: byShift(8) };
  const program = programOf(
    {
      x: { shape: [1, 5, 5, channels], format },
      high: { shape: [1, 5, 5, channels], format },
      largest: { shape: [1, 3, 3, channels], format },
      w: { shape: [channels, 3, 3, 1], format: fixed(8, 8), data: new Int8Array(9 * channels).fill(80) },
      y: { shape: [1, 3, 3, channels], format },
    },
    [
      { op: 'clamp', clamp: { low: 64, high: 127 }, inputs: ['x'], output: 'high' },
      { op: 'maxPool', window: past, inputs: ['high'], output: 'largest' },
      {
        op: 'convolution',
        window: square,
        groups: channels,
        clamp: null,
        arithmetic,
        inputs: ['largest', 'w'],
        output: 'y',
      },
    ],
  );
  compare({ program, inputs: [new Int8Array(25 * channels).fill(64)] });
});

test('layers of many pixels and channels are split into calls without a seam', () => {
  const next = random(11);
  const x = fixed(8, 4);
  const shape = [1, 40, 60, 32];
  const weights = fixed(8, 6);
  const operands: Operand[] = [
    { shape, format: x, data: codes(x, size(shape), 'uniform', next) },
    {
      shape: [17, 1, 1, 32],
      format: weights,
      data: codes(weights, 17 * 32, 'uniform', next),
      constant: true,
    },
  ];
  const window = { kernel: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] } as const;
  const arithmetic = {
    accumulator: plainAccumulator(32, 20),
    requantize: shiftOf(6, 'halfEven', 'saturate'),
  };
  compare(
    single<'convolution'>({ op: 'convolution', window, groups: 1, clamp: null, arithmetic }, operands, {
      shape: [1, 40, 60, 17],
      format: x,
    }),
  );
});

test('passes over sums are split into pieces without a seam', () => {
  const next = random(12);
  const shape = [1, 30, 60, 24];
  const x: Format = { ...fixed(8, 4), zeroPoint: 5 };
  const y: Format = { ...fixed(8, 4), zeroPoint: -9 };
  const operand = (): Operand => ({ shape, format: x, data: codes(x, size(shape), 'uniform', next) });
  const multiplier = Array.from({ length: 24 }, () => 2 ** 30 + Math.floor(next() * 2 ** 30));
  const shift = Array.from({ length: 24 }, (_, channel) => channel % 3);
  const doubling = { style: 'doubling', multiplier, shift } as const;
  const stochastic = { style: 'shift', shift: 1, rounding: 'stochastic(7)' } as const;
  const clamp = null;
  for (const scaling of [doubling, stochastic]) {
    const requantize = { ...scaling, overflow: 'saturate' } as const;
    check(single<'requantize'>({ op: 'requantize', requantize }, [operand()], { shape, format: y }));
    const add = { op: 'add', sign: -1, shifts: [3, 2], scalings: null, clamp, requantize } as const;
    check(single<'add'>(add, [operand(), operand()], { shape, format: y }));
    const pair = [operand(), operand()];
    check(single<'multiply'>({ op: 'multiply', clamp, requantize }, pair, { shape, format: y }));
    const weights = fixed(8, 6);
    const data = codes(weights, 24 * 24, 'small', next);
    const operands = [operand(), { shape: [24, 1, 1, 24], format: weights, data, constant: true }];
    const window = { kernel: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] } as const;
    for (const provedBits of [20, 0]) {
      const arithmetic = { accumulator: plainAccumulator(20, provedBits), requantize };
      const emulated = {
        ...arithmetic,
        accumulator: { ...arithmetic.accumulator, overflow: 'saturate' },
      } as const;
      const fields = { op: 'convolution', window, groups: 1, clamp, arithmetic: emulated } as const;
      check(single<'convolution'>(fields, operands, { shape, format: y }));
    }
  }
});
