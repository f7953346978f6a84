import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DynafixError, InputError } from '#src/errors.js';
import { decodeNpy, encodeNpy, type NumericData } from '#src/inputs/npy.js';
import { decodeNpz, encodeNpz } from '#src/inputs/npz.js';

const fromBase64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
/** The header that NumPy 2.4 writes: padded with spaces to 128 bytes, a line feed at the end. */
const numpy = (dictionary: string, ...elements: number[]) =>
  Uint8Array.from([
    ...Buffer.from('\x93NUMPY\x01\x00\x76\x00', 'latin1'),
    ...Buffer.from(`${dictionary.padEnd(117)}\n`),
    ...elements,
  ]);
const header = (type: string, shape: string, fortran = 'False') =>
  `{'descr': '${type}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
const refusal = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
};

describe('files that NumPy wrote', () => {
  test('big-endian integers', () => {
    // np.array([[1, -2, 300], [4, 5, -600]], dtype='>i2')
    const bytes = numpy(header('>i2', '(2, 3)'), 0, 1, 0xff, 0xfe, 1, 0x2c, 0, 4, 0, 5, 0xfd, 0xa8);
    expect(decodeNpy(bytes, 'x')).toEqual({ shape: [2, 3], data: Int16Array.of(1, -2, 300, 4, 5, -600) });
  });

  test('Fortran order becomes row-major', () => {
    // np.asfortranarray(np.array([[1, 2, 3], [4, 5, 6]], dtype='u1')), and a 2x2x2 array of its indices
    expect(decodeNpy(numpy(header('|u1', '(2, 3)', 'True'), 1, 4, 2, 5, 3, 6), 'x').data).toEqual(
      Uint8Array.of(1, 2, 3, 4, 5, 6),
    );
    expect(decodeNpy(numpy(header('|u1', '(2, 2, 2)', 'True'), 0, 4, 2, 6, 1, 5, 3, 7), 'x').data).toEqual(
      Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7),
    );
  });

  test('half floats, scalars, booleans', () => {
    // np.array([0, -1.5, 65504, 2**-24, np.inf], dtype='<f2')
    const halves = numpy(header('<f2', '(5,)'), 0, 0, 0, 0xbe, 0xff, 0x7b, 1, 0, 0, 0x7c);
    expect(decodeNpy(halves, 'x').data).toEqual(Float32Array.of(0, -1.5, 65504, 2 ** -24, Infinity));
    const scalar = numpy(header('<i8', '()'), 0xfb, ...new Array(7).fill(0xff));
    expect(decodeNpy(scalar, 'x')).toEqual({ shape: [], data: BigInt64Array.of(-5n) });
    expect(decodeNpy(numpy(header('|b1', '(2,)'), 1, 0), 'x').data).toEqual(Uint8Array.of(1, 0));
  });

  test('an archive of np.savez_compressed', () => {
    // x = np.arange(6, dtype=float32).reshape(2, 3), y = np.array([7, 8], dtype=uint8)
    const bytes = fromBase64(
      'UEsDBC0AAAAIAAAAIQBP6QAq//////////8FABQAeC5ucHkBABAAmAAAAAAAAABVAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6T' +
        'ZqKuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CsaaOgq1CmQDLgYwaLAHEg5ABMQNQLzAAQBQSwMELQAAAAgAAAAhAPpM' +
        '6un//////////wUAFAB5Lm5weQEAEACCAAAAAAAAAEYAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgXlNqqK6joJ6WX1RSlJgXn1+U' +
        'kgoSd0vMKU4FihdnJBakAvkaRjqaOgq1ChQALnYOAFBLAQItAy0AAAAIAAAAIQBP6QAqVQAAAJgAAAAFAAAAAAAAAAAAAACAAQAAAAB4' +
        'Lm5weVBLAQItAy0AAAAIAAAAIQD6TOrpRgAAAIIAAAAFAAAAAAAAAAAAAACAAYwAAAB5Lm5weVBLBQYAAAAAAgACAGYAAAAJAQAAAAA=',
    );
    expect(decodeNpz(bytes, 'x.npz')).toEqual([
      { name: 'x', shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) },
      { name: 'y', shape: [2], data: Uint8Array.of(7, 8) },
    ]);
    for (let length = 0; length < bytes.length; length++)
      expect(refusal(() => decodeNpz(bytes.subarray(0, length), 'x.npz'))).toMatch(/^x\.npz/);
  });
});

test('what is written is what NumPy writes', () => {
  expect(encodeNpy({ shape: [2, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 6) })).toEqual(
    numpy(header('|u1', '(2, 3)'), 1, 2, 3, 4, 5, 6),
  );
  expect(encodeNpy({ shape: [1], data: BigInt64Array.of(-2n) })).toEqual(
    numpy(header('<i8', '(1,)'), 0xfe, ...new Array(7).fill(0xff)),
  );
});

const constructors = [
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
  Float32Array,
  Float64Array,
] as const;
const array = fc
  .record({
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
    storage: fc.constantFrom(...constructors),
    seed: fc.uint8Array({ minLength: 64, maxLength: 64 }),
  })
  .map(({ shape, storage, seed }) => {
    const length = shape.reduce((product, size) => product * size, 1) * storage.BYTES_PER_ELEMENT;
    const bytes = Uint8Array.from({ length }, (_, i) => seed[(i * 7) % 64]);
    return { shape, data: new storage(bytes.buffer) as NumericData };
  });

test('every array survives .npy and .npz', () => {
  fc.assert(
    fc.property(array, array, (a, b) => {
      expect(decodeNpy(encodeNpy(a), 'x')).toEqual(a);
      const named = [
        { name: '/layer/Conv_output_0', ...a },
        { name: 'y.codes', ...b },
      ];
      expect(decodeNpz(encodeNpz(named), 'x')).toEqual(named);
      expect(encodeNpz(named)).toEqual(encodeNpz(named));
    }),
  );
});

test('sizes that the file does not have, and types that are no numbers, are refused', () => {
  const huge = header('<f4', '(4294967296, 4294967296, 4294967296)');
  expect(refusal(() => decodeNpy(numpy(huge, 0, 0, 0, 0), 'x'))).toMatch(/does not fill its shape/);
  expect(refusal(() => decodeNpy(numpy(header('<f4', '(2,)'), 0, 0, 0, 0), 'x'))).toBe(
    'x: .npy data does not fill its shape [2], expected 8 bytes, got 4',
  );
  expect(refusal(() => decodeNpy(numpy(header('|O8', '(1,)'), 0), 'x'))).toMatch(/element type.*O8/);
  expect(refusal(() => decodeNpy(numpy(`{'descr': [('a', '<i2')]`, 0), 'x'))).toMatch(
    /header is not understood/,
  );
  const cut = numpy(header('|u1', '(1,)'), 0);
  cut[8] = 0xff;
  expect(refusal(() => decodeNpy(cut, 'x'))).toMatch(/header is cut off/);
});

test('an archive cannot declare what it does not hold', () => {
  const bytes = encodeNpz([{ name: 'x', shape: [4], data: Float32Array.of(1, 2, 3, 4) }]);
  const view = new DataView(bytes.buffer);
  const directory = view.getUint32(bytes.length - 6, true);
  view.setUint16(directory + 10, 8, true);
  view.setUint32(directory + 24, 0xfffffff0, true);
  expect(refusal(() => decodeNpz(bytes, 'x.npz'))).toMatch(/declares 4294967280 bytes/);
});

test('damage is an error of ours or goes unnoticed, never anything else', () => {
  const bytes = encodeNpz([{ name: 'x', shape: [4], data: Float32Array.of(1, 2, 3, 4) }]);
  const change = fc.record({ at: fc.nat(bytes.length - 1), value: fc.nat(255) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), fc.nat(bytes.length), (changes, length) => {
      const damaged = bytes.slice(0, length % 4 === 0 ? length : undefined);
      for (const { at, value } of changes) if (at < damaged.length) damaged[at] = value;
      try {
        decodeNpz(damaged, 'x');
      } catch (error) {
        expect(error).toBeInstanceOf(DynafixError);
      }
    }),
    { numRuns: 500 },
  );
});
