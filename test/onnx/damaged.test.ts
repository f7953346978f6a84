import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DynafixError } from '#src/errors.js';
import { decodeModel } from '#src/onnx/read.js';
import { encodeModel } from '#src/onnx/write.js';
import { encode, node, reference, value } from './samples.js';

const { AttributeType } = reference.AttributeProto;
const text = (words: string) => new TextEncoder().encode(words);

/** A small model with something of everything. */
const whole = encode(
  {
    docString: 'everything',
    initializer: [
      { name: 'w', dims: [2], dataType: 1, floatData: [0.5, -0.5] },
      { name: 'raw', dims: [3], dataType: 3, rawData: Uint8Array.of(1, 2, 3) },
      { name: 'nibbles', dims: [3], dataType: 22, int32Data: [0x21, 3] },
      { name: 'long', dims: [1], dataType: 7, int64Data: [-5] },
      { name: 'words', dims: [1], dataType: 8, stringData: [text('Wort')] },
      {
        name: 'away',
        dims: [0],
        dataType: 1,
        dataLocation: 1,
        externalData: [{ key: 'location', value: 'a' }],
      },
    ],
    valueInfo: [value('sum', [1, 'k'])],
    node: [
      node('Add', ['x', 'w'], ['sum'], { name: 'first', docString: 'adds' }),
      node('If', ['sum', ''], ['y'], {
        attribute: [
          { name: 'then_branch', type: AttributeType.GRAPH, g: { node: [node('Relu', ['sum'], ['z'])] } },
          { name: 'floats', type: AttributeType.FLOATS, floats: [1, 2] },
          { name: 'ints', type: AttributeType.INTS, ints: [1, -2] },
          { name: 'text', type: AttributeType.STRING, s: text('SAME') },
          {
            name: 'tensor',
            type: AttributeType.TENSOR,
            t: { name: 'c', dims: [], dataType: 1, floatData: [3] },
          },
        ],
      }),
    ],
  },
  {
    producerName: 'test',
    metadataProps: [{ key: 'k', value: 'v' }],
    functions: [
      { name: 'f', domain: 'local', input: ['a'], output: ['b'], node: [node('Relu', ['a'], ['b'])] },
    ],
  },
).slice();

/** True where the bytes are accepted; anything thrown but a one-line DynafixError fails the test. */
function accepts(bytes: Uint8Array): boolean {
  try {
    const model = decodeModel(bytes, 'm.onnx', { file: '/nonexistent/m.onnx' });
    expect(decodeModel(encodeModel(model), 'm.onnx').graph).toEqual(model.graph);
    return true;
  } catch (error) {
    if (!(error instanceof DynafixError)) throw error;
    expect(error.message).not.toContain('\n');
    return false;
  }
}

const intact = whole.subarray(0);

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
  expect(refused).toBeGreaterThan(0);
});

test('many changed, inserted and removed bytes are an error or a model', () => {
  const edit = fc.record({
    at: fc.nat(intact.length - 1),
    remove: fc.nat(4),
    insert: fc.uint8Array({ maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 8 }), (edits) => {
      const bytes = Array.from(intact);
      for (const { at, remove, insert } of edits) bytes.splice(at, remove, ...insert);
      accepts(Uint8Array.from(bytes));
    }),
    { numRuns: 2000 },
  );
});

test('arbitrary bytes are an error', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void accepts(bytes)));
});
