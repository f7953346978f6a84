/** Numbers out of C headers: `#define NAME 3`, `const int8_t name[2] = {1, 2};` and other names for arrays. */
import { readFileSync } from 'node:fs';

/** An array with the bits of its type; 64-bit integers are exact up to 2^53. */
export interface CArray {
  readonly bits: number;
  readonly signed: boolean;
  readonly values: readonly number[];
}

export interface CSource {
  /** A number, or several in braces. */
  readonly defines: ReadonlyMap<string, readonly number[]>;
  readonly words: ReadonlyMap<string, string>;
  /** Null for a pointer to nothing. */
  readonly arrays: ReadonlyMap<string, CArray | null>;
}

const integers = (text: string): number[] => (text.match(/-?\d+/g) ?? []).map(Number);

/** Reads headers one after the other; a name that comes twice has its last value. */
export function readC(paths: readonly string[]): CSource {
  const defines = new Map<string, readonly number[]>();
  const words = new Map<string, string>();
  const arrays = new Map<string, CArray | null>();
  for (const path of paths) {
    const text = readFileSync(path, 'utf8')
      .replaceAll(/\/\/.*$/gm, '')
      .replaceAll(/\\\r?\n/g, ' ');
    for (const [, name, value] of text.matchAll(/^\s*#define\s+(\w+)\s+(.+)$/gm)) {
      if (/^[A-Za-z]/.test(value)) words.set(name, value.trim());
      else defines.set(name, integers(value));
    }
    for (const [, type, name, body] of text.matchAll(
      /(u?int\d+_t|unsigned char)\s+(\w+)\s*\[[^\]]*\]\s*=\s*\{([^}]*)\}/g,
    )) {
      const bits = type === 'unsigned char' ? 8 : Number(/\d+/.exec(type)![0]);
      arrays.set(name, { bits, signed: type.startsWith('int'), values: integers(body) });
    }
    for (const [, name, target] of text.matchAll(/\*\s*const\s+(\w+)\s*=\s*(\w+)\s*;/g))
      arrays.set(name, target === 'NULL' ? null : (arrays.get(target) ?? null));
    for (const [, name, value] of text.matchAll(/const\s+(?:int|bool)\s+(\w+)\s*=\s*(-?\d+|true|false)\s*;/g))
      defines.set(name, [value === 'true' ? 1 : value === 'false' ? 0 : Number(value)]);
  }
  return { defines, words, arrays };
}
