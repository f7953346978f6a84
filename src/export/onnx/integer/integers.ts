/**
 * Exact integer arithmetic in ONNX. Every value carries bounds, which choose between int32 and int64: nothing ever wraps, and
 * what 64 bits cannot hold is refused.
 */
import { ProgramError } from '../../../errors.js';
import { castTo, type GraphBuilder } from '../graph-builder.js';

export type IntegerType = 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'int64';

/** A value of the graph, and bounds of its elements. */
export interface Integer {
  readonly name: string;
  readonly type: IntegerType;
  readonly low: bigint;
  readonly high: bigint;
}

/** Constants that broadcast against a value: one number with the shape [], or a number for each index on some axes. */
export interface Numbers {
  readonly values: readonly bigint[];
  readonly shape: readonly number[];
}

export const scalar = (value: number | bigint): Numbers => ({ values: [BigInt(value)], shape: [] });

/** The same function of every entry. */
export function mapNumbers({ values, shape }: Numbers, entry: (value: bigint) => bigint): Numbers {
  return { values: values.map(entry), shape };
}

const least = (values: readonly bigint[]) => values.reduce((a, b) => (b < a ? b : a));
const greatest = (values: readonly bigint[]) => values.reduce((a, b) => (b > a ? b : a));

function fits(low: bigint, high: bigint, bits: bigint): boolean {
  return low >= -(1n << (bits - 1n)) && high < 1n << (bits - 1n);
}

export interface Integers {
  readonly builder: GraphBuilder;
  cast(value: Integer, type: IntegerType): Integer;
  add(a: Integer, b: Integer | Numbers): Integer;
  subtract(a: Integer, b: Integer): Integer;
  multiply(a: Integer, b: Integer | Numbers): Integer;
  /** floor((a + offset) / divisor) for divisors of at least 1; divisor and offset have one shape. */
  floorDivide(a: Integer, divisor: Numbers, offset: Numbers): Integer;
  /** floor(a / divisor) mod 2. */
  quotientParity(a: Integer, divisor: Numbers): Integer;
  /** a mod divisor, from 0 on. */
  modulo(a: Integer, divisor: bigint): Integer;
  /** 1 where a is below 0, else 0. */
  isNegative(a: Integer): Integer;
  /** a where the condition is below 0, else b. */
  whereNegative(condition: Integer, a: Integer, b: Integer): Integer;
  extremum(operator: 'Max' | 'Min', values: readonly Integer[]): Integer;
  clip(value: Integer, low: bigint, high: bigint): Integer;
  /** A value that another operator computes from integers, with bounds that are known. */
  value(name: string, type: IntegerType, low: number | bigint, high: number | bigint): Integer;
}

