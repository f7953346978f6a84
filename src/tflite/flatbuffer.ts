/**
 * Bounds-checked access to the tables of a FlatBuffer, over the flatbuffers run time, which reads bytes beyond the end
 * as zeros. A field is named by its position in the schema's table.
 */
import { ByteBuffer } from 'flatbuffers';
import { ModelError } from '../errors.js';

/** One table of the file. A field that is left out has its default; lists are then empty. */
export interface Table {
  byte(field: number, otherwise?: number): number;
  int(field: number, otherwise?: number): number;
  /** An unsigned 64-bit number; beyond 2^53 only the size is right. */
  ulong(field: number): number;
  float(field: number, otherwise?: number): number;
  string(field: number): string;
  table(field: number): Table | undefined;
  tables(field: number): Table[];
  ints(field: number): number[];
  floats(field: number): number[];
  /** 64-bit integers as numbers: beyond 2^53 only the size is right. */
  longs(field: number): number[];
  /** A view of the file. */
  bytes(field: number): Uint8Array;
}

/**
 * How often as many bytes as a file has may be decoded as lists and strings. Tables may share a list, which each of them
 * decodes again; files that share none decode less than two thirds of their bytes, and constants are not copied here.
 */
const MOST_READINGS = 4;

/** A file, and how many bytes of lists and strings may still be decoded. */
interface Source {
  readonly buffer: ByteBuffer;
  left: number;
}

/**
 * The table that a file starts with. Throws a ModelError where the file is too short or of another kind; its tables do
 * where they point outside the file or the same lists are read again and again.
 */
export function rootTable(bytes: Uint8Array, identifier: string): Table {
  const buffer = new ByteBuffer(bytes);
  const found = bytes.length < 8 ? '' : String.fromCharCode(...bytes.subarray(4, 8));
  if (found !== identifier)
    throw new ModelError({
      where: 'model',
      what: 'is not a TFLite file',
      expected: `identifier ${identifier}`,
    });
  return tableAt({ buffer, left: MOST_READINGS * bytes.length }, indirect(buffer, 0));
}

/** Throws unless `size` bytes at `offset` lie inside the file. */
function need(buffer: ByteBuffer, offset: number, size: number): void {
  if (offset >= 0 && offset + size <= buffer.capacity()) return;
  const expected = `at most ${buffer.capacity()} bytes`;
  throw new ModelError({
    where: 'model',
    what: 'points outside the file',
    expected,
    got: `${offset + size}`,
  });
}

/** The place that the unsigned offset stored at `offset` points to. */
function indirect(buffer: ByteBuffer, offset: number): number {
  need(buffer, offset, 4);
  return offset + buffer.readUint32(offset);
}

/** Throws where more bytes of lists and strings are decoded than the file justifies. */
function spend(source: Source, size: number): void {
  source.left -= size;
  if (source.left >= 0) return;
  const expected = `at most ${MOST_READINGS * source.buffer.capacity()} bytes of lists`;
  throw new ModelError({ where: 'model', what: 'has too many tables that share lists', expected });
}

function tableAt(source: Source, position: number): Table {
  const { buffer } = source;
  need(buffer, position, 4);
  const layout = position - buffer.readInt32(position);
  need(buffer, layout, 4);
  const layoutSize = buffer.readUint16(layout);
  need(buffer, layout, layoutSize);

  /** Where a field is stored; undefined where it is left out. */
  const place = (field: number, size: number): number | undefined => {
    const entry = 4 + 2 * field;
    const offset = entry + 2 > layoutSize ? 0 : buffer.readUint16(layout + entry);
    if (offset === 0) return undefined;
    need(buffer, position + offset, size);
    return position + offset;
  };
  const list = <T>(field: number, size: number, read: (offset: number) => T): T[] => {
    const start = place(field, 4);
    if (start === undefined) return [];
    const vector = indirect(buffer, start);
    need(buffer, vector, 4);
    const length = buffer.readUint32(vector);
    need(buffer, vector + 4, length * size);
    spend(source, length * size);
    return Array.from({ length }, (_, index) => read(vector + 4 + index * size));
  };
  const bytes = (field: number): Uint8Array => {
    const start = place(field, 4);
    if (start === undefined) return new Uint8Array(0);
    const vector = indirect(buffer, start);
    need(buffer, vector, 4);
    const length = buffer.readUint32(vector);
    need(buffer, vector + 4, length);
    return buffer.bytes().subarray(vector + 4, vector + 4 + length);
  };
  const scalar =
    (size: number, read: (offset: number) => number) =>
    (field: number, otherwise = 0) => {
      const offset = place(field, size);
      return offset === undefined ? otherwise : read(offset);
    };

  return {
    byte: scalar(1, (offset) => buffer.readInt8(offset)),
    int: scalar(4, (offset) => buffer.readInt32(offset)),
    ulong: scalar(8, (offset) => Number(buffer.readUint64(offset))),
    float: scalar(4, (offset) => buffer.readFloat32(offset)),
    string(field) {
      const encoded = bytes(field);
      spend(source, encoded.length);
      return new TextDecoder().decode(encoded);
    },
    table(field) {
      const start = place(field, 4);
      return start === undefined ? undefined : tableAt(source, indirect(buffer, start));
    },
    tables: (field) => list(field, 4, (offset) => tableAt(source, indirect(buffer, offset))),
    ints: (field) => list(field, 4, (offset) => buffer.readInt32(offset)),
    floats: (field) => list(field, 4, (offset) => buffer.readFloat32(offset)),
    longs: (field) => list(field, 8, (offset) => Number(buffer.readInt64(offset))),
    bytes,
  };
}
