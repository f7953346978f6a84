/**
 * Random programs of one instruction with any arithmetic at all: every scaling, rounding, overflow, zero point and accumulator, codes
 * at the ends of their ranges. What traps on one executor must trap on the other.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import { ExecutionError } from '#src/errors.js';
import type { Elements } from '#src/execute/executor.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import { at, codeRange, type Format, fixed } from '#src/formats/format.js';
import { OVERFLOWS, type Overflow, ROUNDINGS, type Rounding } from '#src/formats/rounding.js';
import type { Accumulator, PerChannel, Scaling } from '#src/program/instructions.js';
import {
  type Case,
  canonical,
  codes,
  fills,
  floats,
  type Operand,
  outputSize,
  provedWidth,
  random,
  seeds,
  single,
  size,
  windows,
} from './wasm-cases.js';

/** Runs a case on both executors: equal elements, or an ExecutionError of the same instruction on both. */
export function compareOrTrap({ program, inputs }: Case): void {
  const run = (make: () => readonly Elements[]) => {
    try {
      return canonical(make()[0]);
    } catch (error) {
      expect(error).toBeInstanceOf(ExecutionError);
      expect((error as ExecutionError).where).toContain('instruction "it"');
      return (error as ExecutionError).message;
    }
  };
  const expected = run(() => createOracle(program).run(inputs));
  expect(run(() => createWasmExecutor(program).run(inputs))).toEqual(expected);
  expect(run(() => createWasmExecutor(program, { counters: true }).run(inputs))).toEqual(expected);
}

export type Next = () => number;

export const pick = <T>(choices: readonly T[], next: Next): T => choices[Math.floor(next() * choices.length)];
export const between = (low: number, high: number, next: Next) => low + Math.floor(next() * (high - low + 1));

export function anyRounding(next: Next): Rounding {
  return next() < 0.2 ? `stochastic(${between(0, 2 ** 32 - 1, next)})` : pick(ROUNDINGS, next);
}

/** Codes of activations or weights: any width, unsigned 16 among them, any zero point. */
export function anyFormat(next: Next, channels: number | null = null): Format {
  const bits = pick([2, 4, 7, 8, 8, 8, 9, 15, 16, 16], next);
  const signed = next() < 0.6;
  const base = fixed(bits, 4, { signed, narrow: signed && next() < 0.1 });
  const { low, high } = codeRange(base);
  const zero = () => (next() < 0.2 ? pick([low, high], next) : between(low, high, next));
  if (next() < 0.3) return base;
  if (channels === null || next() < 0.5) return { ...base, zeroPoint: zero() };
  return { ...base, zeroPoint: Array.from({ length: channels }, zero), axis: 0 };
}

/** A format that the overflow allows. */
function outputFormat(overflow: Overflow, next: Next, axis: number, channels: number): Format {
  const format = anyFormat(next, channels);
  const placed = format.axis === null ? format : { ...format, axis };
  return overflow === 'wrap' ? { ...placed, narrow: false } : placed;
}

/** A scaling that brings numbers of about `bits` bits near the range of a code; now and then anywhere. */
export function anyScaling(bits: number, channels: number, next: Next): Scaling {
  const perChannel = (make: () => number): PerChannel =>
    next() < 0.5 ? make() : Array.from({ length: channels }, make);
  const rounding = anyRounding(next);
  const target = between(Math.min(0, bits - 18), Math.max(0, bits - 6), next);
  const near = () => target + between(-1, 2, next);
  const mantissa = () => pick([2 ** 30, 2 ** 31 - 1, between(2 ** 30, 2 ** 31 - 1, next)], next);
  switch (pick(['shift', 'multiplier', 'small', 'doubling', 'scale', 'division'] as const, next)) {
    case 'shift':
      return { style: 'shift', shift: perChannel(near), rounding };
    case 'multiplier':
      return {
        style: 'multiplier',
        multiplier: perChannel(mantissa),
        shift: perChannel(() => Math.min(62, near() + 31)),
        rounding,
      };
    case 'small':
      return {
        style: 'multiplier',
        multiplier: perChannel(() => between(0, 40000, next)),
        shift: perChannel(() => near() + 15),
        rounding,
      };
    case 'doubling': {
      const shift = () => Math.min(31, Math.max(-31, near()));
      return { style: 'doubling', multiplier: perChannel(mantissa), shift: perChannel(shift) };
    }
    case 'scale':
      return {
        style: 'scale',
        scale: perChannel(() => Math.fround((0.5 + next()) * 2 ** -near())),
        rounding: next() < 0.5 ? 'halfEven' : rounding,
      };
    case 'division':
      return {
        style: 'division',
        divisor: perChannel(() => between(1, 2 ** Math.min(30, target + 1), next)),
        rounding,
      };
  }
}

