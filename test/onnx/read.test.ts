import { describe, expect, test } from 'vitest';
import { DynafixError, ModelError, UsageError } from '#src/errors.js';
import { decodeModel, readModel } from '#src/onnx/read.js';
import { encodeModel } from '#src/onnx/write.js';
import {
  encode,
  type GraphFields,
  type ModelFields,
  node,
  reference,
  type Size,
  value,
  weights,
} from './samples.js';

function graph(fields: GraphFields = {}) {
  return decodeModel(encode(fields), 'm.onnx').graph;
}

function failure(bytes: Uint8Array, shapes?: Record<string, number[]>): DynafixError {
  try {
    decodeModel(bytes, 'm.onnx', { shapes });
  } catch (error) {
    if (error instanceof DynafixError) return error;
    throw error;
  }
  throw new Error('the model was accepted');
}

describe('decodeModel', () => {
  test('gives nodes, inputs, outputs, constants and their types', () => {
    const read = graph();
    expect(read.nodes.map((n) => [n.operator, n.domain, n.inputs, n.outputs])).toEqual([
      ['Add', '', ['x', 'w'], ['sum']],
      ['Relu', '', ['sum'], ['y']],
    ]);
    expect(read.opset).toBe(17);
    expect(read.inputs).toEqual([{ name: 'x', type: 'float32', shape: [1, 2] }]);
    expect(read.outputs).toEqual(['y']);
    expect(read.constants.get('w')).toEqual({
      type: 'float32',
      shape: [2],
      data: Float32Array.of(0.5, -0.5),
    });
    expect([...read.types]).toEqual([
      ['x', { type: 'float32', shape: [1, 2] }],
      ['w', { type: 'float32', shape: [2] }],
    ]);
  });

  test('does not trust the shapes of inner values', () => {
    expect(graph({ valueInfo: [value('sum', [7, 7])] }).types.has('sum')).toBe(false);
  });

  test('leaves out inputs that are initializers', () => {
    const read = graph({ input: [value('w', [2]), value('x', [1, 2])] });
    expect(read.inputs.map(({ name }) => name)).toEqual(['x']);
  });

  test('takes ai.onnx for the standard domain', () => {
    const model = decodeModel(
      encode(
        { node: [node('Relu', ['x'], ['y'], { domain: 'ai.onnx' })] },
        { opsetImport: [{ domain: 'ai.onnx', version: 11 }] },
      ),
      'm.onnx',
    );
    expect(model.graph.nodes[0].domain).toBe('');
    expect(model.opsetImports).toEqual({ '': 11 });
  });

  test('gives nodes names that are unique and leaves the given ones alone', () => {
    const names = ['', 'twice', 'twice', 'Relu_0', ''];
    const chain = names.map((name, i) => node('Relu', [i === 0 ? 'x' : `v${i}`], [`v${i + 1}`], { name }));
    const read = graph({ node: chain, output: [value('v5', [1, 2])] }).nodes.map(({ name }) => name);
    expect(new Set(read).size).toBe(5);
    expect(read[1]).toBe('twice');
    expect(read[3]).toBe('Relu_0');
    expect(read[4]).toBe('Relu_4');
  });

  test('sorts nodes that stand before those they read from', () => {
    const read = graph({ node: [node('Relu', ['sum'], ['y']), node('Add', ['x', 'w'], ['sum'])] });
    expect(read.nodes.map(({ operator }) => operator)).toEqual(['Add', 'Relu']);
  });

  test('reads and writes back the ends of the range of int64 in attributes', () => {
    const highest = '9223372036854775807';
    const ints = [highest, '-9223372036854775808', '-1', '9007199254740991'];
    const attribute = [
      { name: 'ends', type: reference.AttributeProto.AttributeType.INTS, ints: ints as never },
    ];
    const model = decodeModel(encode({ node: [node('Slice', ['x'], ['y'], { attribute })] }), 'm.onnx');
    expect(model.graph.nodes[0].attributes.ends).toEqual({
      kind: 'ints',
      value: [2 ** 63, -(2 ** 63), -1, Number.MAX_SAFE_INTEGER],
    });
    const written = reference.ModelProto.decode(encodeModel(model)).graph!.node![0].attribute![0];
    expect(written.ints!.map(String)).toEqual(ints);
  });

  test('keeps an attribute named __proto__ as data', () => {
    const attribute = [{ name: '__proto__', type: reference.AttributeProto.AttributeType.INT, i: 3 }];
    const read = graph({ node: [node('Relu', ['x'], ['y'], { attribute })] }).nodes[0].attributes;
    expect(Object.entries(read)).toEqual([['__proto__', { kind: 'int', value: 3 }]]);
  });

  test('tells the type of an attribute that names none from its field', () => {
    const attribute = [
      { name: 'alpha', f: 0.5 },
      { name: 'pads', ints: [1, 2] },
      { name: 'mode', s: new TextEncoder().encode('same') },
    ];
    expect(graph({ node: [node('Relu', ['x'], ['y'], { attribute })] }).nodes[0].attributes).toEqual({
      alpha: { kind: 'float', value: 0.5 },
      pads: { kind: 'ints', value: [1, 2] },
      mode: { kind: 'string', value: 'same' },
    });
  });
});

