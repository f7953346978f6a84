/** Codes of sums that lie at the thresholds between two codes, and next to them, for every scaling that kernels do by floats. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nearTies } from '#src/execute/wasm/near-ties.js';
import { codeRange, fixed } from '#src/formats/format.js';
import { ROUNDINGS } from '#src/formats/rounding.js';
import { plainAccumulator } from '#src/program/accumulator.js';
import type { Scaling } from '#src/program/instructions.js';
import { between, compareOrTrap, pick } from './wasm-arithmetic-cases.js';
import { type Case, provedWidth, random, seeds, single } from './wasm-cases.js';

type Next = () => number;

/** A scaling of sums of `bits` bits to codes of `width` bits, and the number by which it multiplies. */
function anyScaling(bits: number, width: number, next: Next): { scaling: Scaling; factor: number } {
  const by = between(0, Math.max(1, bits - width + 3), next);
  const rounding = pick(ROUNDINGS, next);
  const mantissa = pick(
    [2 ** 30, 2 ** 31 - 1, between(1, 2 ** 15, next) * 2 ** 16, between(2 ** 30, 2 ** 31 - 1, next)],
    next,
  );
  switch (
    pick(['multiplier', 'multiplier', 'small', 'doubling', 'doubling', 'scale', 'shift'] as const, next)
  ) {
    case 'shift':
      return { scaling: { style: 'shift', shift: by, rounding }, factor: 2 ** -by };
    case 'multiplier':
      return {
        scaling: { style: 'multiplier', multiplier: mantissa, shift: by + 31, rounding },
        factor: mantissa * 2 ** -(by + 31),
      };
    case 'small': {
      const multiplier = between(1, 65535, next);
      return {
        scaling: { style: 'multiplier', multiplier, shift: by + 16, rounding },
        factor: multiplier * 2 ** -(by + 16),
      };
    }
    case 'doubling': {
      const shift = Math.min(31, by);
      return {
        scaling: { style: 'doubling', multiplier: mantissa, shift },
        factor: mantissa * 2 ** -(shift + 31),
      };
    }
    case 'scale': {
      const scale = Math.fround((0.5 + next() / 2) * 2 ** -by);
      return { scaling: { style: 'scale', scale, rounding: 'halfEven' }, factor: scale };
    }
  }
}

/** Sums of `bits` bits, most of them around those where the code changes. */
function thresholds(count: number, bits: number, width: number, factor: number, next: Next): number[] {
  const high = 2 ** (bits - 1) - 1;
  return Array.from({ length: count }, () => {
    const kind = next();
    if (kind < 0.05) return pick([-high - 1, high, 0, -1, 1], next);
    const code = between(-(2 ** (width - 1)) - 1, 2 ** (width - 1), next);
    const middle = kind < 0.7 ? 0.5 : 0;
    const sum = Math.round((code + middle) / factor) + between(-1, 1, next);
    return Math.min(Math.max(sum, -high - 1), high);
  });
}

const settings = fc.record({
  seed: seeds,
  bits: fc.constantFrom(17, 20, 22, 24, 26, 29, 32),
  width: fc.constantFrom(2, 8, 8, 8, 13, 16, 16),
});

/** Output of codes with a zero point now and then. */
function outputFormat(width: number, next: Next) {
  const format = fixed(width, 0);
  const { low, high } = codeRange(format);
  return { ...format, zeroPoint: next() < 0.5 ? 0 : between(low, high, next) };
}

const overflows = ['saturate', 'saturateSymmetric'] as const;

test('sums in memory: requantize of wide codes', () => {
  const cases = settings.map(({ seed, bits, width }): Case => {
    const next = random(seed);
    const { scaling, factor } = anyScaling(bits, width, next);
    const shape = [between(1, 3, next), between(1, 40, next)];
    const data = Int32Array.from(thresholds(shape[0] * shape[1], bits, width, factor, next));
    const requantize = { ...scaling, overflow: pick(overflows, next) };
    return single<'requantize'>({ op: 'requantize', requantize }, [{ shape, format: fixed(bits, 0), data }], {
      shape,
      format: outputFormat(width, next),
    });
  });
  fc.assert(fc.property(cases, compareOrTrap), { numRuns: 800 });
});