const registers = [8, 9, 12, 16, 20, 24, 30, 31, 32, 33, 40, 48, 62, 63, 64];

function anyAccumulator(proved: number, next: Next): Accumulator {
  const overflow = pick(OVERFLOWS, next);
  const exact = next() < 0.4;
  const bits = pick(
    registers.filter((width) => !exact || width >= proved),
    next,
  );
  const partial = {
    every: between(1, 7, next),
    bits: pick([...registers, bits], next),
    rounding: pick(ROUNDINGS, next),
    overflow: pick(OVERFLOWS, next),
  };
  return {
    bits: bits ?? 64,
    overflow,
    order: pick(
      [
        ['row', 'column', 'inputChannel'],
        ['inputChannel', 'column', 'row'],
        ['inputBlock', 'row', 'column', 'inputLane'],
        ['column', 'inputLane', 'row', 'inputBlock'],
      ] as const,
      next,
    ),
    productsPerStep: pick([1, 1, 2, 3, 4, 16, 100], next),
    treeBits: exact ? 0 : pick([0, 0, 8, 12, 20, 32, 40, 64], next),
    bias: pick(['first', 'last'], next),
    partialSum: !exact && next() < 0.5 ? partial : null,
    provedBits: next() < 0.7 ? proved : 0,
  };
}

const images = fc
  .record({
    seed: seeds,
    fills: fc.tuple(fills, fills),
    batch: fc.integer({ min: 1, max: 2 }),
    input: fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 })),
    window: windows,
    groups: fc.constantFrom(1, 1, 1, 2, 3),
    channels: fc.integer({ min: 1, max: 11 }),
    outputs: fc.integer({ min: 1, max: 19 }),
    kind: fc.constantFrom('convolution', 'convolution', 'depthwise', 'gemm'),
  })
  .filter(({ window, input }) => outputSize(window, input) !== undefined);
type Image = typeof images extends fc.Arbitrary<infer T> ? T : never;

/** Shapes of x, weights and y, and the groups. */
function shapesOf({ kind, batch, input, window, groups, channels, outputs }: Image) {
  const [rows, columns] = outputSize(window, input)!;
  const { kernel } = window;
  if (kind === 'gemm')
    return {
      x: [batch * input[0], channels * 5],
      weights: [outputs, channels * 5],
      y: [batch * input[0], outputs],
      groups: 1,
    };
  if (kind === 'depthwise')
    return {
      x: [batch, ...input, outputs],
      weights: [outputs, ...kernel, 1],
      y: [batch, rows, columns, outputs],
      groups: outputs,
    };
  return {
    x: [batch, ...input, groups * channels],
    weights: [groups * outputs, ...kernel, channels],
    y: [batch, rows, columns, groups * outputs],
    groups,
  };
}

