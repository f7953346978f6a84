/** Random convolutions and matrix products. */
import fc from 'fast-check';
import { codeRange, type Format, fixed } from '#src/formats/format.js';
import { plainAccumulator } from '#src/program/accumulator.js';
import type { Arithmetic, Window } from '#src/program/instructions.js';
import {
  activations,
  type Case,
  codes,
  fills,
  floats,
  type Operand,
  outputSize,
  provedWidth,
  random,
  roundings,
  saturations,
  seeds,
  shiftOf,
  single,
  size,
  weightFormats,
  windows,
} from './wasm-cases.js';

const values = fc.record({
  seed: seeds,
  x: activations,
  weights: weightFormats,
  y: activations,
  xFill: fills,
  weightFill: fills,
  rounding: roundings,
  overflow: saturations,
  shift: fc.integer({ min: -3, max: 26 }),
  spread: fc.integer({ min: 0, max: 6 }),
  biasBits: fc.constantFrom<number>(0, 8, 20, 31, 40),
  clamp: fc.boolean(),
});
export type Values = typeof values extends fc.Arbitrary<infer T> ? T : never;

/** Operands and arithmetic of a product with `outputs` channels; the width is that of the actual weights. */
export function product(v: Values, xShape: number[], weightShape: number[]) {
  const next = random(v.seed);
  const outputs = weightShape[0];
  const shifts = Array.from({ length: outputs }, () => v.shift + Math.floor(next() * (v.spread + 1)));
  const perChannel = v.spread > 0;
  const yFraction = v.x.fractionBits as number;
  const fractions = shifts.map((shift) => shift + yFraction - (v.x.fractionBits as number));
  const weightFormat: Format = perChannel
    ? { ...v.weights, fractionBits: fractions, axis: 0 }
    : { ...v.weights, fractionBits: v.shift };
  const biasFormat: Format = {
    ...fixed(48, 0),
    fractionBits: weightFormat.fractionBits,
    axis: weightFormat.axis,
  };
  const x: Operand = { shape: xShape, format: v.x, data: codes(v.x, size(xShape), v.xFill, next) };
  const weights: Operand = {
    shape: weightShape,
    format: weightFormat,
    data: codes(weightFormat, size(weightShape), v.weightFill, next),
    constant: true,
  };
  const fraction = (f: number) => f + (v.x.fractionBits as number);
  const biasFractions =
    typeof biasFormat.fractionBits === 'number'
      ? fraction(biasFormat.fractionBits)
      : biasFormat.fractionBits.map(fraction);
  const biasData = BigInt64Array.from({ length: outputs }, () =>
    BigInt(Math.round((next() - 0.5) * 2 ** v.biasBits)),
  );
  const bias: Operand = {
    shape: [outputs],
    format: { ...biasFormat, fractionBits: biasFractions },
    data: biasData,
    constant: true,
  };
  const proved = provedWidth(weights.data as Int16Array, outputs, biasData, codeRange(v.x));
  const shift = perChannel ? shifts : v.shift;
  const arithmetic: Arithmetic = {
    accumulator: plainAccumulator(Math.max(32, proved), proved),
    requantize: shiftOf(shift, v.rounding, v.overflow),
  };
  const format: Format = { ...v.y, fractionBits: yFraction };
  const { low, high } = codeRange(format);
  const clamp = v.clamp ? { low: Math.min(0, high), high: Math.max(low, high - 1) } : null;
  const operands = v.biasBits === 0 ? [x, weights] : [x, weights, bias];
  return { operands, arithmetic, clamp, format };
}

const images = fc
  .record({
    batch: fc.integer({ min: 1, max: 2 }),
    input: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
    window: windows,
    groups: fc.constantFrom(1, 1, 1, 2, 3),
    channels: fc.integer({ min: 1, max: 11 }),
    outputs: fc.integer({ min: 1, max: 11 }),
    depthwise: fc.boolean(),
  })
  .filter(({ window, input }) => outputSize(window, input) !== undefined);
type Image = typeof images extends fc.Arbitrary<infer T> ? T : never;

function shapes({ batch, input, window, groups, channels, outputs, depthwise }: Image) {
  const output = outputSize(window, input)!;
  const count = depthwise ? channels : groups * channels;
  return {
    groups: depthwise ? channels : groups,
    x: [batch, ...input, count],
    weights: depthwise ? [channels, ...window.kernel, 1] : [groups * outputs, ...window.kernel, channels],
    y: [batch, ...output, depthwise ? channels : groups * outputs],
  };
}

const sizes = (...limits: number[]) => fc.tuple(...limits.map((max) => fc.integer({ min: 1, max })));

function convolution([image, v]: [Image, Values]): Case {
  const shape = shapes(image);
  const { operands, arithmetic, clamp, format } = product(v, shape.x, shape.weights);
  const fields = {
    op: 'convolution',
    window: image.window,
    groups: shape.groups,
    clamp,
    arithmetic,
  } as const;
  return single<'convolution'>(fields, operands, { shape: shape.y, format });
}

const convolutions = fc.tuple(images, values).map(convolution);

