/** Operands that do not fit are named in one line. */
import { expect, test } from 'vitest';
import { ModelError } from '#src/errors.js';
import { int64, type Tensor, type TensorType } from '#src/graph/tensor.js';
import { operators } from '#src/operators/index.js';
import { op } from '../graph/build.js';

type Attributes = Parameters<typeof op>[3];

/** Infers one node from shapes of float32 inputs and constants. */
function infer(
  operator: string,
  inputs: readonly (readonly number[] | Tensor)[],
  attributes: Attributes = {},
) {
  const node = op(
    operator,
    inputs.map((_, i) => `i${i}`),
    'y',
    attributes,
  );
  const types = inputs.map(
    (input): TensorType => ('data' in input ? input : { type: 'float32', shape: input }),
  );
  const constant = (index: number) => {
    const input = inputs[index];
    return input !== undefined && 'data' in input ? input : undefined;
  };
  return operators.get(operator)!.infer(node, types, constant, 18);
}

const list = (...values: number[]) => int64([values.length], values);

const misfits: [string, readonly (readonly number[] | Tensor)[], Attributes, string][] = [
  ['Conv', [[1, 3]], {}, 'input 1 is missing'],
  [
    'Conv',
    [
      [1, 3],
      [4, 3],
    ],
    {},
    'the input has no spatial axis, expected [N, C, ...], got float32 [1, 3]',
  ],
  [
    'Conv',
    [
      [1, 3, 8, 8],
      [4, 3, 3],
    ],
    {},
    'the weights have the wrong rank, expected 4, got float32 [4, 3, 3]',
  ],
  [
    'Conv',
    [
      [1, 5, 8, 8],
      [4, 3, 3, 3],
    ],
    {},
    'the input has the wrong number of channels, expected 3, got 5',
  ],
  [
    'Conv',
    [
      [1, 6, 8, 8],
      [5, 3, 3, 3],
    ],
    { group: 2 },
    'group does not divide the output channels, expected 5, got 2',
  ],
  ['Conv', [[1, 3, 8, 8], [4, 3, 3, 3], [5]], {}, 'the bias has the wrong shape, expected [4], got [5]'],
  [
    'Conv',
    [
      [1, 3, 2, 8],
      [4, 3, 3, 3],
    ],
    {},
    'the window does not fit along spatial axis 0, expected an extent of at most 2, got 3',
  ],
  [
    'Conv',
    [
      [1, 3, 8, 8],
      [4, 3, 3, 3],
    ],
    { strides: [1, 0] },
    'attribute "strides" is out of range, expected 1 to 65536, got [1, 0]',
  ],
  [
    'Conv',
    [
      [1, 3, 8, 8],
      [4, 3, 3, 3],
    ],
    { pads: [0, 0, -1, 0] },
    'attribute "pads" is out of range, expected 0 to 65536, got [0, 0, -1, 0]',
  ],
  [
    'Conv',
    [
      [1, 3, 8, 8],
      [4, 3, 3, 3],
    ],
    { pads: [0, 0] },
    'attribute "pads" has the wrong length, expected 4, got [0, 0]',
  ],
  [
    'Conv',
    [
      [1, 3, 8, 8],
      [4, 3, 3, 3],
    ],
    { auto_pad: 'SAME' },
    'unknown auto_pad, expected NOTSET, VALID, SAME_UPPER or SAME_LOWER, got SAME',
  ],
  ['MaxPool', [[1, 3, 8, 8]], {}, 'attribute "kernel_shape" is missing'],
  [
    'Gemm',
    [
      [2, 3],
      [4, 5],
    ],
    {},
    'the matrices do not fit, expected a depth of 3, got 4',
  ],
  [
    'MatMul',
    [
      [2, 3],
      [4, 5],
    ],
    {},
    'the matrices do not fit, expected equal depths, got float32 [2, 3] and float32 [4, 5]',
  ],
  ['Add', [[2, 3], [4]], {}, 'the shapes do not broadcast, expected equal sizes or 1, got [2, 3] and [4]'],
  ['Add', [[2], list(1, 2)], {}, 'the inputs have different element types, expected float32, got int64'],
  [
    'Concat',
    [
      [1, 2, 3],
      [1, 2, 4],
    ],
    { axis: 1 },
    'the inputs differ in more than axis 1, expected [1, 2, 3], got [1, 2, 4]',
  ],
  ['Concat', [[1, 2, 3]], { axis: 3 }, 'an axis is out of range, expected -3 to 2, got 3'],
  ['Reshape', [[2, 3], list(4, -1)], {}, 'the shape does not fit, expected 6 elements, got [4, -1]'],
  ['Reshape', [[2, 3], list(-1, -1)], {}, 'the shape does not fit, expected 6 elements, got [-1, -1]'],
  ['Reshape', [[2, 3], [2]], {}, 'input 1 ("i1") is computed, expected a constant'],
  ['Transpose', [[2, 3]], { perm: [0, 0] }, 'perm is not a permutation, expected of [0, 1], got [0, 0]'],
  ['Squeeze', [[2, 3], list(0)], {}, 'axis 0 cannot be removed, expected size 1, got 2'],
  ['Unsqueeze', [[2, 3], list(0, 0)], {}, 'an axis is repeated, expected different axes, got [0, 0]'],
  ['Split', [[2, 7], list(3, 3)], { axis: 1 }, 'the parts do not fit, expected 1 parts of 7, got [3, 3]'],
  ['Slice', [[4], list(0), list(4), list(0), list(0)], {}, 'a step is 0, expected another step'],
  ['Pad', [[4], list(1)], {}, 'the pads do not fit, expected 2 of them, got [1]'],
  [
    'Pad',
    [[4], list(-5, 0)],
    {},
    'the output has an impossible shape, expected at most 2147483648 elements, got [-1]',
  ],
  [
    'ConstantOfShape',
    [list(2 ** 40, 2)],
    {},
    'the output has an impossible shape, expected at most 2147483648 elements, got [1099511627776, 2]',
  ],
  [
    'BatchNormalization',
    [[1, 3, 2, 2], [3], [3], [3], [4]],
    {},
    'input 4 does not fit the channels, expected [3], got [4]',
  ],
  ['LRN', [[1, 3, 2, 2]], {}, 'attribute "size" is out of range, expected at least 1, got 0'],
];

for (const [operator, inputs, attributes, message] of misfits)
  test(`${operator}: ${message}`, () => {
    let error: unknown;
    try {
      infer(operator, inputs, attributes);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ModelError);
    expect((error as ModelError).message).toBe(`node "y" (${operator}): ${message}`);
  });

test('folding refuses constants that a few bytes of file would blow up', () => {
  const node = op('ConstantOfShape', ['s'], 'y');
  const fold = () =>
    operators.get('ConstantOfShape')!.fold!(node, [list(2 ** 29)], infer(node.operator, [list(2 ** 29)]), 18);
  expect(fold).toThrow('a computed constant is too large, expected at most 1073741824 bytes, got 2147483648');
});

test('every name in the table is that of its operator', () => {
  for (const [key, { name, domain }] of operators) expect(domain ? `${domain}::${name}` : name).toBe(key);
});
