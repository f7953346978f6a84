/** Files that ship inside the package, beside the compiled code. */
import { readFileSync } from 'node:fs';
import { ExecutionError } from '../errors.js';
import { reason } from './files.js';

/** Bytes of a file of the package. Throws an ExecutionError where the installation is damaged. */
export function readAsset(url: URL): Uint8Array {
  try {
    const { buffer, byteOffset, byteLength } = readFileSync(url);
    // Not a Buffer, whose views take longer to make.
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (error) {
    throw new ExecutionError({ where: url.pathname, what: `cannot be read: ${reason(error)}`, cause: error });
  }
}