test('sums in registers: biases of products, of 32, 40 and 64 bits', () => {
  const cases = fc
    .tuple(settings, fc.constantFrom(0, 0, 6, 12, 18), fc.constantFrom(8, 16))
    .map(([{ seed, bits: narrow, width }, more, weightBits]): Case => {
      const next = random(seed);
      const bits = Math.min(narrow + more, 44);
      const { scaling, factor } = anyScaling(bits, width, next);
      const [rows, depth, outputs] = [between(1, 6, next), between(1, 5, next), between(1, 40, next)];
      const weights = Int16Array.from({ length: outputs * depth }, () =>
        next() < 0.8 ? 0 : between(-3, 3, next),
      );
      const bias = BigInt64Array.from(thresholds(outputs, bits, width, factor, next), BigInt);
      const accumulator = plainAccumulator(64, provedWidth(weights, outputs, bias, { low: -128, high: 127 }));
      const requantize = { ...scaling, overflow: pick(overflows, next) };
      return single<'gemm'>(
        { op: 'gemm', arithmetic: { accumulator, requantize }, clamp: null },
        [
          {
            shape: [rows, depth],
            format: fixed(8, 0),
            data: Int8Array.from({ length: rows * depth }, () =>
              next() < 0.5 ? 0 : between(-128, 127, next),
            ),
          },
          {
            shape: [outputs, depth],
            format: fixed(weightBits, 0),
            data: weightBits === 8 ? Int8Array.from(weights) : weights,
            constant: true,
          },
          { shape: [outputs], format: fixed(64, 0), data: bias as never, constant: true },
        ],
        { shape: [rows, outputs], format: outputFormat(width, next) },
      );
    });
  fc.assert(fc.property(cases, compareOrTrap), { numRuns: 800 });
});

test('sums of scaled operands: every pair of codes', () => {
  const cases = seeds.map((seed): Case => {
    const next = random(seed);
    const width = pick([8, 16], next);
    const [left, right] = [outputFormat(8, next), outputFormat(8, next)];
    const operand = () => anyScaling(28, 28 - between(0, 4, next), next).scaling;
    const scalings = next() < 0.8 ? ([operand(), operand()] as const) : null;
    const shift = scalings === null ? between(0, 6, next) : 20;
    const { scaling } = anyScaling(28, width, next);
    return single<'add'>(
      {
        op: 'add',
        shifts: [shift, shift],
        sign: pick([1, -1], next),
        scalings,
        requantize: { ...scaling, overflow: pick(overflows, next) },
        clamp: null,
      },
      [
        { shape: [256, 1], format: left, data: Int8Array.from({ length: 256 }, (_, index) => index - 128) },
        { shape: [16], format: right, data: Int8Array.from({ length: 16 }, () => between(-128, 127, next)) },
      ],
      { shape: [256, 16], format: outputFormat(width, next) },
    );
  });
  fc.assert(fc.property(cases, compareOrTrap), { numRuns: 150 });
});

test('near ties are all found', () => {
  const numbers = fc.record({
    factor: fc.integer({ min: 1, max: 4095 }),
    bits: fc.integer({ min: 2, max: 12 }),
    centre: fc.nat(5000),
    width: fc.nat(3),
    most: fc.nat(300),
  });
  fc.assert(
    fc.property(numbers, ({ factor, bits, centre, width, most }) => {
      const modulus = 2 ** bits;
      const near = (sum: number) => {
        const distance = (((sum * factor - centre) % modulus) + modulus) % modulus;
        return distance <= width || modulus - distance <= width;
      };
      const expected = Array.from({ length: most + 1 }, (_, sum) => sum).filter(near);
      fc.pre(2 * width < modulus);
      const found = nearTies(BigInt(factor), BigInt(bits), BigInt(centre), BigInt(width), BigInt(most));
      expect(found?.map(Number)).toEqual(expected.length > 64 ? undefined : expected);
    }),
    { numRuns: 2000 },
  );
});
