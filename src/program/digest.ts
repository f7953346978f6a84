/** The digest of a run: SHA-256 over samples in order and outputs in graph order, codes little-endian. */
import type { Codes } from '../formats/format.js';

/** Bytes of codes in the smallest of 8, 16, 32, 64 bits that their format needs, little-endian. */
export function codeBytes(codes: Codes): Uint8Array {
  return new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength);
}
