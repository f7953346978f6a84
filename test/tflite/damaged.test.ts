import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { Builder } from 'flatbuffers';
import { expect, test } from 'vitest';
import { compileProgram } from '#src/compile/compile.js';
import { DynafixError, ModelError } from '#src/errors.js';
import { passes, runPasses } from '#src/passes/index.js';
import { listUnsupported } from '#src/passes/list-unsupported.js';
import { decodeTflite } from '#src/tflite/read.js';
import { shared, sharedTest } from '../shared.js';
import { encodeTflite } from './build.js';
import { int8, numbers } from './codes.js';

/** True where the bytes are accepted; anything thrown but a one-line DynafixError fails the test. */
function accepts(bytes: Uint8Array): boolean {
  try {
    const { graph, formats } = decodeTflite(bytes, 'm.tflite');
    const prepared = runPasses(graph, formats === null ? passes : []).graph;
    if (listUnsupported(prepared).length === 0) compileProgram(prepared, formats);
    return true;
  } catch (error) {
    if (!(error instanceof DynafixError)) throw error;
    expect(error.message).not.toContain('\n');
    return false;
  }
}

const conv = {
  tensors: [
    { name: 'x', shape: [1, 2, 2, 1], type: 9, scales: [0.5], zeroPoints: [3] },
    { name: 'w', shape: [2, 1, 1, 1], type: 9, scales: [0.25, 0.5], zeroPoints: [0, 0], data: [3, 255] },
    {
      name: 'b',
      shape: [2],
      type: 2,
      scales: [0.125, 0.25],
      zeroPoints: [0, 0],
      data: [1, 0, 0, 0, 2, 0, 0, 0],
    },
    { name: 'y', shape: [1, 2, 2, 2], type: 9, scales: [0.5], zeroPoints: [-4] },
  ],
  operators: [{ code: 3, inputs: [0, 1, 2], outputs: [3], union: 1, options: [1, 1, 1, 1] }],
  inputs: [0],
  outputs: [3],
};
const intact = encodeTflite(conv);

test('a model made by hand is read', () => {
  const { graph, operators } = decodeTflite(intact, 'm.tflite');
  expect(operators).toEqual({ CONV_2D: 1 });
  expect(graph.nodes.map(({ operator }) => operator)).toEqual(['Transpose', 'Conv', 'Transpose']);
  expect(graph.constants.get('w')).toMatchObject({ shape: [2, 1, 1, 1], data: Float32Array.of(0.75, -0.5) });
  expect(graph.nodes[1].clamp).toEqual({ low: 0, high: Infinity });
});

test('every truncation is an error or a model', () => {
  for (let length = 0; length < intact.length; length++) accepts(intact.slice(0, length));
});

test('every single flipped bit is an error or a model', () => {
  let refused = 0;
  for (let bit = 0; bit < intact.length * 8; bit++) {
    const bytes = intact.slice();
    bytes[bit >> 3] ^= 1 << (bit & 7);
    if (!accepts(bytes)) refused++;
  }
  expect(refused).toBeGreaterThan(intact.length);
});

test('every 32 bits that are all ones, or the largest number, are an error or a model', () => {
  for (const value of [0xffffffff, 0x7fffffff, 0x80000000])
    for (let offset = 0; offset + 4 <= intact.length; offset++) {
      const bytes = intact.slice();
      new DataView(bytes.buffer).setUint32(offset, value, true);
      accepts(bytes);
    }
});

sharedTest('flipped bits and truncations of a real model are an error or a model', () => {
  const file = gunzipSync(readFileSync(shared('models/tflite-micro/hello_world_int8.tflite.gz')));
  const bytes = new Uint8Array(file);
  expect(accepts(bytes)).toBe(true);
  for (let bit = 0; bit < bytes.length * 8; bit += 5) {
    bytes[bit >> 3] ^= 1 << (bit & 7);
    accepts(bytes);
    bytes[bit >> 3] ^= 1 << (bit & 7);
  }
  for (let length = 0; length < bytes.length; length += 13) accepts(bytes.slice(0, length));
});

