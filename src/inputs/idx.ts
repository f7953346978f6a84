import { InputError } from '../errors.js';
import { elementCount } from '../shape.js';

/** Unsigned bytes of any shape, as the MNIST files store them. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** True for the first bytes of an idx file of unsigned bytes. */
export function isIdx(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 8;
}

/**
 * Reads an idx file of unsigned bytes: two zero bytes, 8 for the type, the rank, big-endian sizes, the elements.
 * Throws an InputError naming `where` for other types and where the sizes are not those of the file.
 */
export function decodeIdx(bytes: Uint8Array, where: string): IdxArray {
  if (!isIdx(bytes)) throw new InputError({ where, what: 'is not an idx file of unsigned bytes' });
  const start = 4 + 4 * bytes[3];
  if (start > bytes.length) throw new InputError({ where, what: 'idx header is cut off' });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: bytes[3] }, (_, axis) => view.getUint32(4 + 4 * axis));
  if (elementCount(shape) !== bytes.length - start)
    throw new InputError({
      where,
      what: `idx data does not fill its shape [${shape}]`,
      expected: `${elementCount(shape)} bytes`,
      got: String(bytes.length - start),
    });
  return { shape, data: bytes.subarray(start) };
}
