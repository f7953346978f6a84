/** Names and values of the text form: how print.ts writes them and parse.ts reads them. */
import type { Codes, Format } from '../formats/format.js';
import { formatText } from '../formats/format.js';
import { sha256 } from '../platform/files.js';
import type { ProgramTensor } from './program.js';
import { numberText } from './spellings.js';

/** Constants with more elements than this are printed as their digest. */
export const PRINTED_ELEMENTS = 64;

const BARE = /^[\w./:@$+-]+$/;

/** A name as it stands where it has no space or punctuation of the grammar in it, else as a JSON string. */
export function nameText(name: string): string {
  return BARE.test(name) && name !== '->' ? name : JSON.stringify(name);
}

/** The name behind a word, undefined where the word is neither a bare name nor a JSON string. */
export function parseName(word: string): string | undefined {
  if (BARE.test(word)) return word;
  if (!word.startsWith('"')) return undefined;
  try {
    return JSON.parse(word) as string;
  } catch {
    return undefined;
  }
}

/** Format and shape: `fixed(8,4) [1,28,28,1]` or `f32 [1,10]`. */
export function typeText({ format, shape }: { format: Format | null; shape: readonly number[] }): string {
  return `${format === null ? 'f32' : formatText(format)} [${shape.join(',')}]`;
}

/** SHA-256 over the elements as little-endian bytes. */
export function dataDigest(data: Codes | Float32Array): string {
  return sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** The shortest decimal that rounds to the same float32. */
export function float32Text(value: number): string {
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Object.is(Math.fround(short), value)) return numberText(short);
  }
  return numberText(value);
}

/** Elements of a constant: all of a small one, the digest of a large one. */
export function dataText(data: Codes | Float32Array): string {
  if (data.length > PRINTED_ELEMENTS) return `data ${data.length} sha256:${dataDigest(data)}`;
  const print = data instanceof Float32Array ? float32Text : String;
  return Array.from(data as ArrayLike<number>, print).join(' ');
}

/** The name that an instruction has where its line does not say another. */
export function defaultName(node: string, operation: string, output: Pick<ProgramTensor, 'name'>): string {
  return node === '' ? `${output.name}/${operation}` : node;
}
