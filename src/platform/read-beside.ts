/** Reading parts of the files that a model names, which must lie in the model's folder. */
import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { ModelError } from '../errors.js';
import { reason } from './files.js';

/**
 * `length` bytes from `offset` on of the file `location`, a path relative to the folder of `file`. Neither the path nor
 * a symbolic link may lead out of that folder. Throws a ModelError where it does, where the file cannot be read, and
 * where it ends too early.
 */
export function readBeside(file: string, location: string, offset: number, length: number): Uint8Array {
  const where = `external data ${JSON.stringify(location)}`;
  if (isAbsolute(location) || /^[A-Za-z]:/.test(location) || location.split(/[\\/]/).includes('..'))
    throw outside(where);
  let descriptor: number | undefined;
  try {
    const folder = realpathSync(dirname(resolve(file)));
    const target = realpathSync(resolve(folder, location));
    const inside = relative(folder, target);
    if (inside.split(sep)[0] === '..' || isAbsolute(inside)) throw outside(where);
    checkSize(target, offset + length, where);
    descriptor = openSync(target, 'r');
    return readPart(descriptor, offset, length, where);
  } catch (error) {
    if (error instanceof ModelError) throw error;
    throw new ModelError({ where, what: `cannot be read: ${reason(error)}`, cause: error });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Opening what is not a file could wait for ever, as for a named pipe. */
function checkSize(path: string, needed: number, where: string): void {
  const status = statSync(path);
  if (!status.isFile()) throw new ModelError({ where, what: 'is not a file' });
  if (needed <= status.size) return;
  const expected = `at least ${needed} bytes`;
  throw new ModelError({ where, what: 'is too short', expected, got: `${status.size} bytes` });
}

function readPart(descriptor: number, offset: number, length: number, where: string): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const count = readSync(descriptor, bytes, done, Math.min(length - done, 2 ** 30), offset + done);
    if (count === 0) throw new ModelError({ where, what: 'ended while it was read' });
    done += count;
  }
  return bytes;
}

function outside(where: string): ModelError {
  return new ModelError({
    where,
    what: 'leaves the folder of the model',
    expected: 'a file beside the model',
  });
}
