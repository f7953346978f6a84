/**
 * Files: the only place outside cli/ and jobs/ that touches node: modules, together with its neighbours in this folder.
 * Reading unpacks .gz; writing goes to a temporary name beside the target, which is renamed when it is complete.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { type DynafixError, ExecutionError, InputError } from '../errors.js';

const reasons: Record<string, string> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'is a folder',
  ENOTDIR: 'is not a folder',
  ENOSPC: 'no space left on the disk',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many open files',
  ERR_BUFFER_TOO_LARGE: 'unpacks to more bytes than are allowed',
};

/** What a system error means, in words. */
export function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code !== undefined && reasons[code]) || message;
}

/** The most that is read at once: what Node reads of a plain file. A .gz may not unpack to more. */
const mostBytes = 2 ** 31 - 1;

/** Bytes of a file; a name ending in .gz is unpacked. Throws an InputError naming the file. */
export function readBytes(path: string): Uint8Array {
  const { buffer, byteOffset, byteLength } = readBuffer(path);
  // Not a Buffer, whose slice() shares memory.
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function readBuffer(path: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new InputError({ where: path, what: `cannot be read: ${reason(error)}`, cause: error });
  }
  if (!path.endsWith('.gz')) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: mostBytes });
  } catch (error) {
    throw new InputError({ where: path, what: `is not a whole gzip file: ${reason(error)}`, cause: error });
  }
}

/** Unpacks a zlib stream that must not hold more than `limit` bytes. Throws what zlib throws. */
export function inflate(bytes: Uint8Array, limit: number): Uint8Array {
  return inflateSync(bytes, { maxOutputLength: limit });
}

/** Packs bytes as readBytes unpacks them. */
export function gzip(bytes: Uint8Array): Uint8Array {
  return gzipSync(bytes);
}

export function readText(path: string): string {
  return new TextDecoder().decode(readBytes(path));
}

/**
 * Writes a file whole or not at all. A failing disk is an ExecutionError (exit 3); a folder that does not exist or may
 * not be written is an InputError (exit 2).
 */
export function writeFile(path: string, content: Uint8Array | string): void {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.part`);
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  } catch (error) {
    if (existsSync(temporary)) rmSync(temporary);
    throw writeError(path, 'cannot be written', error);
  }
}

function writeError(where: string, what: string, cause: unknown): DynafixError {
  const facts = { where, what: `${what}: ${reason(cause)}`, cause };
  const machine = ['ENOSPC', 'EIO', 'EDQUOT'].includes((cause as NodeJS.ErrnoException).code ?? '');
  return machine ? new ExecutionError(facts) : new InputError(facts);
}

/**
 * Creates a folder and its parents, where they do not exist. Throws what writeFile throws. (What Node does for
 * `recursive` never ends where a file system refuses with "no such file", as /proc does.)
 */
export function makeFolder(path: string): void {
  if (isFolder(path)) return;
  const parent = dirname(path);
  if (!existsSync(parent)) makeFolder(parent);
  try {
    mkdirSync(path);
  } catch (error) {
    if (!isFolder(path)) throw writeError(path, 'cannot be created', error);
  }
}

/** Removes a file, where there is one. Throws what writeFile throws. */
export function removeFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw writeError(path, 'cannot be removed', error);
  }
}

export function fileExists(path: string): boolean {
  return existsSync(path);
}

export function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

/** SHA-256 in hexadecimal over the concatenation of the parts. */
export function sha256(...parts: (Uint8Array | string)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** SHA-256 of bytes that come piece by piece. */
export function createSha256(): { add(bytes: Uint8Array): void; digest(): string } {
  const hash = createHash('sha256');
  return { add: (bytes) => void hash.update(bytes), digest: () => hash.digest('hex') };
}
