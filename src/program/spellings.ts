/** How the values in instructions are spelled: numbers, lists, names and the few that are more than that. */
import {
  isRounding,
  type NamedRounding,
  OVERFLOWS,
  ROUNDINGS,
  type Rounding,
  seedOf,
} from '../formats/rounding.js';
import type { Spelling } from './field.js';
import { type Accumulator, BINARY_FUNCTIONS, type Clamp, NORMALIZE_RESULTS } from './instructions.js';
import { program as proto } from './program.proto.js';

/** Text of a float64 that reads back as the same number. */
export function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** The float64 behind such a text, undefined for anything else. */
export function parseNumber(text: string): number | undefined {
  if (text === 'NaN') return Number.NaN;
  return /^-?(Infinity|\d+(\.\d+)?(e[+-]\d+)?)$/.test(text) ? Number(text) : undefined;
}

function parseInteger(text: string): number | undefined {
  const value = /^-?\d+$/.test(text) ? Number(text) : undefined;
  return value !== undefined && Number.isSafeInteger(value) ? value : undefined;
}

/** A value that the file holds as it is. */
function plain<T>(
  expected: string,
  print: (value: T) => string,
  parse: (text: string) => T | undefined,
): Spelling<T> {
  return { expected, print, parse, encode: (value) => value, decode: (wire) => wire as T };
}

export const integer = plain('INTEGER', numberText, parseInteger);
export const number = plain('NUMBER', numberText, parseNumber);
export const flag = plain<boolean>('true or false', String, (text) =>
  text === 'true' || text === 'false' ? text === 'true' : undefined,
);

function parseSign(text: string): 1 | -1 | undefined {
  return text === '1' ? 1 : text === '-1' ? -1 : undefined;
}

/** The parts of `[a,b(c,d),[e,f]]`: commas inside of brackets belong to their part. */
function items(text: string): string[] | undefined {
  if (!text.startsWith('[') || !text.endsWith(']')) return undefined;
  const inside = text.slice(1, -1);
  return inside === '' ? [] : parts(inside);
}

function parts(text: string): string[] {
  const found = [''];
  let depth = 0;
  for (const character of text) {
    if (character === ',' && depth === 0) found.push('');
    else found[found.length - 1] += character;
    if (character === '[' || character === '(') depth++;
    if (character === ']' || character === ')') depth--;
  }
  return found;
}

/** The name and the parts of `name(a,b)`. */
export function call(text: string): { name: string; parts: string[] } | undefined {
  const match = /^(\w+)\((.*)\)$/.exec(text);
  return match ? { name: match[1], parts: parts(match[2]) } : undefined;
}

/** `[a,b]`; of exactly `length` items where that is given. */
export function list<T, L extends readonly T[] = readonly T[]>(
  item: Spelling<T>,
  length?: number,
): Spelling<L> {
  const whole = (values: readonly (T | undefined)[] | undefined) =>
    values?.every((value) => value !== undefined) && (length === undefined || values.length === length)
      ? (values as unknown as L)
      : undefined;
  return {
    expected: length === undefined ? `a list of ${item.expected}` : `a list of ${length} ${item.expected}`,
    print: (values) => `[${values.map((value) => item.print(value)).join(',')}]`,
    parse: (text) => whole(items(text)?.map((part) => item.parse(part))),
    encode: (values) => values.map((value) => item.encode(value)),
    decode: (wire) => whole((wire as unknown[]).map((part) => item.decode(part))),
  };
}

/** 1 or -1. */
export const sign: Spelling<1 | -1> = {
  ...plain('1 or -1', numberText, parseSign),
  decode: (wire) => (wire === 1 || wire === -1 ? wire : undefined),
};

export const integers = list<number>(integer);
export const pair = list<number, readonly [number, number]>(integer, 2);
export const quad = list<number, readonly [number, number, number, number]>(integer, 4);

/** One number for all channels, or a list with one per channel. */
function onePerChannel(item: Spelling<number>): Spelling<number | readonly number[]> {
  const items = list(item);
  return {
    expected: `${item.expected} or ${items.expected}`,
    print: (value) => (typeof value === 'number' ? item.print(value) : items.print(value)),
    parse: (text) => item.parse(text) ?? items.parse(text),
    encode: (value) =>
      typeof value === 'number' ? { values: [value] } : { values: value, perChannel: true },
    decode(wire) {
      const message = wire as proto.Integers.$Properties | proto.Numbers.$Properties | null;
      const values = message?.values;
      if (!values) return undefined;
      if (message.perChannel) return values;
      return values.length === 1 ? values[0] : undefined;
    },
  };
}

