/** Roundings of exact quotients by integer operators: docs/arithmetic.md section 2 for any positive divisor. */
import { ProgramError } from '../../../errors.js';
import type { Rounding } from '../../../formats/rounding.js';
import { type Integer, type Integers, mapNumbers, type Numbers } from './integers.js';

/**
 * What is added before the division is rounded down: `offset`, and at a tie, which only even divisors have, 1 or -1 where the
 * quotient rounded down is odd (`odd`) or the dividend negative (`negative`); `rest` is added to negative dividends, tie or not.
 */
interface Addends {
  readonly offset: (divisor: bigint) => bigint;
  readonly odd?: true;
  readonly negative?: 1n | -1n;
  readonly rest?: 1n | -1n;
}

const below = (divisor: bigint) => (divisor - 1n) / 2n;
const half = (divisor: bigint) => divisor / 2n;

const addends: Readonly<Record<string, Addends>> = {
  floor: { offset: () => 0n },
  ceiling: { offset: (divisor) => divisor - 1n },
  towardZero: { offset: () => 0n, rest: 1n },
  awayFromZero: { offset: (divisor) => divisor - 1n, rest: -1n },
  halfEven: { offset: below, odd: true },
  halfTowardPositive: { offset: half },
  halfTowardNegative: { offset: below },
  halfAwayFromZero: { offset: half, negative: -1n },
  halfTowardZero: { offset: below, negative: 1n },
  halfEvenPositiveHalfUpNegative: { offset: below, odd: true, negative: 1n },
};

/** a / divisor, rounded. Throws a ProgramError for stochastic rounding, which needs the index of the element. */
export function divideRounded(
  integers: Integers,
  a: Integer,
  divisor: Numbers,
  rounding: Rounding,
  where: string,
): Integer {
  if (divisor.values.every((value) => value === 1n)) return a;
  const rule = addends[rounding];
  if (rule === undefined)
    throw new ProgramError({ where, what: `integer ONNX has no operators for the rounding ${rounding}` });
  const even = mapNumbers(divisor, (value) => (value % 2n === 0n ? 1n : 0n));
  const addend = tieAddend(integers, a, divisor, even, rule);
  const dividend = addend === undefined ? a : integers.add(a, addend);
  return integers.floorDivide(dividend, divisor, mapNumbers(divisor, rule.offset));
}

/** What depends on the dividend; undefined where nothing does. */
function tieAddend(
  integers: Integers,
  a: Integer,
  divisor: Numbers,
  even: Numbers,
  { odd, negative, rest }: Addends,
): Integer | undefined {
  const sign = a.low < 0n ? integers.isNegative(a) : undefined;
  if (rest !== undefined)
    return (
      sign &&
      integers.multiply(
        sign,
        mapNumbers(divisor, (value) => rest * (value - 1n)),
      )
    );
  const ties = even.values.some((value) => value === 1n);
  if (!ties) return undefined;
  const masked = (value: Integer, factor: bigint) =>
    integers.multiply(
      value,
      mapNumbers(even, (entry) => entry * factor),
    );
  const parity = odd && integers.quotientParity(a, divisor);
  if (negative === undefined || sign === undefined) return parity && masked(parity, 1n);
  if (parity === undefined) return masked(sign, negative);
  return masked(integers.extremum('Max', [parity, sign]), 1n);
}
