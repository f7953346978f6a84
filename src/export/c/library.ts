/** The functions and structures of a C file: each is written once, before what uses it, and only where something does. */
import type { ProgramTensor } from '../../program/program.js';

export interface Library {
  /**
   * Adds a definition unless one of that name is there, and returns the name. `text` may add what the definition uses,
   * which then stands before it.
   */
  define(name: string, text: () => string): string;
  /** All definitions, in order. */
  text(): string;
}

export function createLibrary(): Library {
  const names = new Set<string>();
  const texts: string[] = [];
  return {
    define(name, text) {
      if (names.has(name)) return name;
      names.add(name);
      texts.push(text().trim());
      return name;
    },
    text: () => texts.join('\n\n'),
  };
}

/** How elements are stored: the C type, and its short name in the names of functions and of the arena's members. */
export interface Storage {
  readonly type: string;
  readonly short: string;
  readonly bytes: number;
}

const FLOAT: Storage = { type: 'float', short: 'f32', bytes: 4 };

/** The smallest type of 8, 16, 32 or 64 bits that holds a tensor's codes; float where it has none. */
export function storageOf({ format }: Pick<ProgramTensor, 'format'>): Storage {
  if (format === null) return FLOAT;
  const bits = [8, 16, 32].find((width) => format.bits <= width) ?? 64;
  const signed = format.signed || bits === 64;
  return { type: `${signed ? '' : 'u'}int${bits}_t`, short: `${signed ? 'i' : 'u'}${bits}`, bytes: bits / 8 };
}
