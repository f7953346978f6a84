/** Registers that are not proved wide enough, emulated step by step: docs/arithmetic.md section 4.1. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ExecutionError, ProgramError } from '#src/errors.js';
import { createAccumulate, productOrder } from '#src/execute/oracle/accumulate.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { fixed } from '#src/formats/format.js';
import { OVERFLOWS, ROUNDINGS } from '#src/formats/rounding.js';
import type { Accumulator } from '#src/program/instructions.js';
import { byShift, programOf, proved, windowOf } from '../../programs.js';

const narrow: Accumulator = { ...proved, bits: 8, overflow: 'saturate', provedBits: 0 };
const trap = (value: number | bigint): never => {
  throw new ExecutionError({ where: 'test', what: 'overflow', got: String(value) });
};

/** Adds up products of one row of channels. */
function accumulate(overrides: Partial<Accumulator>, products: number[], bias = 0): number {
  const extents = { row: 1, column: 1, inputChannel: products.length };
  const run = createAccumulate({ ...narrow, ...overrides }, extents, 16, 'test');
  return Number(run(Float64Array.from(products), bias, trap));
}

test('an 8-bit register saturates, wraps or traps at the step that overflows', () => {
  // 100 + 50 leaves -128..127; then 60 is taken away.
  expect(accumulate({}, [100, 50, -60])).toBe(127 - 60);
  expect(accumulate({ overflow: 'saturateSymmetric' }, [-100, -50, 60])).toBe(-127 + 60);
  expect(accumulate({ overflow: 'wrap' }, [100, 50, -60])).toBe(90);
  expect(() => accumulate({ overflow: 'trap' }, [100, 50, -60])).toThrow(/got 150/);
  // Two products a step: 150 - 60 comes only after 100 + 50 has been cut in the register.
  expect(accumulate({ productsPerStep: 2 }, [100, 50, -60])).toBe(127 - 60);
  // Three products a step: the tree is as wide as it needs to be.
  expect(accumulate({ productsPerStep: 3 }, [100, 50, -60])).toBe(90);
});

test('the adder tree has its own width', () => {
  // A tree of 7 bits ends at 63: 50 + 50 -> 63, then -20 - 20 = -40.
  expect(accumulate({ productsPerStep: 2, treeBits: 7 }, [50, 50, -20, -20])).toBe(63 - 40);
  expect(accumulate({ productsPerStep: 2, treeBits: 7, overflow: 'wrap' }, [50, 50, -20, -20])).toBe(
    100 - 128 - 40,
  );
});

test('the bias enters first or last', () => {
  expect(accumulate({ bias: 'first' }, [100, -50], 40)).toBe(127 - 50);
  expect(accumulate({ bias: 'last' }, [100, -50], 40)).toBe(90);
  expect(accumulate({ bias: 'first' }, [-100], 300)).toBe(27);
  expect(accumulate({ bias: 'last' }, [100], 300)).toBe(127);
});

test('partial sums are rounded to their bits after every so many steps, but not after the last', () => {
  const partialSum = { every: 2, bits: 6, rounding: 'halfEven', overflow: 'saturate' } as const;
  // 8 - 6 = 2 bits are dropped. 5 + 5 = 10 -> 2.5 -> 2 -> 8; 8 + 1 + 1 = 10 is the end.
  expect(accumulate({ partialSum }, [5, 5, 1, 1])).toBe(10);
  // One product more: 10 -> 8 again, then 3.
  expect(accumulate({ partialSum }, [5, 5, 1, 1, 3])).toBe(11);
  // 126 -> 31.5 -> 32, which 6 bits do not hold: 31 -> 124, or wrapped -32 -> -128.
  expect(accumulate({ partialSum }, [100, 26, 1])).toBe(125);
  expect(accumulate({ partialSum: { ...partialSum, overflow: 'wrap' } }, [100, 26, 1])).toBe(-127);
});

test('loop nests visit stored products in the order declared', () => {
  const extents = { row: 2, column: 1, inputChannel: 3 };
  const order = (names: Accumulator['order'], productsPerStep = 1) => [
    ...productOrder({ ...narrow, order: names, productsPerStep }, extents, 'test'),
  ];
  // Stored: row 0 holds 0 1 2, row 1 holds 3 4 5.
  expect(order(['row', 'column', 'inputChannel'])).toEqual([0, 1, 2, 3, 4, 5]);
  expect(order(['inputChannel', 'column', 'row'])).toEqual([0, 3, 1, 4, 2, 5]);
  // Blocks of two channels: 0 1 and 2 with one empty lane.
  expect(order(['inputBlock', 'row', 'column', 'inputLane'], 2)).toEqual([0, 1, 3, 4, 2, -1, 5, -1]);
  expect(order(['row', 'column', 'inputLane', 'inputBlock'], 2)).toEqual([0, 2, 1, -1, 3, 5, 4, -1]);
  for (const wrong of [
    ['row', 'column'],
    ['row', 'column', 'inputChannel', 'inputLane'],
    ['row', 'row', 'column'],
  ]) {
    expect(() => order(wrong as unknown as Accumulator['order'])).toThrow(ProgramError);
  }
});

