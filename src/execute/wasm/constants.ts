/** The constants region: addresses are given out first, contents are written once when the memory has its size. */
import { ProgramError } from '../../errors.js';
import { ALIGNMENT, align } from '../memory-plan.js';
import type { Kernels } from './variants.js';
import type { Memory } from './webassembly.js';

/** Kernels may read this many bytes behind what they were given. */
export const SLACK = 64;

/** The same behind the last tensor of an arena. */
export const ARENA_SLACK = 4096;

type Content =
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** Where content is written, and what may help. */
export interface Target {
  readonly memory: Memory;
  readonly address: number;
  /** Address of free bytes behind all constants. */
  readonly scratch: number;
  /** The kernels on this memory. */
  readonly kernels: Kernels;
}

export interface Constants {
  /**
   * Address of `bytes` bytes that `make` will produce. Contents with the same key are stored once. Kernels may read
   * SLACK bytes behind them.
   */
  place(bytes: number, make: () => Content, key?: string): number;
  /** The same for what `write` puts there itself, with `scratch` free bytes. */
  compute(bytes: number, scratch: number, write: (target: Target) => void, key?: string): number;
  /** Bytes given out so far. */
  readonly bytes: number;
  /** Writes everything to the start of a memory, to which `kernels` are bound once it has its size. */
  write(memory: Memory, kernels: (memory: Memory) => Kernels): void;
}

export function createConstants(where: string): Constants {
  const known = new Map<string, number>();
  const contents: { address: number; scratch: number; write: (target: Target) => void }[] = [];
  let bytes = ALIGNMENT;
  const compute: Constants['compute'] = (size, scratch, write, key) => {
    const found = key === undefined ? undefined : known.get(key);
    if (found !== undefined) return found;
    const address = bytes;
    bytes += align(size + SLACK);
    contents.push({ address, scratch, write });
    if (key !== undefined) known.set(key, address);
    return address;
  };
  return {
    compute,
    place(size, make, key) {
      const copy = ({ memory, address }: Target) => {
        const { buffer, byteOffset, byteLength } = make();
        new Uint8Array(memory.buffer, address, byteLength).set(
          new Uint8Array(buffer, byteOffset, byteLength),
        );
      };
      return compute(size, 0, copy, key);
    },
    get bytes() {
      return bytes;
    },
    write(memory, bind) {
      const free = align(bytes);
      growMemory(memory, free + contents.reduce((most, { scratch }) => Math.max(most, scratch), 0), where);
      const kernels = bind(memory);
      for (const { address, write } of contents) write({ memory, address, scratch: free, kernels });
    },
  };
}

/** Grows a memory to at least `bytes`. Throws a ProgramError above 4 GiB or where the machine has no more. */
export function growMemory(memory: Memory, bytes: number, where: string): void {
  // What `buffer` says may be old while other threads grow the memory.
  const pages = memory.grow(0);
  const missing = Math.ceil(bytes / 65536) - pages;
  if (missing <= 0) return;
  const facts = {
    where,
    what: 'the program needs too much memory',
    got: `${Math.ceil(bytes / 2 ** 20)} MiB`,
  };
  if (bytes > 2 ** 32) throw new ProgramError({ ...facts, expected: 'at most 4096 MiB' });
  try {
    memory.grow(missing);
  } catch (cause) {
    if (memory.grow(0) === pages)
      throw new ProgramError({ ...facts, expected: 'what the machine can give', cause });
    growMemory(memory, bytes, where);
  }
}