describe('input shapes', () => {
  const shapeOf = (declared: Size[] | undefined, given?: number[]) =>
    decodeModel(
      encode({ input: [value('x', declared)], node: [node('Relu', ['x'], ['y'])] }),
      'm.onnx',
      given && { shapes: { x: given } },
    ).graph.inputs[0].shape;

  test.each<[Size[] | undefined, number[] | undefined, number[]]>([
    [['N', 3, 8, 8], undefined, [1, 3, 8, 8]],
    [[-1, 3], undefined, [1, 3]],
    [
      ['N', 3, 'h', 'w'],
      [2, 3, 48, 192],
      [2, 3, 48, 192],
    ],
    [undefined, [1, 5], [1, 5]],
    [[], undefined, []],
  ])('%j with %j given is %j', (declared, given, expected) => {
    expect(shapeOf(declared, given)).toEqual(expected);
  });

  test('a symbolic size that is not the first must be given', () => {
    expect(() => shapeOf(['N', 3, 'height', 8])).toThrow(
      'm.onnx: input "x": has the symbolic size height, expected a given shape (--shape x=1,...), got [N,3,height,8]',
    );
    expect(() => shapeOf(undefined)).toThrow('m.onnx: input "x": declares no shape');
  });

  test.each([[[1, 4, 8, 8]], [[1, 3, 8]], [[1, 3, 8.5, 8]], [[1, 3, -8, 8]]])(
    'the given shape %j that contradicts the model is a usage error',
    (given) => {
      expect(() => shapeOf(['N', 3, 'h', 8], given)).toThrow(UsageError);
    },
  );

  test('a shape given for no input is a usage error that lists the inputs', () => {
    const error = failure(encode(), { z: [1] });
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toBe('m.onnx: shapes: "z" is no input of the model, expected "x"');
  });
});

