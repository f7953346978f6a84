/**
 * How a value of an instruction is written: as words of the text form and as a field of the program file. Fields combine
 * into groups, so that operations.ts is one table from which printer, parser and file are all derived.
 */
import { ProgramError } from '../errors.js';

/** The `key=value` words of one line of text; a field takes its own, what is left over is an error. */
export type Words = Map<string, string>;

export interface Field<T> {
  /** Words of the text form; none where the value is the default. */
  print(value: T, key: string): string[];
  parse(words: Words, key: string): T;
  encode(value: T): unknown;
  decode(wire: unknown, key: string): T;
}

/** What is wrong with one field; whoever knows the file and line adds them. */
export function refuse(key: string, expected: string, got: unknown): never {
  const text = String(got);
  throw new ProgramError({
    where: key,
    what: 'cannot be read',
    expected,
    got: text.length > 40 ? `${text.slice(0, 40)}...` : text,
  });
}

/** How one value is written on both sides; `parse` and `decode` return undefined for what is not such a value. */
export interface Spelling<T> {
  readonly expected: string;
  print(value: T): string;
  parse(text: string): T | undefined;
  encode(value: T): unknown;
  decode(wire: unknown): T | undefined;
}

/** A value that is always written. */
export function required<T>(spelling: Spelling<T>, rename?: string): Field<T> {
  return {
    print: (value, key) => [`${rename ?? key}=${spelling.print(value)}`],
    parse(words, key) {
      const name = rename ?? key;
      const text = words.get(name);
      if (text === undefined) return refuse(name, `${name}=${spelling.expected}`, 'nothing');
      words.delete(name);
      return spelling.parse(text) ?? refuse(name, spelling.expected, text);
    },
    encode: spelling.encode,
    decode: (wire, key) => spelling.decode(wire) ?? refuse(key, spelling.expected, wire),
  };
}

/** A value that the text leaves out where it is `otherwise`. The file always has it. */
export function optional<T>(spelling: Spelling<T>, otherwise: T, rename?: string): Field<T> {
  const field = required(spelling, rename);
  const silent = spelling.print(otherwise);
  return {
    ...field,
    print: (value, key) => (spelling.print(value) === silent ? [] : field.print(value, key)),
    parse: (words, key) => (words.has(rename ?? key) ? field.parse(words, key) : otherwise),
  };
}

/** Several fields side by side: their words follow each other, in the file they form a message. */
export function group<T extends object>(fields: { readonly [K in keyof T]: Field<T[K]> }): Field<T> {
  const keys = Object.keys(fields) as (keyof T & string)[];
  const map = (convert: (key: keyof T & string) => unknown) =>
    Object.fromEntries(keys.map((key) => [key, convert(key)]));
  return {
    print: (value) => keys.flatMap((key) => fields[key].print(value[key], key)),
    parse: (words) => map((key) => fields[key].parse(words, key)) as T,
    encode: (value) => map((key) => fields[key].encode(value[key])),
    decode(wire, where) {
      if (typeof wire !== 'object' || wire === null) return refuse(where, 'a message', wire);
      return map((key) => fields[key].decode((wire as Record<string, unknown>)[key], key)) as T;
    },
  };
}

/** A group, or null: absent in the file, and in the text where the word `marker` is. */
export function nullable<T>(field: Field<T>, marker: string): Field<T | null> {
  return {
    print: (value, key) => (value === null ? [] : field.print(value, key)),
    parse: (words, key) => (words.has(marker) ? field.parse(words, key) : null),
    encode: (value) => (value === null ? undefined : field.encode(value)),
    decode: (wire, key) => (wire === null || wire === undefined ? null : field.decode(wire, key)),
  };
}
