/**
 * Program files: 8 bytes `dynafixP`, the SHA-256 of what follows (32 bytes), then the message of proto/program.proto.
 * A name ending in .gz is packed.
 */
import { ProgramError } from '../errors.js';
import { gzip, readBytes, sha256, writeFile } from '../platform/files.js';
import { decodeMessage, encodeMessage } from './codec.js';
import type { Program } from './program.js';
import { verifyProgram } from './verify.js';

const MAGIC = new TextEncoder().encode('dynafixP');
const DIGEST_BYTES = 32;
const HEADER_BYTES = MAGIC.length + DIGEST_BYTES;

/** Bytes of a program file. Equal programs give equal bytes. */
export function encodeProgram(program: Program): Uint8Array {
  const message = encodeMessage(program);
  const bytes = new Uint8Array(HEADER_BYTES + message.length);
  bytes.set(MAGIC);
  bytes.set(
    Uint8Array.from(sha256(message).match(/../g)!, (byte) => Number.parseInt(byte, 16)),
    MAGIC.length,
  );
  bytes.set(message, HEADER_BYTES);
  return bytes;
}

/**
 * The program that the bytes hold, verified. Throws a ProgramError naming `where` for another kind of file, a damaged
 * one, an unknown version, and a program that is not legal.
 */
export function decodeProgram(bytes: Uint8Array, where = 'program'): Program {
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw new ProgramError({ where, what: 'is not a program file', expected: 'the header of dynafix' });
  }
  const message = bytes.subarray(HEADER_BYTES);
  const digest = Array.from(bytes.subarray(MAGIC.length, HEADER_BYTES), (byte) =>
    byte.toString(16).padStart(2, '0'),
  );
  const got = sha256(message);
  if (digest.join('') !== got) {
    throw new ProgramError({
      where,
      what: 'is damaged or cut short',
      expected: `digest ${digest.join('')}`,
      got,
    });
  }
  const program = decode(message, where);
  verifyProgram(program, where);
  return program;
}

function decode(message: Uint8Array, where: string): Program {
  try {
    return decodeMessage(message);
  } catch (cause) {
    throw new ProgramError({ where, what: `cannot be decoded: ${(cause as Error).message}`, cause });
  }
}

/** Verifies a program and writes it whole or not at all. Throws a ProgramError, or what `writeFile` throws. */
export function writeProgram(path: string, program: Program): void {
  verifyProgram(program);
  const bytes = encodeProgram(program);
  writeFile(path, path.endsWith('.gz') ? gzip(bytes) : bytes);
}

/** Reads a .program or .program.gz file. Throws a ProgramError naming it, or an InputError where it cannot be read. */
export function readProgram(path: string): Program {
  return decodeProgram(readBytes(path), path);
}
