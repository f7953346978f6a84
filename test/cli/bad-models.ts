/** Models that cannot be used, and the lines that say why. */
import { readFileSync } from 'node:fs';
import { encodeNpy } from '#src/inputs/npy.js';
import {
  encode,
  type GraphFields,
  node,
  reference,
  type TensorFields,
  value,
  weights,
} from '../onnx/samples.js';
import { type Case, flipped } from './bad-input.js';
import { calibrationImages, model, testImages } from './command-line.js';

const digits = new Uint8Array(readFileSync(model));
const inspect = ['inspect', 'm.onnx'];
const load = ['compile', 'm.onnx', '-o', 'm.program'];

/** The small model of the samples with another graph. */
function graph(fields: GraphFields): Record<string, Uint8Array> {
  return { 'm.onnx': encode(fields) };
}

/** The same with an initializer whose data lies elsewhere. */
function external(location: string, dims = [2]): Record<string, Uint8Array> {
  const externalData = [{ key: 'location', value: location }];
  const tensor: TensorFields = { name: 'w', dims, dataType: 1, dataLocation: 1, externalData };
  return graph({ initializer: [tensor] });
}

export const badModels: readonly Case[] = [
  {
    name: 'a model that does not exist',
    words: ['inspect', 'none.onnx'],
    lines: ['none.onnx: cannot be read: no such file or folder'],
  },
  {
    name: 'a truncated model',
    files: { 'm.onnx': digits.slice(0, 50000) },
    words: inspect,
    lines: ['m.onnx: is damaged or not ONNX, expected a whole protobuf message, got index out of range'],
  },
  {
    name: 'a model with a flipped bit',
    files: { 'm.onnx': flipped(digits, 32) },
    words: inspect,
    lines: [
      'm.onnx: is damaged or not ONNX, expected a whole protobuf message, got index out of range: 42 + 12 > 49',
    ],
  },
  {
    name: 'a text as a model',
    files: { 'm.onnx': 'not a model' },
    words: inspect,
    lines: [
      'm.onnx: is damaged or not ONNX, expected a whole protobuf message, got invalid wire type 6 at offset 1',
    ],
  },
  {
    name: 'an empty model',
    files: { 'm.onnx': '' },
    words: inspect,
    lines: ['m.onnx: imports no standard operator set, expected ai.onnx 1 to 28, got none'],
  },
  {
    name: 'a damaged .gz',
    files: { 'm.onnx.gz': readFileSync(testImages).subarray(0, 5000) },
    words: ['inspect', 'm.onnx.gz'],
    lines: ['m.onnx.gz: is not a whole gzip file: unexpected end of file'],
  },
  {
    name: 'a cyclic graph',
    files: graph({ node: [node('Add', ['x', 'y'], ['z']), node('Relu', ['z'], ['y'])] }),
    words: inspect,
    lines: [
      'm.onnx: node "Add_0" (Add): reads from itself, expected a graph without cycles, got Add_0 <- Relu_1 <- Add_0',
    ],
  },
  {
    name: 'shapes that do not fit',
    files: graph({ initializer: [weights('w', [3], [1, 2, 3])] }),
    words: load,
    lines: [
      'm.onnx: node "Add_0" (Add): the shapes do not broadcast, expected equal sizes or 1, got [1, 2] and [3]',
    ],
  },
  {
    name: 'a missing initializer',
    files: graph({ initializer: [] }),
    words: inspect,
    lines: [
      'm.onnx: graph "sample": node "Add_0" reads "w", which nothing before it defines, got sum = Add(x, w) # Add_0',
    ],
  },
  {
    name: 'an initializer shorter than its shape',
    files: graph({ initializer: [weights('w', [2, 2], [1])] }),
    words: inspect,
    lines: ['m.onnx: initializer "w": has data that does not match its shape, expected 4 entries, got 1'],
  },
  {
    name: 'a huge declared size',
    files: graph({ initializer: [weights('w', [2 ** 40, 2 ** 20], [])] }),
    words: inspect,
    lines: [
      'm.onnx: initializer "w": has a bad shape, expected sizes from 0 up to what memory can hold, got [1099511627776,1048576]',
    ],
  },
  {
    name: 'a constant that no memory holds',
    files: graph({
      initializer: [
        { name: 'shape', dims: [2], dataType: 7, int64Data: [2 ** 30, 2 ** 30] },
        weights('w', [2], [1, 2]),
      ],
      node: [
        node('ConstantOfShape', ['shape'], ['big']),
        node('ReduceMean', ['big'], ['mean']),
        node('Add', ['x', 'mean'], ['y']),
      ],
    }),
    words: load,
    lines: [
      'm.onnx: node "ConstantOfShape_0" (ConstantOfShape): the output has an impossible shape, expected at most 2147483648 elements, got [1073741824, 1073741824]',
    ],
  },
  {
    name: 'activations that no memory holds',
    files: graph({
      input: [value('x', [1, 64, 65536, 65536])],
      output: [value('y', [1, 64, 65536, 65536])],
      node: [node('Relu', ['x'], ['y'])],
    }),
    words: ['run', 'm.onnx', '--data', calibrationImages],
    lines: [
      'm.onnx: node "Relu_0" (Relu): the output has an impossible shape, expected at most 2147483648 elements, got [1, 64, 65536, 65536]',
    ],
  },
  {
    name: 'external data outside of the folder',
    files: external('../w.bin'),
    words: inspect,
    lines: [
      'm.onnx: external data "../w.bin": leaves the folder of the model, expected a file beside the model',
    ],
  },
  {
    name: 'external data that does not exist',
    files: external('w.bin'),
    words: inspect,
    lines: ['m.onnx: external data "w.bin": cannot be read: no such file or folder'],
  },
  {
    name: 'external data that ends too early',
    files: { ...external('w.bin', [1000000]), 'w.bin': 'four' },
    words: inspect,
    lines: ['m.onnx: external data "w.bin": is too short, expected at least 4000000 bytes, got 4 bytes'],
  },
  {
    name: 'operators nobody knows, all of them',
    files: graph({
      node: [
        node('Sample', ['x'], ['a'], { name: 'first' }),
        node('Add', ['a', 'w'], ['b']),
        node('Unheard', ['x'], ['c'], { name: 'second', domain: 'com.example' }),
        node('Add', ['b', 'c'], ['y']),
      ],
    }),
    words: load,
    lines: [
      'm.onnx: node "first" (Sample): the operator is not supported',
      'm.onnx: node "second" (com.example::Unheard): domain "com.example" is not supported',
    ],
  },
  {
    name: 'control flow',
    files: graph({
      initializer: [{ name: 'w', dims: [], dataType: 9, int32Data: [1] }],
      node: [
        node('If', ['w'], ['y'], {
          name: 'choice',
          attribute: [
            {
              name: 'then_branch',
              type: reference.AttributeProto.AttributeType.GRAPH,
              g: { node: [node('Relu', ['x'], ['z'])], output: [value('z')] },
            },
          ],
        }),
      ],
    }),
    words: load,
    lines: ['m.onnx: node "choice" (If): control flow is not supported'],
  },
  {
    name: 'weights that are not numbers',
    files: {
      ...graph({ initializer: [weights('w', [2], [1, Number.NaN])] }),
      'a.npy': encodeNpy({ shape: [1, 2], data: Float32Array.of(1, 2) }),
    },
    words: ['calibrate', 'm.onnx', '--data', 'a.npy', '-o', 's.pb'],
    lines: ['value "y": element 1 is not finite, expected a finite activation, got NaN'],
  },
  {
    name: 'an operator set of the future',
    files: { 'm.onnx': encode({}, { opsetImport: [{ domain: '', version: 99 }] }) },
    words: inspect,
    lines: ['m.onnx: needs another operator set, expected ai.onnx 1 to 28, got ai.onnx 99'],
  },
  {
    name: 'a symbolic size that nobody gave',
    files: graph({ input: [value('x', ['batch', 'width'])] }),
    words: inspect,
    lines: [
      'm.onnx: input "x": has the symbolic size width, expected a given shape (--shape x=1,...), got [batch,width]',
    ],
  },
  {
    name: 'a --shape against the model',
    words: ['inspect', model, '--shape', 'image=1,3,28,28'],
    lines: [
      `${model}: shape given for input "image": does not fit the model, expected [1,1,28,28], got [1,3,28,28]`,
    ],
  },
  {
    name: 'a --shape of no input',
    words: ['inspect', model, '--shape', 'picture=1,1,28,28'],
    lines: [`${model}: shapes: "picture" is no input of the model, expected "image"`],
  },
];