export function createIntegers(builder: GraphBuilder, place: () => string): Integers {
  /** The narrower of int32 and int64 that holds these bounds. */
  function typeFor(low: bigint, high: bigint): 'int32' | 'int64' {
    if (fits(low, high, 32n)) return 'int32';
    if (fits(low, high, 64n)) return 'int64';
    const bits = Math.max(low.toString(2).length, high.toString(2).length) + 1;
    const what = 'needs integers wider than ONNX has';
    throw new ProgramError({ where: place(), what, expected: 'at most 64 bits', got: `${bits}` });
  }

  function cast(value: Integer, type: IntegerType): Integer {
    if (value.type === type) return value;
    return { ...value, type, name: builder.node('Cast', [value.name], castTo(type)) };
  }

  const constant = (type: IntegerType, { values, shape }: Numbers) => {
    const uniform = values.every((value) => value === values[0]);
    return builder.numbers(type, uniform ? [] : shape, uniform ? values.slice(0, 1) : values);
  };

  /** The bounds of both operands and of the result decide the type. */
  function binary(operator: string, a: Integer, b: Integer | Numbers, ends: readonly bigint[]): Integer {
    const low = least(ends);
    const high = greatest(ends);
    const range = 'values' in b ? b.values : [b.low, b.high];
    const type = typeFor(least([low, a.low, ...range]), greatest([high, a.high, ...range]));
    const right = 'values' in b ? constant(type, b) : cast(b, type).name;
    return { name: builder.node(operator, [cast(a, type).name, right]), type, low, high };
  }

  /** (a + offset) / divisor by a division of numbers that are not negative: `lift` is added to the quotient, an even number. */
  function liftedQuotient(a: Integer, divisor: Numbers, offset: Numbers) {
    const lifts = divisor.values.map((d, index) => {
      const below = -(a.low + offset.values[index]);
      return below <= 0n ? 0n : 2n * ((below + 2n * d - 1n) / (2n * d));
    });
    const total = {
      shape: divisor.shape,
      values: lifts.map((lift, index) => lift * divisor.values[index] + offset.values[index]),
    };
    const lifted = integers.add(a, total);
    const ends = total.values.flatMap((value, index) =>
      [a.low, a.high].map((end) => (end + value) / divisor.values[index]),
    );
    return { quotient: binary('Div', lifted, divisor, ends), lifts: { shape: divisor.shape, values: lifts } };
  }

  /** a < b ? x : y. */
  function where(a: string, b: string, x: string, y: string): string {
    return builder.node('Where', [builder.node('Less', [a, b]), x, y]);
  }

  /** Clip, Min and Max of ONNX Runtime are wrong on 64 bits where AVX2 computes them; comparisons are not. */
  function limit64(name: string, low: string, high: string, below: boolean, above: boolean): string {
    const raised = below ? where(name, low, low, name) : name;
    return above ? where(high, raised, high, raised) : raised;
  }

  const isUniform = ({ values }: Numbers, value: bigint) => values.every((entry) => entry === value);

  const integers: Integers = {
    builder,
    cast,
    add(a, b) {
      if ('values' in b && isUniform(b, 0n)) return a;
      const [low, high] = 'values' in b ? [least(b.values), greatest(b.values)] : [b.low, b.high];
      return binary('Add', a, b, [a.low + low, a.high + high]);
    },
    subtract: (a, b) => binary('Sub', a, b, [a.low - b.high, a.high - b.low]),
    multiply(a, b) {
      if ('values' in b && isUniform(b, 1n)) return a;
      const others = 'values' in b ? b.values : [b.low, b.high];
      return binary(
        'Mul',
        a,
        b,
        others.flatMap((other) => [a.low * other, a.high * other]),
      );
    },
    floorDivide(a, divisor, offset) {
      if (isUniform(divisor, 1n)) return integers.add(a, offset);
      const { quotient, lifts } = liftedQuotient(a, divisor, offset);
      const ends = divisor.values.flatMap((d, index) =>
        [a.low, a.high].map(
          (end) => (end + offset.values[index] + lifts.values[index] * d) / d - lifts.values[index],
        ),
      );
      const result = integers.add(
        quotient,
        mapNumbers(lifts, (lift) => -lift),
      );
      return { ...result, low: least(ends), high: greatest(ends) };
    },
    quotientParity(a, divisor) {
      const { quotient } = liftedQuotient(
        a,
        divisor,
        mapNumbers(divisor, () => 0n),
      );
      return integers.modulo(quotient, 2n);
    },
    modulo: (a, divisor) => binary('Mod', a, scalar(divisor), [0n, divisor - 1n]),
    isNegative(a) {
      const name = builder.node('Less', [a.name, builder.numbers(a.type, [], [0])]);
      const value = builder.node('Cast', [name], castTo('int32'));
      return { name: value, type: 'int32', low: 0n, high: 1n };
    },
    whereNegative(condition, a, b) {
      const [low, high] = [least([a.low, b.low]), greatest([a.high, b.high])];
      const type = typeFor(low, high);
      const zero = builder.numbers(condition.type, [], [0]);
      const [x, y] = [cast(a, type).name, cast(b, type).name];
      return { name: where(condition.name, zero, x, y), type, low, high };
    },
    extremum(operator, values) {
      const pick = operator === 'Max' ? greatest : least;
      const [low, high] = [pick(values.map((value) => value.low)), pick(values.map((value) => value.high))];
      const type = typeFor(
        least(values.map((value) => value.low)),
        greatest(values.map((value) => value.high)),
      );
      const names = values.map((value) => cast(value, type).name);
      if (type === 'int32') return { name: builder.node(operator, names), type, low, high };
      const name = names.reduce((a, b) => (operator === 'Max' ? where(a, b, b, a) : where(a, b, a, b)));
      return { name, type, low, high };
    },
    clip(value, low, high) {
      if (low <= value.low && value.high <= high) return value;
      const clamp = (x: bigint) => (x < low ? low : x > high ? high : x);
      // Limits that the type cannot hold lie outside of the bounds.
      const limits = [low < value.low ? value.low : low, high > value.high ? value.high : high];
      const plain = limits[0] <= limits[1] ? limits : [clamp(value.low), clamp(value.low)];
      const type = value.type === 'int64' ? 'int64' : 'int32';
      const [floor, ceiling] = plain.map((limit) => builder.numbers(type, [], [limit]));
      const { name } = cast(value, type);
      const clipped =
        type === 'int32'
          ? builder.node('Clip', [name, floor, ceiling])
          : limit64(name, floor, ceiling, low > value.low, high < value.high);
      return { name: clipped, type, low: clamp(value.low), high: clamp(value.high) };
    },
    value: (name, type, low, high) => ({ name, type, low: BigInt(low), high: BigInt(high) }),
  };
  return integers;
}
