/**
 * NumPy's .npy files (NEP 1): magic, version, a Python dictionary literal, then the elements.
 */
import { InputError } from '../errors.js';
import { halfToNumber } from '../formats/half.js';
import { elementCount } from '../shape.js';

export type NumericData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** An array in row-major order. */
export interface NumericArray {
  readonly shape: readonly number[];
  readonly data: NumericData;
}

type NumericConstructor = new (buffer: ArrayBuffer) => NumericData;

/** NumPy's kind letter and size in bytes. Half floats are widened on reading, booleans are bytes. */
const constructors: Readonly<Record<string, NumericConstructor>> = {
  b1: Uint8Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  i8: BigInt64Array,
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  u8: BigUint64Array,
  f2: Uint16Array,
  f4: Float32Array,
  f8: Float64Array,
};

const magic = [0x93, ...new TextEncoder().encode('NUMPY')];
const alignment = 64;

/**
 * Reads a .npy file of versions 1 to 3 with numeric elements in either byte order; Fortran order is converted.
 * Throws an InputError naming `where` for anything else and for a size that the bytes do not have.
 */
export function decodeNpy(bytes: Uint8Array, where: string): NumericArray {
  const fail = (what: string, expected?: string, got?: string) =>
    new InputError({ where, what, expected, got });
  if (bytes.length < 12 || magic.some((byte, index) => bytes[index] !== byte))
    throw fail('is not a .npy file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6];
  if (version < 1 || version > 3) throw fail('unknown .npy version', '1, 2 or 3', String(version));
  const start = version === 1 ? 10 : 12;
  const end = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (end > bytes.length) throw fail('.npy header is cut off', `${end} bytes`, String(bytes.length));

  const header = new TextDecoder().decode(bytes.subarray(start, end));
  const type = /'descr':\s*'([<>=|]?)([a-zA-Z]\d+)'/.exec(header);
  const order = /'fortran_order':\s*(True|False)/.exec(header);
  const extents = /'shape':\s*\(([\d\s,]*)\)/.exec(header);
  if (!type || !order || !extents)
    throw fail('.npy header is not understood', 'a numeric array', header.slice(0, 80).trim());
  const [, byteOrder, name] = type;
  const storage = Object.hasOwn(constructors, name) ? constructors[name] : undefined;
  if (!storage) throw fail('unsupported .npy element type', Object.keys(constructors).join(', '), name);
  const shape = extents[1]
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  const size = Number(name.slice(1));
  const length = elementCount(shape) * size;
  if (length !== bytes.length - end)
    throw fail(`.npy data does not fill its shape [${shape}]`, `${length} bytes`, String(bytes.length - end));

  const raw = new Uint8Array(bytes.subarray(end));
  if (byteOrder === '>') swapBytes(raw, size);
  const stored = new storage(raw.buffer);
  const data = name === 'f2' ? Float32Array.from(stored as Uint16Array, halfToNumber) : stored;
  return { shape, data: order[1] === 'True' ? toRowMajor(data, shape) : data };
}

/** Writes a .npy file, version 1, little-endian, row-major. The element type is the data's own. */
export function encodeNpy({ shape, data }: NumericArray): Uint8Array {
  const size = data.BYTES_PER_ELEMENT;
  const kind = /Float/.test(data.constructor.name) ? 'f' : /Uint/.test(data.constructor.name) ? 'u' : 'i';
  const type = `${size === 1 ? '|' : '<'}${kind}${size}`;
  const extents = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${extents}), }`;
  const start = Math.ceil((10 + text.length + 1) / alignment) * alignment;
  const bytes = new Uint8Array(start + data.byteLength);
  bytes.set([...magic, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, start - 10, true);
  bytes.set(new TextEncoder().encode(`${text.padEnd(start - 11)}\n`), 10);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
  return bytes;
}

function swapBytes(bytes: Uint8Array, size: number): void {
  for (let start = 0; start < bytes.length; start += size) bytes.subarray(start, start + size).reverse();
}

/** Reorders elements whose first index runs fastest. */
function toRowMajor(data: NumericData, shape: readonly number[]): NumericData {
  const result = data.slice();
  const index = shape.map(() => 0);
  for (let source = 0; source < data.length; source++) {
    result[index.reduce((offset, entry, axis) => offset * shape[axis] + entry, 0)] = data[source];
    for (let axis = 0; axis < shape.length && ++index[axis] === shape[axis]; axis++) index[axis] = 0;
  }
  return result;
}