const accumulators: fc.Arbitrary<Accumulator> = fc.record({
  bits: fc.integer({ min: 8, max: 40 }),
  overflow: fc.constantFrom(...OVERFLOWS.filter((overflow) => overflow !== 'trap')),
  order: fc.constantFrom<Accumulator['order'][]>(
    ['row', 'column', 'inputChannel'],
    ['inputChannel', 'row', 'column'],
    ['inputBlock', 'row', 'column', 'inputLane'],
  ),
  productsPerStep: fc.integer({ min: 1, max: 5 }),
  treeBits: fc.constantFrom(0, 9, 17),
  bias: fc.constantFrom('first' as const, 'last' as const),
  partialSum: fc.option(
    fc.record({
      every: fc.integer({ min: 1, max: 3 }),
      bits: fc.integer({ min: 8, max: 40 }),
      rounding: fc.constantFrom(...ROUNDINGS),
      overflow: fc.constantFrom('saturate' as const, 'wrap' as const),
    }),
  ),
  provedBits: fc.constant(0),
});
const products = fc.array(fc.integer({ min: -(2 ** 15), max: 2 ** 15 }), { minLength: 12, maxLength: 12 });
const extents = { row: 2, column: 2, inputChannel: 3 };

test('emulation in numbers and in big integers agree', () => {
  fc.assert(
    fc.property(
      accumulators,
      products,
      fc.integer({ min: -(2 ** 20), max: 2 ** 20 }),
      (accumulator, terms, bias) => {
        // Products declared 60 bits wide take the path of big integers.
        const [numbers, integers] = [17, 60].map((bits) =>
          createAccumulate(accumulator, extents, bits, 'test'),
        );
        const values = Float64Array.from(terms);
        expect(BigInt(numbers(values, bias, trap))).toBe(integers(values, bias, trap));
      },
    ),
  );
});

test('where nothing overflows, the order makes no difference', () => {
  fc.assert(
    fc.property(accumulators, products, (accumulator, terms) => {
      const wide = { ...accumulator, bits: 40, treeBits: 0, partialSum: null };
      const sum = terms.reduce((a, b) => a + b, 1000);
      expect(Number(createAccumulate(wide, extents, 17, 'test')(Float64Array.from(terms), 1000, trap))).toBe(
        sum,
      );
    }),
  );
});

test('a wrapping register equals the exact sum, wrapped once', () => {
  fc.assert(
    fc.property(accumulators, products, fc.integer(), (accumulator, terms, bias) => {
      const wrapping = { ...accumulator, overflow: 'wrap', treeBits: 0, partialSum: null } as const;
      const sum = terms.reduce((a, b) => a + b, bias);
      const got = createAccumulate(wrapping, extents, 17, 'test')(Float64Array.from(terms), bias, trap);
      expect(BigInt(got)).toBe(BigInt.asIntN(accumulator.bits, BigInt(sum)));
    }),
  );
});

test('a convolution whose register is too narrow; padding takes its place in steps', () => {
  // One row of x: 100 50 -60, kernel of 3 with padding 1: windows (0 100 50), (100 50 -60), (50 -60 0).
  const run = (accumulator: Partial<Accumulator>, trapping = false) => {
    const program = programOf(
      {
        x: { shape: [1, 1, 3, 1], format: fixed(8, 0) },
        weights: { shape: [1, 1, 3, 1], format: fixed(8, 0), data: Int8Array.of(1, 1, 1) },
        y: { shape: [1, 1, 3, 1], format: fixed(16, 0) },
      },
      [
        {
          op: 'convolution',
          window: windowOf([1, 3], { pads: [0, 1, 0, 1] }),
          groups: 1,
          clamp: null,
          arithmetic: {
            accumulator: { ...narrow, ...accumulator, ...(trapping ? { overflow: 'trap' as const } : {}) },
            requantize: byShift(0),
          },
          inputs: ['x', 'weights'],
          output: 'y',
        },
      ],
    );
    return [...createOracle(program).run([Int8Array.of(100, 50, -60)])[0]];
  };
  expect(run({})).toEqual([127, 67, -10]);
  expect(run({ overflow: 'wrap' })).toEqual([150 - 256, 90, -10]);
  // Steps of two: (0 + 100) + 50 and (100 + 50) - 60.
  expect(run({ productsPerStep: 2 })).toEqual([127, 67, -10]);
  expect(run({ productsPerStep: 3 })).toEqual([127, 90, -10]);
  expect(run({ provedBits: 8 })).toEqual([150, 90, -10]);
  expect(() => run({}, true)).toThrow(/instruction "y", element 0: .* got 150/);
});