/** Operators whose lists say how much they move. */
const chain = encodeTflite({
  tensors: [
    ...Object.entries({
      x: [1, 2, 2, 1],
      apart: [4, 1, 1, 1],
      joined: [1, 2, 2, 1],
      large: [1, 3, 5, 1],
      tiled: [1, 3, 10, 1],
      mirrored: [1, 5, 12, 1],
      part: [1, 4, 3, 1],
      sloped: [1, 4, 3, 1],
      y: [1, 1, 1, 1],
    }).map(([name, shape]) => int8(name, shape, 0.5, 3)),
    numbers('block', [2, 2]),
    { ...numbers('pads', [0, 0, 0, 0]), shape: [2, 2] },
    numbers('size', [3, 5]),
    numbers('repeats', [1, 1, 2, 1]),
    { ...numbers('mirrors', [0, 0, 1, 1, 0, 2, 0, 0]), shape: [4, 2] },
    ...[
      [0, 4, 0, 0],
      [1, 0, 9, 1],
      [1, -1, 3, 1],
    ].map((list, index) => numbers(`list${index}`, list)),
    { ...int8('slopes', [1, 1, 1], 0.1), data: [3] },
    numbers('axes', [1, 2]),
  ],
  operators: [
    { code: 38, inputs: [0, 9, 10], outputs: [1] },
    { code: 37, inputs: [1, 9, 10], outputs: [2] },
    { code: 23, inputs: [2, 11], outputs: [3], union: 15, options: [0, 0, 0, 1] },
    { code: 69, inputs: [3, 12], outputs: [4] },
    { code: 100, inputs: [4, 13], outputs: [5], union: 77, options: [0] },
    { code: 45, inputs: [5, 14, 15, 16], outputs: [6], union: 32, options: [0, 0, 0, 0, 0] },
    { code: 54, inputs: [6, 17], outputs: [7] },
    { code: 40, inputs: [7, 18], outputs: [8], union: 27, options: [1] },
  ],
  inputs: [0],
  outputs: [8],
});

sharedTest('bytes of a model that are changed at random are an error or a model, soon', () => {
  const file = gunzipSync(readFileSync(shared('models/tflite-micro/hello_world_int8.tflite.gz')));
  expect(accepts(chain)).toBe(true);
  for (const original of [chain, new Uint8Array(file)]) {
    const offset = fc.nat(original.length - 1);
    const values = fc.constantFrom(0, 1, 0x7f, 0x80, 0xff);
    const change = fc.tuple(offset, fc.oneof(values, fc.nat(255)), fc.integer({ min: 1, max: 4 }));
    const changes = fc.array(change, { minLength: 1, maxLength: 6 });
    const property = fc.property(changes, fc.oneof(fc.constant(original.length), offset), (list, length) => {
      const bytes = original.slice(0, length);
      for (const [at, value, count] of list) bytes.fill(value, at, at + count);
      accepts(bytes);
    });
    fc.assert(property, { numRuns: 1500, seed: 20261121 });
  }
});

