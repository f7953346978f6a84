/** Memories as `$readmemh` of Verilog reads them: one word per line, elements packed from the low bits on. */
import { InputError } from '../errors.js';
import type { Elements } from '../execute/executor.js';
import type { Format } from '../formats/format.js';

/** How elements lie in words: element 0 of a word in its low bits, in two's complement; float32 by its bits. */
export interface Word {
  readonly laneBits: number;
  readonly lanes: number;
}

/** Widths that memories have. */
export const STORED_BITS = [8, 16, 32, 64] as const;

/**
 * One element per word, as wide as its format; or, where a width of words is given, as many as fit, each in the smallest
 * of 8, 16, 32 and 64 bits that holds it.
 */
export function wordOf(format: Format | null, wordBits?: number): Word {
  const bits = format?.bits ?? 32;
  if (wordBits === undefined) return { laneBits: bits, lanes: 1 };
  const laneBits = STORED_BITS.find((width) => bits <= width)!;
  return { laneBits, lanes: Math.max(1, Math.floor(wordBits / laneBits)) };
}

/** Text of a memory. A last word that is not full is filled with zeros. */
export function encodeMemory(elements: Elements, { laneBits, lanes }: Word): string {
  const bits = elements instanceof Float32Array ? floatBits(elements) : elements;
  const digits = Math.ceil((laneBits * lanes) / 4);
  const lines: string[] = [];
  for (let first = 0; first < bits.length; first += lanes) {
    let word = 0n;
    for (let lane = Math.min(lanes, bits.length - first) - 1; lane >= 0; lane--)
      word = (word << BigInt(laneBits)) | BigInt.asUintN(laneBits, BigInt(bits[first + lane]));
    lines.push(word.toString(16).padStart(digits, '0'));
  }
  return `${lines.join('\n')}\n`;
}

function floatBits(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

/**
 * Reads `length` elements of a memory: words in hexadecimal between spaces, comments and `@ADDRESS`. The packing is
 * `word` or, without it, follows from the number of words and their digits. Codes are given as they stand, which may be
 * outside of the format. Throws an InputError naming `where`.
 */
export function decodeMemory(
  text: string,
  length: number,
  format: Format | null,
  where: string,
  word?: Word,
): Elements {
  const words = readWords(text, where);
  const packing = word ?? guessWord(words, length, format);
  const { laneBits, lanes } = packing;
  const needed = Math.ceil(length / lanes);
  if (words.length !== needed) {
    const expected = `${needed} of ${lanes} elements with ${laneBits} bits`;
    throw new InputError({ where, what: 'has a wrong number of words', expected, got: String(words.length) });
  }
  const lane = (index: number) => {
    const bits = BigInt(`0x${words[Math.floor(index / lanes)]}`);
    return BigInt.asUintN(laneBits, bits >> BigInt((index % lanes) * laneBits));
  };
  if (format === null)
    return new Float32Array(Uint32Array.from({ length }, (_, i) => Number(lane(i))).buffer);
  const extend = (bits: bigint) => (format.signed ? BigInt.asIntN(laneBits, bits) : bits);
  if (format.bits > 32) return BigInt64Array.from({ length }, (_, index) => extend(lane(index)));
  const codes = format.signed ? new Int32Array(length) : new Uint32Array(length);
  return codes.map((_, index) => Number(extend(lane(index))));
}

function readWords(text: string, where: string): string[] {
  const words: string[] = [];
  const plain = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ' ');
  for (const token of plain.split(/\s+/)) {
    if (token === '') continue;
    const address = /^@([0-9a-f]+)$/i.exec(token);
    if (address !== null) {
      if (Number.parseInt(address[1], 16) === words.length) continue;
      throw new InputError({
        where,
        what: 'leaves words out',
        expected: `@${words.length.toString(16)}`,
        got: token,
      });
    }
    const digits = token.replaceAll('_', '');
    if (!/^[0-9a-f]+$/i.test(digits)) {
      throw new InputError({
        where,
        what: `word ${words.length} is not known`,
        expected: 'hexadecimal digits',
        got: token,
      });
    }
    words.push(digits);
  }
  return words;
}

/** The low bits of each word where there are as many words as elements; else lanes that fill the words. */
function guessWord(words: readonly string[], length: number, format: Format | null): Word {
  const bits = format?.bits ?? 32;
  const digits = words.reduce((most, { length }) => Math.max(most, length), 1);
  if (words.length === length) return { laneBits: bits, lanes: 1 };
  const stored = STORED_BITS.find((width) => bits <= width)!;
  return { laneBits: stored, lanes: Math.max(1, Math.floor((digits * 4) / stored)) };
}
