/**
 * Calls of every kernel and what they must give, recorded when the package is built (scripts/known-answers.mjs) from small programs with
 * codes from one end of their range to the other and sizes of every remainder.
 *
 * The file: the length of a header (u32), the header in JSON, the bytes of all segments one after another.
 */
import { readAsset } from '../../platform/assets.js';
import { growMemory } from './constants.js';
import type { Kernel } from './kernels.js';
import { instantiate, type KernelSet } from './variants.js';
import { createMemory } from './webassembly.js';

export interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface KnownAnswer {
  /** Bytes of the memory that the calls use. */
  readonly size: number;
  /** The memory at first; what is not listed is zero. */
  readonly before: readonly Segment[];
  readonly calls: readonly { readonly kernel: Kernel; readonly args: readonly number[] }[];
  /** What must be in the memory afterwards. */
  readonly after: readonly Segment[];
}

/** Address and length. */
type Place = readonly [address: number, length: number];

interface Entry extends Pick<KnownAnswer, 'size'> {
  readonly before: readonly Place[];
  /** Infinities and -0, which JSON does not have, in quotation marks. */
  readonly calls: readonly { readonly kernel: Kernel; readonly args: readonly (number | string)[] }[];
  readonly after: readonly Place[];
}

export function encodeAnswers(answers: readonly KnownAnswer[]): Uint8Array {
  const placesOf = (segments: readonly Segment[]) =>
    segments.map(({ address, bytes }): Place => [address, bytes.length]);
  const entries = answers.map(({ size, before, calls, after }): Entry => {
    const quoted = calls.map(({ kernel, args }) => ({ kernel, args: args.map(quote) }));
    return { size, before: placesOf(before), calls: quoted, after: placesOf(after) };
  });
  const header = new TextEncoder().encode(JSON.stringify(entries));
  const parts = answers.flatMap(({ before, after }) => [...before, ...after]).map(({ bytes }) => bytes);
  const length = Uint8Array.of(header.length, header.length >> 8, header.length >> 16, header.length >> 24);
  const all = [length, header, ...parts];
  const file = new Uint8Array(all.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of all) {
    file.set(part, position);
    position += part.length;
  }
  return file;
}

function quote(arg: number): number | string {
  if (Object.is(arg, -0)) return '-0';
  return Number.isFinite(arg) ? arg : String(arg);
}

/** The answers one after another: all at once would make the heap larger for the rest of the process. */
export function* readAnswers(): Generator<KnownAnswer> {
  const file = readAsset(new URL('./known-answers.bin', import.meta.url));
  const length = file[0] | (file[1] << 8) | (file[2] << 16) | (file[3] << 24);
  const header = new TextDecoder().decode(file.subarray(4, 4 + length));
  let position = 4 + length;
  const segment = ([address, size]: Place): Segment => {
    position += size;
    return { address, bytes: file.subarray(position - size, position) };
  };
  for (const { size, before, calls, after } of JSON.parse(header) as Entry[]) {
    const numbers = calls.map(({ kernel, args }) => ({ kernel, args: args.map(Number) }));
    yield { size, before: before.map(segment), calls: numbers, after: after.map(segment) };
  }
}

/** True where kernels give the known answers to all calls that they have. */
export function answersRight(
  kernels: Pick<KernelSet, 'modules'>,
  answers: Iterable<KnownAnswer> = readAnswers(),
): boolean {
  const memory = createMemory();
  const functions = instantiate(kernels, memory);
  for (const { size, before, calls, after } of answers) {
    if (calls.some(({ kernel }) => functions[kernel] === undefined)) continue;
    growMemory(memory, size, 'known answers');
    const all = new Uint8Array(memory.buffer);
    all.fill(0, 0, size);
    for (const { address, bytes } of before) all.set(bytes, address);
    if (calls.some(({ kernel, args }) => functions[kernel](...args))) return false;
    const holds = ({ address, bytes }: Segment) =>
      areEqual(all.subarray(address, address + bytes.length), bytes);
    if (!after.every(holds)) return false;
  }
  return true;
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < b.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