describe('bad models', () => {
  const relu = (input: string, output: string, name = '') => node('Relu', [input], [output], { name });
  const attribute = (fields: object) => ({ node: [node('Relu', ['x'], ['y'], { attribute: [fields] })] });
  const invalid = Uint8Array.of(0xff, 0xfe);

  test.each<[string, string, GraphFields, ModelFields?]>([
    ['no graph', 'm.onnx: has no graph', {}, { graph: null }],
    ['no operator set', 'imports no standard operator set, expected ai.onnx 1 to', {}, { opsetImport: [] }],
    ['old operator set', 'got ai.onnx 0', {}, { opsetImport: [{ domain: '', version: 0 }] }],
    ['unknown operator set', 'got ai.onnx 99', {}, { opsetImport: [{ domain: '', version: 99 }] }],
    [
      'two versions of one operator set',
      'imports the operator set "ai.onnx" twice, expected 17, got 18',
      {},
      { opsetImport: [{ version: 17 }, { domain: 'ai.onnx', version: 18 }] },
    ],
    [
      'cycle',
      'expected a graph without cycles, got a <- b <- a',
      { node: [relu('q', 'y', 'a'), relu('y', 'q', 'b')] },
    ],
    ['node that reads itself', 'got a <- a', { node: [relu('y', 'y', 'a')] }],
    ['missing value', '"nowhere"', { node: [relu('nowhere', 'y')] }],
    ['missing output', 'output "z" is not defined', { output: [value('z', [1])] }],
    ['no outputs', 'has no outputs', { output: [] }],
    ['one output twice', 'two outputs of one name', { output: [value('y'), value('y')] }],
    ['two sources of one value', '"y" is defined twice', { node: [relu('x', 'y'), relu('x', 'y')] }],
    ['node that computes an input', '"x" is defined twice', { node: [relu('w', 'x'), relu('w', 'y')] }],
    ['node that computes a constant', '"w" is defined twice', { node: [relu('x', 'w'), relu('x', 'y')] }],
    ['one input twice', '"x" is defined twice', { input: [value('x', [1]), value('x', [1])] }],
    [
      'one initializer twice',
      'initializer "w": is defined twice',
      { initializer: [weights('w', [1], [1]), weights('w', [1], [1])] },
    ],
    ['node without operator', 'names no operator', { node: [node('', ['x'], ['y'])] }],
    ['input that is no tensor', 'has no type', { input: [{ name: 'x', type: { sequenceType: {} } }] }],
    ['input without type', 'has no type', { input: [{ name: 'x' }] }],
    ['negative size of an input', 'is not a shape', { input: [value('x', [1, -2])] }],
    ['huge size of an input', 'is not a shape', { input: [value('x', [1, 2 ** 40, 2 ** 40])] }],
    ['too little data', 'expected 3 entries, got 2', { initializer: [weights('w', [3], [1, 2])] }],
    ['too much data', 'expected 1 entries, got 2', { initializer: [weights('w', [1], [1, 2])] }],
    [
      'huge declared size',
      'expected 1000000000000 entries',
      { initializer: [weights('w', [1e6, 1e6], [1])] },
    ],
    ['sizes beyond 2^53', 'has a bad shape', { initializer: [weights('w', [2 ** 52, 2 ** 52], [1])] }],
    ['negative size', 'has a bad shape', { initializer: [weights('w', [-2], [1, 2])] }],
    [
      'raw data of another length',
      'expected 8 bytes, got 7',
      { initializer: [{ name: 'w', dims: [2], dataType: 1, rawData: new Uint8Array(7) }] },
    ],
    [
      'unknown element type',
      'unknown element type',
      { initializer: [{ name: 'w', dims: [1], dataType: 77 }] },
    ],
    [
      'number out of range',
      'holds a number out of range, expected values of uint8, got 256',
      { initializer: [{ name: 'w', dims: [1], dataType: 2, int32Data: [256] }] },
    ],
    [
      'string that is not UTF-8',
      'not UTF-8',
      { initializer: [{ name: 'w', dims: [1], dataType: 8, stringData: [invalid] }] },
    ],
    [
      'segment of a tensor',
      'stored in segments',
      { initializer: [{ ...weights('w', [1], [1]), segment: { begin: 0, end: 1 } }] },
    ],
    ['sparse initializer', 'sparse initializers', { sparseInitializer: [{ dims: [1] }] }],
    [
      'attribute that is not UTF-8',
      'attribute "mode": holds a text',
      attribute({ name: 'mode', type: 3, s: invalid }),
    ],
    ['attribute of an unknown type', 'unknown type', attribute({ name: 'mode', type: 99 })],
    ['attribute without value', 'unknown type', attribute({ name: 'mode' })],
    [
      'one attribute twice',
      'has two attributes "k"',
      { node: [node('Relu', ['x'], ['y'], { attribute: [1, 2].map((i) => ({ name: 'k', type: 2, i })) })] },
    ],
  ])('%s', (_, message, fields, model) => {
    const error = failure(encode(fields, model));
    expect(error).toBeInstanceOf(ModelError);
    expect(error.message).toMatch(/^m\.onnx: /);
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('\n');
  });

  test('a name that is not UTF-8', () => {
    const bytes = encode({ name: 'AAAAAAAA' });
    bytes.fill(0xff, bytes.indexOf(0x41), bytes.indexOf(0x41) + 8);
    expect(failure(bytes).message).toContain('m.onnx: is damaged or not ONNX');
  });

  test('messages nested without end', () => {
    let body = Buffer.alloc(0);
    for (let depth = 0; depth < 50_000; depth++) {
      const length = Buffer.from([...varint(body.length)]);
      // A graph in an attribute in a node in a graph, over and over: 6, 5, 1.
      body = Buffer.concat([Buffer.of([0x32, 0x2a, 0x0a][depth % 3]), length, body]);
      if (body.length > 200_000) break;
    }
    expect(failure(Buffer.concat([Buffer.of(0x3a, ...varint(body.length)), body]))).toBeInstanceOf(
      ModelError,
    );
  });

  test.each([
    ['an empty file', new Uint8Array()],
    ['text', new TextEncoder().encode('<!DOCTYPE html><html></html>')],
    ['zeros', new Uint8Array(64)],
  ])('%s', (_, bytes) => {
    expect(failure(bytes)).toBeInstanceOf(ModelError);
  });

  test('a file that does not exist', () => {
    expect(() => readModel('nowhere.onnx')).toThrow('nowhere.onnx: cannot be read: no such file or folder');
  });
});

function* varint(value: number) {
  for (; value > 127; value >>>= 7) yield (value & 127) | 128;
  yield value;
}