export const perChannel = onePerChannel(integer);
export const scales = onePerChannel(number);

/** One of `names`; in the file an enumeration whose constants are `prefix` and the name in capitals. */
function name<T extends string>(names: readonly T[], enumeration: object, prefix: string): Spelling<T> {
  const numbers = new Map(
    names.map((entry) => [
      entry,
      (enumeration as Record<string, number>)[`${prefix}_${entry.replace(/[A-Z]/g, '_$&').toUpperCase()}`],
    ]),
  );
  return {
    expected: names.join(' | '),
    print: (value) => value,
    parse: (text) => names.find((entry) => entry === text),
    encode: (value) => numbers.get(value),
    decode: (wire) => names.find((entry) => numbers.get(entry) === wire),
  };
}

const roundingName = name([...ROUNDINGS, 'stochastic'], proto.RoundingName, 'ROUNDING');

/** A name, or `stochastic(SEED)`. */
export const rounding: Spelling<Rounding> = {
  expected: `${ROUNDINGS.join(' | ')} | stochastic(SEED)`,
  print: (value) => value,
  parse: (text) => (isRounding(text) ? text : undefined),
  encode(value) {
    const seed = seedOf(value);
    return seed === undefined
      ? { name: roundingName.encode(value as NamedRounding) }
      : { name: roundingName.encode('stochastic'), seed };
  },
  decode(wire) {
    const message = wire as proto.Rounding | null;
    const found = message ? roundingName.decode(message.name) : undefined;
    return found === 'stochastic' ? `stochastic(${message!.seed})` : found;
  },
};

export const overflow = name(OVERFLOWS, proto.Overflow, 'OVERFLOW');
export const binaryFunction = name(BINARY_FUNCTIONS, proto.BinaryFunction, 'BINARY_FUNCTION');
export const normalizeResult = name(NORMALIZE_RESULTS, proto.NormalizeResult, 'NORMALIZE_RESULT');
export const extremum = name(['maximum', 'minimum'], proto.Extremum, 'EXTREMUM');
export const reduction = name(['sum', 'maximum', 'minimum'], proto.Reduction, 'REDUCTION');
export const biasOrder = name(['first', 'last'], proto.BiasOrder, 'BIAS_ORDER');
const LOOPS = ['row', 'column', 'inputBlock', 'inputChannel', 'inputLane'] as const;
export const loops = list<(typeof LOOPS)[number]>(name(LOOPS, proto.Loop, 'LOOP'));

/** `[low,high]`. */
export const clamp: Spelling<Clamp> = {
  expected: 'a list of low and high',
  print: ({ low, high }) => list(number).print([low, high]),
  parse(text) {
    const ends = list<number>(number, 2).parse(text);
    return ends && { low: ends[0], high: ends[1] };
  },
  encode: (value) => value,
  decode(wire) {
    const message = wire as proto.Clamp | null;
    return message ? { low: message.low, high: message.high } : undefined;
  },
};

/** `[every,bits,rounding,overflow]`. */
export const partialSum: Spelling<NonNullable<Accumulator['partialSum']>> = {
  expected: '[every,bits,rounding,overflow]',
  print: (sum) => `[${sum.every},${sum.bits},${sum.rounding},${sum.overflow}]`,
  parse(text) {
    const words = items(text);
    if (words?.length !== 4) return undefined;
    const [every, bits] = words.map(parseInteger);
    const mode = rounding.parse(words[2]);
    const limit = overflow.parse(words[3]);
    if (every === undefined || bits === undefined || mode === undefined || limit === undefined)
      return undefined;
    return { every, bits, rounding: mode, overflow: limit };
  },
  encode: (sum) => ({
    ...sum,
    rounding: rounding.encode(sum.rounding),
    overflow: overflow.encode(sum.overflow),
  }),
  decode(wire) {
    const { every, bits, ...modes } = wire as proto.PartialSum;
    const mode = rounding.decode(modes.rounding);
    const limit = overflow.decode(modes.overflow);
    return mode === undefined || limit === undefined
      ? undefined
      : { every, bits, rounding: mode, overflow: limit };
  },
};
