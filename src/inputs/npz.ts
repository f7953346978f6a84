/** NumPy's .npz archives: a zip file with one .npy file per array. */
import { type UnzipFileInfo, unzipSync, zipSync } from 'fflate';
import { DynafixError, InputError } from '../errors.js';
import { decodeNpy, encodeNpy, type NumericArray } from './npy.js';

export interface NamedArray extends NumericArray {
  readonly name: string;
}

/** The most that an archive may hold or unpack to, in bytes: what one .npz without zip64 can address. */
const mostBytes = 2 ** 32 - 2 ** 16;
/** Deflate cannot pack 1,032 bytes into less than one, give or take the end of its stream. */
const bestRatio = 1032;

/**
 * Reads the arrays of a .npz file in stored order.
 * Throws an InputError naming `where` for a damaged archive and for declared sizes that its bytes cannot hold.
 */
export function decodeNpz(bytes: Uint8Array, where: string): NamedArray[] {
  let total = 0;
  const filter = ({ name, size, originalSize }: UnzipFileInfo) => {
    total += originalSize;
    if (originalSize > (size + 64) * bestRatio || size > bytes.length || total > mostBytes)
      throw new InputError({
        where,
        what: `${name} declares ${originalSize} bytes that the archive does not hold`,
      });
    return name.endsWith('.npy');
  };
  try {
    return Object.entries(unzipSync(bytes, { filter })).map(([file, content]) => ({
      name: file.slice(0, -4),
      ...decodeNpy(content, `${where} (${file})`),
    }));
  } catch (error) {
    if (error instanceof DynafixError) throw error;
    throw new InputError({
      where,
      what: `is not a whole .npz file: ${(error as Error).message}`,
      cause: error,
    });
  }
}

/**
 * Writes arrays as a .npz file that NumPy reads: the same bytes for the same arrays, uncompressed.
 * Throws an InputError where they exceed 4 GiB.
 */
export function encodeNpz(arrays: readonly NamedArray[]): Uint8Array {
  const bytes = arrays.reduce((sum, { data }) => sum + data.byteLength, 0);
  if (bytes > mostBytes)
    throw new InputError({
      where: 'npz',
      what: 'the arrays do not fit one file',
      expected: `at most ${mostBytes} bytes`,
      got: String(bytes),
    });
  const files = Object.fromEntries(arrays.map((array) => [`${array.name}.npy`, encodeNpy(array)]));
  return zipSync(files, { level: 0, mtime: new Date(1980, 0, 1) });
}