export const products = images.map((image): Case => {
  const next = random(image.seed);
  const shapes = shapesOf(image);
  const outputs = shapes.weights[0];
  const x = anyFormat(next);
  const weights = anyFormat(next, outputs);
  const operand: Operand = {
    shape: shapes.x,
    format: x,
    data: codes(x, size(shapes.x), image.fills[0], next),
  };
  const data = codes(weights, size(shapes.weights), image.fills[1], next);
  const biasBits = pick([0, 8, 20, 31, 40, 62], next);
  const bias = BigInt64Array.from({ length: outputs }, () =>
    BigInt(Math.round((next() - 0.5) * 2 ** biasBits)),
  );
  const perOutput = data.length / outputs;
  const centred = Array.from(
    data as Int16Array,
    (code, i) => code - at(weights.zeroPoint, Math.floor(i / perOutput)),
  );
  const { low, high } = codeRange(x);
  const zero = at(x.zeroPoint, 0);
  const proved = provedWidth(centred, outputs, bias, { low: low - zero, high: high - zero });
  const accumulator = anyAccumulator(proved, next);
  const requantize = {
    ...anyScaling(Math.min(proved, accumulator.bits), outputs, next),
    overflow: pick(OVERFLOWS, next),
  };
  const format = outputFormat(requantize.overflow, next, shapes.y.length - 1, outputs);
  const range = codeRange(format);
  const clamp = next() < 0.3 ? { low: range.low + 1, high: Math.max(range.low + 1, range.high - 1) } : null;
  const operands: Operand[] = [
    operand,
    { shape: shapes.weights, format: weights, data, constant: true },
    { shape: [outputs], format: fixed(64, 8), data: bias, constant: true },
  ];
  const arithmetic = { accumulator, requantize };
  const { groups } = shapes;
  const used = biasBits === 0 ? operands.slice(0, 2) : operands;
  if (image.kind === 'gemm')
    return single<'gemm'>({ op: 'gemm', clamp, arithmetic }, used, { shape: shapes.y, format });
  const fields = { op: 'convolution', window: image.window, groups, clamp, arithmetic } as const;
  return single<'convolution'>(fields, used, { shape: shapes.y, format });
});

const elementwise = fc.record({
  seed: seeds,
  fills: fc.tuple(fills, fills),
  shape: fc.array(fc.constantFrom(1, 2, 3, 5, 8, 9, 17, 33), { minLength: 1, maxLength: 3 }),
  kind: fc.constantFrom('add', 'scaledAdd', 'multiply', 'leakyRelu', 'requantize'),
});

const others = elementwise.map(({ seed, fills: [aFill, bFill], shape, kind }): Case => {
  const next = random(seed);
  const channels = shape[shape.length - 1];
  const overflow = pick(OVERFLOWS, next);
  const format = outputFormat(overflow, next, shape.length - 1, channels);
  const x = anyFormat(next, kind === 'requantize' ? channels : null);
  const input = x.axis === null ? x : { ...x, axis: shape.length - 1 };
  const a: Operand = { shape, format: input, data: codes(input, size(shape), aFill, next) };
  const output = { shape, format };
  const scaling = (bits: number) => ({ ...anyScaling(bits, channels, next), overflow });
  if (kind === 'requantize')
    return single<'requantize'>({ op: 'requantize', requantize: scaling(input.bits) }, [a], output);
  const clamp = next() < 0.3 ? { low: codeRange(format).low, high: codeRange(format).high - 1 } : null;
  if (kind === 'leakyRelu') {
    const slopes = { ...fixed(pick([3, 8, 16], next), 0) };
    const b = {
      shape: [channels],
      format: slopes,
      data: codes(slopes, channels, bFill, next),
      constant: true,
    };
    const slopeShift = between(0, 20, next);
    const requantize = scaling(input.bits + slopeShift);
    return single<'leakyRelu'>({ op: 'leakyRelu', slopeShift, requantize }, [a, b], output);
  }
  const partner = anyFormat(next);
  const shrunk = shape.map((extent) => (next() < 0.3 ? 1 : extent));
  const b: Operand = { shape: shrunk, format: partner, data: codes(partner, size(shrunk), bFill, next) };
  if (kind === 'multiply') {
    const requantize = scaling(input.bits + partner.bits);
    return single<'multiply'>({ op: 'multiply', clamp, requantize }, [a, b], output);
  }
  const shifts = [between(0, 20, next), between(0, 20, next)] as const;
  const bits = Math.max(input.bits + shifts[0], partner.bits + shifts[1]);
  const scalings = [0, 1].map(() => anyScaling(Math.min(bits, 20), 1, next)) as [Scaling, Scaling];
  const sign = pick([1, -1] as const, next);
  const fields = { op: 'add', sign, shifts, clamp } as const;
  if (kind === 'add')
    return single<'add'>({ ...fields, scalings: null, requantize: scaling(bits) }, [a, b], output);
  return single<'add'>({ ...fields, scalings, requantize: scaling(Math.min(bits, 20)) }, [a, b], output);
});

