/** What protobuf leaves to its user: errors of the file, 64-bit numbers, texts kept as bytes. */
import protobuf from 'protobufjs/minimal.js';
import { ModelError } from '../errors.js';

/** A 64-bit number as protobufjs reads it. */
export type Integer64 = number | { readonly low: number; readonly high: number };

/** Decodes one message, keeping the fields that the schema does not know. Throws a ModelError. */
export function decodeMessage<T>(
  message: { decode(reader: protobuf.Reader): T },
  bytes: Uint8Array,
  where: string,
): T {
  // A view without the methods of Node's Buffer, whose slices share memory.
  const reader = protobuf.Reader.create(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  reader.discardUnknown = false;
  try {
    return message.decode(reader);
  } catch (error) {
    throw new ModelError({
      where,
      what: 'is damaged or not ONNX',
      expected: 'a whole protobuf message',
      got: (error as Error).message,
      cause: error,
    });
  }
}

/** A signed 64-bit number, rounded to the nearest double beyond 2^53. */
export function toNumber(value: Integer64 | null | undefined): number {
  if (value === null || value === undefined) return 0;
  return typeof value === 'number' ? value : value.high * 2 ** 32 + (value.low >>> 0);
}

/**
 * A whole number for an int64 field, limited to the range of int64: what was read from INT64_MAX is 2^63 as a number
 * and becomes INT64_MAX again.
 */
export function toInteger64(value: number): number {
  const limited = BigInt.asIntN(64, value >= 2 ** 63 ? 2n ** 63n - 1n : BigInt(Math.max(value, -(2 ** 63))));
  const bits = { low: Number(BigInt.asIntN(32, limited)), high: Number(limited >> 32n), unsigned: false };
  // protobufjs takes any object with these fields; its types name only the class of the package long.
  return bits as unknown as number;
}

/** Text that a file keeps as bytes. Throws a ModelError where it is not UTF-8. */
export function decodeText(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new ModelError({ where, what: 'holds a text that is not UTF-8', cause: error });
  }
}

export function encodeText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
