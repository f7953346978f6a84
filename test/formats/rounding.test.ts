import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ROUNDINGS,
  type Rounding,
  roundingConstants,
  roundReal,
  roundShift,
  roundShiftBig,
} from '#src/formats/rounding.js';

const { abs, ceil, floor, sign } = Math;

/** Nearest integer with ties to even, from remainders alone. */
const nearestEven = (x: number) => {
  const rest = x - floor(x);
  if (rest !== 0.5) return floor(x) + (rest > 0.5 ? 1 : 0);
  return floor(x) + (abs(floor(x)) % 2);
};

/** The formulas of docs/arithmetic.md section 2, as written there. */
const formulas: Record<Rounding, (x: number) => number> = {
  floor,
  ceiling: ceil,
  towardZero: (x) => sign(x) * floor(abs(x)),
  awayFromZero: (x) => sign(x) * ceil(abs(x)),
  halfEven: nearestEven,
  halfTowardPositive: (x) => floor(x + 0.5),
  halfTowardNegative: (x) => ceil(x - 0.5),
  halfAwayFromZero: (x) => sign(x) * floor(abs(x) + 0.5),
  halfTowardZero: (x) => sign(x) * ceil(abs(x) - 0.5),
  halfEvenPositiveHalfUpNegative: (x) => (x < 0 ? floor(x + 0.5) : nearestEven(x)),
};

/** Published rows: Vitis AI, PPQ, QONNX, Brevitas, ap_fixed; the first four follow from their formulas. */
const ties: Record<Rounding, number[]> = {
  floor: [-3, -2, -1, 0, 1, 2],
  ceiling: [-2, -1, 0, 1, 2, 3],
  towardZero: [-2, -1, 0, 0, 1, 2],
  awayFromZero: [-3, -2, -1, 1, 2, 3],
  halfEven: [-2, -2, 0, 0, 2, 2],
  halfTowardPositive: [-2, -1, 0, 1, 2, 3],
  halfTowardNegative: [-3, -2, -1, 0, 1, 2],
  halfAwayFromZero: [-3, -2, -1, 1, 2, 3],
  halfTowardZero: [-2, -1, 0, 0, 1, 2],
  halfEvenPositiveHalfUpNegative: [-2, -1, 0, 0, 2, 2],
};

test.each(ROUNDINGS)('%s rounds ties as its row says', (rounding) => {
  const row = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5].map((x) => roundReal(x, rounding) + 0);
  expect(row).toEqual(ties[rounding]);
});

test.each(ROUNDINGS)('%s follows its formula on all multiples of 1/16 from -64 to 64', (rounding) => {
  for (let i = -1024; i <= 1024; i++) {
    const x = i / 16;
    expect(roundReal(x, rounding) + 0, `${x}`).toBe(formulas[rounding](x) + 0);
  }
});

test.each(ROUNDINGS)('%s is exact next to ties, next to zero and for large values', (rounding) => {
  const nearest = !['floor', 'ceiling', 'towardZero', 'awayFromZero'].includes(rounding);
  if (nearest) {
    // The float64 neighbours of 0.5 lie on this and that side of the tie.
    expect(roundReal(0.49999999999999994, rounding)).toBe(0);
    expect(roundReal(-0.49999999999999994, rounding) + 0).toBe(0);
    expect(roundReal(0.5000000000000001, rounding)).toBe(1);
    expect(roundReal(-0.5000000000000001, rounding)).toBe(-1);
    expect(roundReal(-1e-300, rounding) + 0).toBe(0);
  }
  for (const x of [0, 2 ** 52 + 1, -(2 ** 53), 1e300, Infinity, -Infinity, NaN]) {
    expect(roundReal(x, rounding)).toBe(x);
  }
});

test.each(ROUNDINGS)('%s gives one result for reals, numbers and integers of any size', (rounding) => {
  fc.assert(
    fc.property(
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
      fc.integer({ min: -16, max: 40 }),
      (a, shift) => {
        const exact = roundReal(a * 2 ** -shift, rounding);
        expect(roundShift(a, shift, rounding)).toBe(exact);
        expect(roundShiftBig(BigInt(a), shift, rounding)).toBe(BigInt(exact));
      },
    ),
  );
});

test.each(ROUNDINGS)('%s of wide integers does not depend on an even multiple added', (rounding) => {
  // x + 2k * 2^s rounds to the result of x plus 2k where both keep their sign.
  const wide = fc.bigInt({ min: 1n << 60n, max: 1n << 90n });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 20 }),
      wide,
      fc.integer({ min: 1, max: 12 }),
      (a, k, shift) => {
        for (const direction of [1n, -1n]) {
          const moved = direction * (BigInt(a) + ((2n * k) << BigInt(shift)));
          const expected =
            BigInt(roundReal((Number(direction) * a) / 2 ** shift, rounding)) + direction * 2n * k;
          expect(roundShiftBig(moved, shift, rounding)).toBe(expected);
        }
      },
    ),
  );
});

test.each(ROUNDINGS)(
  '%s by constants equals its definition for all 13-bit integers and shifts',
  (rounding) => {
    for (let shift = 0; shift <= 12; shift++) {
      const { offset, ...masks } = roundingConstants(rounding, shift);
      const [evenMask, negativeMask] = [Number(masks.evenMask), Number(masks.negativeMask)];
      for (let a = -4096; a < 4096; a++) {
        const bit = (a >> shift) & 1;
        const negative = a >> 31;
        const rounded = (a + Number(offset) + ((bit & evenMask) | (negative & negativeMask))) >> shift;
        if (rounded !== formulas[rounding](a / 2 ** shift) + 0) {
          expect.fail(`${a} >> ${shift}: ${rounded}`);
        }
      }
    }
  },
);

test.each(ROUNDINGS)(
  '%s by constants equals its definition for all shifts of 64-bit integers',
  (rounding) => {
    const integers = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(
        integers,
        fc.integer({ min: 0, max: 62 }),
        fc.constantFrom(-1n, 0n, 1n),
        (a, shift, beside) => {
          const by = BigInt(shift);
          const { offset, evenMask, negativeMask } = roundingConstants(rounding, shift);
          // A tie, or next to one.
          const tie = ((2n * (a >> by) + 1n) << by) / 2n + beside;
          for (const x of [a, tie]) {
            const addend = offset + (((x >> by) & 1n & evenMask) | (x < 0n ? negativeMask : 0n));
            expect((x + addend) >> by).toBe(roundShiftBig(x, shift, rounding));
          }
        },
      ),
    );
  },
);
