import { describe, expect, test } from 'vitest';
import type { Tensor } from '#src/graph/tensor.js';
import { readTensor } from '#src/onnx/tensor-proto.js';
import { reference, type TensorFields } from './samples.js';

function read(fields: TensorFields): Tensor {
  return readTensor(reference.TensorProto.encode(fields).finish(), 'w.pb').tensor;
}

// The numbers of the types and the layouts are those of the ONNX specification, worked by hand.
const cases: { type: number; raw: number[]; typed: TensorFields; dims?: number[]; tensor: Tensor }[] = [
  {
    type: 1,
    raw: [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0],
    typed: { floatData: [1, -2] },
    tensor: { type: 'float32', shape: [2], data: Float32Array.of(1, -2) },
  },
  {
    type: 2,
    raw: [0, 255],
    typed: { int32Data: [0, 255] },
    tensor: { type: 'uint8', shape: [2], data: Uint8Array.of(0, 255) },
  },
  {
    type: 3,
    raw: [0x80, 0x7f],
    typed: { int32Data: [-128, 127] },
    tensor: { type: 'int8', shape: [2], data: Int8Array.of(-128, 127) },
  },
  {
    type: 4,
    raw: [1, 0, 0xff, 0xff],
    typed: { int32Data: [1, 65535] },
    tensor: { type: 'uint16', shape: [2], data: Uint16Array.of(1, 65535) },
  },
  {
    type: 5,
    raw: [0, 0x80, 0xff, 0xff],
    typed: { int32Data: [-32768, -1] },
    tensor: { type: 'int16', shape: [2], data: Int16Array.of(-32768, -1) },
  },
  {
    type: 6,
    raw: [0, 0, 0, 0x80, 1, 0, 0, 0],
    typed: { int32Data: [-(2 ** 31), 1] },
    tensor: { type: 'int32', shape: [2], data: Int32Array.of(-(2 ** 31), 1) },
  },
  {
    type: 7,
    raw: [255, 255, 255, 255, 255, 255, 255, 127, 254, 255, 255, 255, 255, 255, 255, 255],
    typed: { int64Data: ['9223372036854775807', '-2'] as never },
    tensor: { type: 'int64', shape: [2], data: BigInt64Array.of(2n ** 63n - 1n, -2n) },
  },
  {
    type: 9,
    raw: [0, 1],
    typed: { int32Data: [0, 1] },
    tensor: { type: 'bool', shape: [2], data: Uint8Array.of(0, 1) },
  },
  {
    type: 10,
    raw: [0x00, 0x3c, 0x00, 0xc0],
    typed: { int32Data: [0x3c00, 0xc000] },
    tensor: { type: 'float16', shape: [2], data: Uint16Array.of(0x3c00, 0xc000) },
  },
  {
    type: 11,
    raw: [0, 0, 0, 0, 0, 0, 0xf0, 0x3f],
    typed: { doubleData: [1] },
    dims: [1],
    tensor: { type: 'float64', shape: [1], data: Float64Array.of(1) },
  },
  {
    type: 12,
    raw: [255, 255, 255, 255],
    typed: { uint64Data: [2 ** 32 - 1] },
    dims: [1],
    tensor: { type: 'uint32', shape: [1], data: Uint32Array.of(2 ** 32 - 1) },
  },
  {
    type: 13,
    raw: [255, 255, 255, 255, 255, 255, 255, 255],
    typed: { uint64Data: ['18446744073709551615'] as never },
    dims: [1],
    tensor: { type: 'uint64', shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
  },
  {
    type: 14,
    raw: [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0],
    typed: { floatData: [1, -2] },
    dims: [1],
    tensor: { type: 'complex64', shape: [1], data: Float32Array.of(1, -2) },
  },
  {
    type: 15,
    raw: [0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0],
    typed: { doubleData: [1, -2] },
    dims: [1],
    tensor: { type: 'complex128', shape: [1], data: Float64Array.of(1, -2) },
  },
  {
    type: 16,
    raw: [0x80, 0x3f],
    typed: { int32Data: [0x3f80] },
    dims: [1],
    tensor: { type: 'bfloat16', shape: [1], data: Uint16Array.of(0x3f80) },
  },
  ...(['float8e4m3fn', 'float8e4m3fnuz', 'float8e5m2', 'float8e5m2fnuz'] as const).map((type, i) => ({
    type: 17 + i,
    raw: [0x38, 0xb8],
    typed: { int32Data: [0x38, 0xb8] },
    tensor: { type, shape: [2], data: Uint8Array.of(0x38, 0xb8) },
  })),
  {
    type: 21,
    raw: [0xf1, 0x08],
    typed: { int32Data: [0xf1, 0x08] },
    dims: [3],
    tensor: { type: 'uint4', shape: [3], data: Uint8Array.of(1, 15, 8) },
  },
  {
    type: 22,
    raw: [0xf1, 0x08],
    typed: { int32Data: [0xf1, 0x08] },
    dims: [3],
    tensor: { type: 'int4', shape: [3], data: Int8Array.of(1, -1, -8) },
  },
  {
    type: 23,
    raw: [0x72],
    typed: { int32Data: [0x72] },
    tensor: { type: 'float4e2m1', shape: [2], data: Uint8Array.of(2, 7) },
  },
  {
    type: 24,
    raw: [127, 128],
    typed: { int32Data: [127, 128] },
    tensor: { type: 'float8e8m0', shape: [2], data: Uint8Array.of(127, 128) },
  },
  {
    type: 25,
    raw: [0b11100100, 0b10],
    typed: { int32Data: [0b11100100, 0b10] },
    dims: [5],
    tensor: { type: 'uint2', shape: [5], data: Uint8Array.of(0, 1, 2, 3, 2) },
  },
  {
    type: 26,
    raw: [0b11100100, 0b10],
    typed: { int32Data: [0b11100100, 0b10] },
    dims: [5],
    tensor: { type: 'int2', shape: [5], data: Int8Array.of(0, 1, -2, -1, -2) },
  },
];

describe.each(cases)('$tensor.type', ({ type, raw, typed, dims = [2], tensor }) => {
  test('as raw data', () => {
    expect(read({ dims, dataType: type, rawData: Uint8Array.from(raw) })).toEqual(tensor);
  });

  test('in its typed field', () => {
    expect(read({ dims, dataType: type, ...typed })).toEqual(tensor);
  });

  test('without elements', () => {
    const empty = read({ dims: [0, 3], dataType: type });
    expect([empty.type, empty.shape, empty.data.length]).toEqual([tensor.type, [0, 3], 0]);
  });
});

test('strings', () => {
  const stringData = ['Füße', ''].map((text) => new TextEncoder().encode(text));
  const fields = { dims: [2], dataType: 8, stringData };
  expect(read(fields)).toEqual({ type: 'string', shape: [2], data: ['Füße', ''] });
});

test('the data is a copy that the tensor owns', () => {
  const bytes = reference.TensorProto.encode({ dims: [1], dataType: 2, rawData: Uint8Array.of(7) }).finish();
  const { data } = readTensor(bytes, 'w.pb').tensor as Tensor & { data: Uint8Array };
  bytes.fill(0);
  expect(data).toEqual(Uint8Array.of(7));
  expect(data.buffer.byteLength).toBe(1);
});

test('true is 1 whatever the file holds', () => {
  expect(read({ dims: [2], dataType: 9, rawData: Uint8Array.of(0, 200) }).data).toEqual(Uint8Array.of(0, 1));
});