/** Depthwise 3x3, which has kernels of its own: every alignment of window and border. */
export function depthwiseSquares(): Case[] {
  const ends = [0, 1, 2];
  const cases: Case[] = [];
  for (const columns of [1, 2, 3, 4, 5, 6])
    for (const stride of [1, 2, 3])
      for (const left of ends)
        for (const right of ends) {
          const window: Window = {
            kernel: [3, 3],
            strides: [stride, stride],
            pads: [left, left, right, right],
            dilations: [1, 1],
          };
          if (outputSize(window, [5, columns]) === undefined) continue;
          const image = { batch: 2, input: [5, columns], window, groups: 1, outputs: 1, depthwise: true };
          const seed = cases.length;
          const channels = 2 + ((columns + left) % 9);
          cases.push(convolution([{ ...image, channels } as Image, { ...eightBits, seed }]));
          const short = { ...eightBits, seed, x: fixed(7, 4, { signed: false }), weights: fixed(6, 3) };
          cases.push(convolution([{ ...image, channels: channels + 14 } as Image, short]));
        }
  return cases;
}

export const eightBits: Omit<Values, 'seed'> = {
  x: fixed(8, 4),
  weights: fixed(8, 3),
  y: fixed(8, 4),
  xFill: 'uniform',
  weightFill: 'uniform',
  rounding: 'halfEven',
  overflow: 'saturate',
  shift: 7,
  spread: 3,
  biasBits: 8,
  clamp: false,
};

/** Depthwise 3x3 with sums of about 16 bits. */
const shortSums: fc.Arbitrary<Case> = fc
  .tuple(
    fc.record({
      batch: fc.integer({ min: 1, max: 2 }),
      input: fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 2, max: 6 })),
      window: windows.map((window) => ({ ...window, kernel: [3, 3] as [number, number] })),
      groups: fc.constant<1>(1),
      channels: fc.integer({ min: 8, max: 25 }),
      outputs: fc.constant(1),
      depthwise: fc.constant(true),
    }),
    values,
    fc
      .record({
        bits: fc.integer({ min: 3, max: 9 }),
        product: fc.constantFrom(12, 14, 14, 14, 15),
        y: fc.constantFrom(fixed(8, 4), fixed(16, 4)),
        weightFill: fc.constantFrom('uniform', 'highest', 'lowest'),
        signed: fc.boolean(),
        biasBits: fc.constantFrom(0, 12, 15, 17),
        shift: fc.integer({ min: -2, max: 14 }),
        rounding: fc.constantFrom('halfEven', 'halfEven', 'halfEven', 'floor'),
      })
      .map(({ bits, product, signed, ...rest }) => ({
        x: fixed(bits, 4, { signed }),
        weights: fixed(product - bits, 3),
        ...rest,
      })),
  )
  .filter(([{ window, input }]) => outputSize(window, input) !== undefined)
  .map(([image, v, short]) => convolution([image, { ...v, ...short }]));

/** Windows of 3x3 at stride 1 with enough channels and pixels for tiles, cut by every border, up to the widest sums that fit. */
const tiled: fc.Arbitrary<Case> = fc
  .tuple(
    fc.record({
      batch: fc.integer({ min: 1, max: 2 }),
      input: fc.tuple(fc.integer({ min: 6, max: 18 }), fc.integer({ min: 6, max: 18 })),
      window: windows.map((window) => {
        const pair = (value: number): [number, number] => [value, value];
        return { ...window, kernel: pair(3), strides: pair(1), dilations: pair(1) };
      }),
      groups: fc.constant<1>(1),
      channels: fc.integer({ min: 16, max: 25 }),
      outputs: fc.integer({ min: 16, max: 25 }),
      depthwise: fc.constant(false),
    }),
    values,
    fc.constantFrom(
      ...[fixed(8, 4), fixed(8, 4), fixed(8, 4, { signed: false }), fixed(5, 4), fixed(13, 4)],
      ...[fixed(15, 4, { signed: false }), fixed(15, 4, { signed: false })],
    ),
  )
  .map(([image, v, x]) =>
    convolution([image, { ...v, x, weights: fixed(8, 3, { narrow: v.weights.narrow }) }]),
  );

const gemms: fc.Arbitrary<Case> = fc.tuple(sizes(9, 40, 20), values).map(([[m, k, n], v]) => {
  const { operands, arithmetic, clamp, format } = product(v, [m, k], [n, k]);
  return single<'gemm'>({ op: 'gemm', clamp, arithmetic }, operands, { shape: [m, n], format });
});

const bounds = fc.constantFrom(
  null,
  { low: 0, high: Number.POSITIVE_INFINITY },
  { low: -1, high: 6 },
  { low: -0, high: 0 },
);

function floatOperands(seed: number, special: boolean, xShape: number[], weightShape: number[]): Operand[] {
  const next = random(seed);
  return [
    { shape: xShape, format: null, data: floats(size(xShape), next, special) },
    { shape: weightShape, format: null, data: floats(size(weightShape), next), constant: true },
    { shape: [weightShape[0]], format: null, data: floats(weightShape[0], next), constant: true },
  ];
}

const floatConvolutions: fc.Arbitrary<Case> = fc
  .tuple(images, seeds, bounds, fc.boolean())
  .map(([image, seed, clamp, special]) => {
    const shape = shapes(image);
    const operands = floatOperands(seed, special, shape.x, shape.weights);
    const fields = {
      op: 'convolution',
      window: image.window,
      groups: shape.groups,
      clamp,
      arithmetic: null,
    } as const;
    return single<'convolution'>(fields, operands, { shape: shape.y, format: null });
  });

const floatGemms: fc.Arbitrary<Case> = fc
  .tuple(sizes(9, 40, 20), seeds, bounds, fc.boolean())
  .map(([[m, k, n], seed, clamp, special]) => {
    const operands = floatOperands(seed, special, [m, k], [n, k]);
    return single<'gemm'>({ op: 'gemm', clamp, arithmetic: null }, operands, { shape: [m, n], format: null });
  });

export const families = { convolutions, shortSums, tiled, gemms, floatConvolutions, floatGemms };
