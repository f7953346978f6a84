/** The numbers of a CMSIS-NN case by their names without the name of the case. */
import { existsSync, readFileSync } from 'node:fs';
import { type Format, fixed } from '#src/formats/format.js';
import type { Clamp, PerChannel, Requantize, Scaling } from '#src/program/instructions.js';
import { type CArray, readC } from './c-source.js';

export interface CmsisCase {
  readonly name: string;
  has(key: string): boolean;
  /** A number; the first of the keys that is there. */
  number(...keys: string[]): number;
  list(key: string): readonly number[];
  word(key: string): string | undefined;
  /** An array by the first of its usual names; undefined where it is left out or NULL. */
  array(...names: string[]): CArray | undefined;
  requireArray(...names: string[]): CArray;
}

/** Reads the headers that the case's test_data.h includes. `part` names one layer of several. */
export function readCase(folder: string, name: string, part?: string): CmsisCase {
  const path = `${folder}/${name}`;
  const list = `${path}/test_data.h`;
  if (!existsSync(list)) throw new Error(`${list}: is missing`);
  const included = [...readFileSync(list, 'utf8').matchAll(/#include "(\w+\.h)"/g)].map(([, file]) => file);
  const source = readC(included.map((file) => `${path}/${file}`));
  const prefix = part ?? name;
  const strip = <T>(map: ReadonlyMap<string, T>, prefixes: readonly string[]) => {
    const entries = [...map].flatMap(([key, value]) => {
      const found = prefixes.find((own) => key.toLowerCase().startsWith(`${own}_`));
      return found === undefined ? [] : [[key.slice(found.length + 1), value] as const];
    });
    return new Map(entries);
  };
  const config = part?.replace(/^.*?layer_(\d+)_(.*)$/, '$2_$1');
  const defines = strip(source.defines, [config ?? prefix]);
  const words = strip(source.words, [config ?? prefix]);
  const arrays = strip(source.arrays, [prefix]);
  const missing = (what: string): never => {
    throw new Error(`${path}: has no ${what}`);
  };
  const found: CmsisCase = {
    name: prefix,
    has: (key) => defines.has(key) || words.has(key),
    number(...keys) {
      const key = keys.find((own) => defines.has(own));
      return key === undefined ? missing(keys.join(' or ')) : defines.get(key)![0];
    },
    list: (key) => defines.get(key) ?? missing(key),
    word: (key) => words.get(key),
    array: (...names) => names.map((own) => arrays.get(own)).find((own) => own) ?? undefined,
    requireArray: (...names) => found.array(...names) ?? missing(names.join(' or ')),
  };
  return found;
}

/** The names of the layers of a case that is a network, in order. */
export function layersOf(folder: string, name: string): string[] {
  const text = readFileSync(`${folder}/${name}/test_data.h`, 'utf8');
  const layers = [...text.matchAll(/#include "(layer_(\d+)_\w+?)_config_data\.h"/g)];
  return layers.sort((a, b) => Number(a[2]) - Number(b[2])).map(([, layer]) => `${name}_${layer}`);
}

/** Integers of the array's width; `zeroPoint` is what the kernels call the negative offset. */
export function codesOf({ bits, signed }: Pick<CArray, 'bits' | 'signed'>, zeroPoint = 0): Format {
  return fixed(bits, 0, { signed, zeroPoint });
}

/** MultiplyByQuantizedMultiplier; CMSIS-NN counts shifts to the left. */
export function doublingBy(multiplier: PerChannel, shift: PerChannel): Scaling {
  const negated = typeof shift === 'number' ? -shift : shift.map((by) => -by);
  return { style: 'doubling', multiplier, shift: negated };
}

/** The requantisation of 64-bit sums: the multiplier reduced to 15 bits, one rounding. */
export function reducedBy(multipliers: PerChannel, shifts: PerChannel): Scaling {
  const each = (field: PerChannel, change: (value: number) => number) =>
    typeof field === 'number' ? change(field) : field.map(change);
  const multiplier = each(multipliers, (m) => (m < 0x7fff0000 ? (m + 2 ** 15) >> 16 : 0x7fff));
  const shift = each(shifts, (by) => 15 - by);
  return { style: 'multiplier', multiplier, shift, rounding: 'halfTowardPositive' };
}

export const saturating = (scaling: Scaling): Requantize => ({ ...scaling, overflow: 'saturate' });

export function activation(found: CmsisCase): Clamp {
  const low = found.number('OUT_ACTIVATION_MIN', 'ACTIVATION_MIN');
  return { low, high: found.number('OUT_ACTIVATION_MAX', 'ACTIVATION_MAX') };
}