test.each([
  [
    'an operator that reads what nothing computes',
    { operators: [{ code: 3, inputs: [3, 1, 2], outputs: [3] }] },
    /before anything computes it/,
  ],
  [
    'a tensor that does not exist',
    { operators: [{ code: 3, inputs: [9], outputs: [3] }] },
    /names a tensor that does not exist, expected -1 to 3, got 9/,
  ],
  [
    'options of another operator',
    { operators: [{ ...conv.operators[0], union: 5 }] },
    /operator 0 \(CONV_2D\): has the options of another operator, expected 1, got 5/,
  ],
  ['a value computed twice', { operators: [conv.operators[0], conv.operators[0]] }, /computed twice/],
  [
    'computing an input',
    { outputs: [0], operators: [{ code: 6, inputs: [0], outputs: [0] }] },
    /computed twice/,
  ],
  [
    'too few bytes',
    { tensors: conv.tensors.with(1, { ...conv.tensors[1], data: [1] }) },
    /tensor "w": has the wrong number of bytes, expected 2, got 1/,
  ],
  [
    'a scale of 0',
    { tensors: conv.tensors.with(0, { ...conv.tensors[0], scales: [0] }) },
    /tensor "x": has an impossible scale/,
  ],
  [
    'too few zero points',
    { tensors: conv.tensors.with(1, { ...conv.tensors[1], zeroPoints: [0, 0, 0] }) },
    /zero points/,
  ],
  [
    'an unknown element type',
    { tensors: conv.tensors.with(0, { ...conv.tensors[0], type: 99 }) },
    /element type that is not supported, got 99/,
  ],
  [
    'scales too far apart',
    {
      tensors: conv.tensors
        .with(0, { ...conv.tensors[0], scales: [1e38] })
        .with(3, { ...conv.tensors[3], scales: [1e-38] }),
    },
    /has scales too far apart/,
  ],
  [
    'a strided slice of more entries than a mask has bits',
    {
      tensors: [conv.tensors[0], ...[33, 1, 1].map((length) => numbers('', new Array(length).fill(0)))],
      operators: [{ code: 45, inputs: [0, 1, 2, 3], outputs: [0], union: 32, options: [0, 0, 0, 0, 0] }],
    },
    /operator 0 \(STRIDED_SLICE\): the lists of the slice do not fit, .* at most 32, got 33, 1, 1$/,
  ],
  ['no outputs', { outputs: [] }, /no outputs/],
])('%s is one error that says so', (_, change, message) => {
  const bytes = encodeTflite({ ...conv, ...change });
  expect(() => decodeTflite(bytes, 'm.tflite')).toThrow(ModelError);
  expect(() => decodeTflite(bytes, 'm.tflite')).toThrow(message);
});

test('tables that share one long list are refused before they take the memory of many', () => {
  const count = 4000;
  const tensor = { name: '', shape: new Array<number>(count).fill(1), type: 0 };
  const tensors = new Array(count).fill(tensor);
  const bytes = encodeTflite({ tensors, operators: [], inputs: [0], outputs: [0] });
  const most = 4 * bytes.length;
  expect(() => decodeTflite(bytes, 'm.tflite')).toThrow(
    new RegExp(`share lists, expected at most ${most} bytes of lists$`),
  );
});

test('operators that are not supported are listed all at once', () => {
  const operators = [
    { code: 24, inputs: [0], outputs: [3] },
    { code: 32, custom: 'Odd', inputs: [3], outputs: [4] },
  ];
  const tensors = [...conv.tensors, { name: 'z', shape: [1], type: 9 }];
  const { graph } = decodeTflite(encodeTflite({ tensors, operators, inputs: [0], outputs: [4] }), 'm.tflite');
  expect(listUnsupported(runPasses(graph).graph)).toEqual([
    { node: 'y', operator: 'tflite::RNN', reason: 'the operator is not supported' },
    { node: 'z', operator: 'tflite::Odd', reason: 'the operator is not supported' },
  ]);
});

test.each([
  ['MIRROR_PAD', { code: 100, inputs: [0, 2], outputs: [1], union: 77, options: [0] }],
  ['REVERSE_V2', { code: 105, inputs: [0, 3], outputs: [1] }],
])('%s lists no axis of more than 2^20 elements', (_, operator) => {
  const size = 2 ** 27;
  const tensors = [
    { name: 'x', shape: [size], type: 0 },
    { name: 'y', shape: [size + 1], type: 0 },
    { ...numbers('mirrors', [0, 1]), shape: [1, 2] },
    numbers('axes', [0]),
  ];
  const bytes = encodeTflite({ tensors, operators: [operator], inputs: [0], outputs: [1] });
  const { graph } = decodeTflite(bytes, 'm.tflite');
  expect(listUnsupported(runPasses(graph).graph).map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/^an axis of 1342177\d\d elements$/),
  ]);
});

test('a file of another kind says so', () => {
  const builder = new Builder();
  builder.startObject(1);
  builder.finish(builder.endObject(), 'ABCD');
  expect(() => decodeTflite(builder.asUint8Array(), 'm.tflite')).toThrow(
    /m\.tflite: is not a TFLite file, expected identifier TFL3/,
  );
});