const averages = images.map(({ seed, fills: [fill], batch, input, window, outputs: channels }): Case => {
  const next = random(seed);
  const overflow = pick(OVERFLOWS, next);
  const format = outputFormat(overflow, next, 3, channels);
  const x = anyFormat(next);
  const shape = [batch, ...input, channels];
  const taps = window.kernel[0] * window.kernel[1];
  const scalings = Array.from({ length: taps + 1 }, (_, count) => ({
    count,
    scaling:
      next() < 0.5
        ? ({ style: 'division', divisor: Math.max(1, count), rounding: anyRounding(next) } as const)
        : anyScaling(x.bits + 3, channels, next),
  }));
  const fields = {
    op: 'averagePool',
    window,
    countIncludePad: next() < 0.5,
    scalings,
    overflow,
  } as const;
  const data = codes(x, size(shape), fill, next);
  return single<'averagePool'>(fields, [{ shape, format: x, data }], {
    shape: [batch, ...outputSize(window, input)!, channels],
    format,
  });
});

const resamples = elementwise.map(({ seed, fills: [aFill, bFill], shape }): Case => {
  const next = random(seed);
  const axis = Math.floor(next() * shape.length);
  const [outputs, taps] = [between(1, 5, next), between(1, 5, next)];
  const y = (shape as number[]).with(axis, outputs);
  const overflow = pick(OVERFLOWS, next);
  const format = outputFormat(overflow, next, y.length - 1, y[y.length - 1]);
  const [x, weights] = [anyFormat(next), anyFormat(next)];
  const operands: Operand[] = [
    { shape, format: x, data: codes(x, size(shape), aFill, next) },
    {
      shape: [outputs, taps],
      format: weights,
      data: codes(weights, outputs * taps, bFill, next),
      constant: true,
    },
  ];
  const indices = Array.from({ length: outputs * taps }, () => Math.floor(next() * shape[axis]));
  const requantize = { ...anyScaling(x.bits + weights.bits, y[y.length - 1], next), overflow };
  return single<'resample'>({ op: 'resample', axis, indices, requantize }, operands, { shape: y, format });
});

const quantizations = fc
  .tuple(seeds, fc.array(fc.constantFrom(1, 3, 8, 17), { minLength: 1, maxLength: 3 }))
  .map(([seed, shape]): Case => {
    const next = random(seed);
    const overflow = pick(OVERFLOWS, next);
    const base = outputFormat(overflow, next, 0, shape[0]);
    const format = { ...base, fractionBits: between(-8, 4, next), mantissa: pick([1, 12345677], next) };
    const operand = { shape, format: null, data: floats(size(shape), next, next() < 0.1) };
    const rounding = anyRounding(next);
    const fields = { op: 'quantize', float32Quotient: next() < 0.3, rounding, overflow } as const;
    return single<'quantize'>(fields, [operand], { shape, format });
  });

export const families = {
  arithmeticProducts: products,
  arithmeticOthers: others,
  arithmeticAverages: averages,
  arithmeticResamples: resamples,
  arithmeticQuantizations: quantizations,
};
