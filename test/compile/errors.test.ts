/** What cannot be compiled: one line that names the node, value or constant. */
import { expect, test } from 'vitest';
import { compileProgram } from '#src/compile/compile.js';
import type { ModelFormats } from '#src/compile/model-formats.js';
import { DynafixError } from '#src/errors.js';
import { fixed } from '#src/formats/format.js';
import { float32 } from '#src/graph/tensor.js';
import { prepareGraph } from '#src/passes/index.js';
import { buildGraph, float, op } from '../graph/build.js';
import { shiftArithmetic } from '../programs.js';
import { type Example, ints, weights } from './examples.js';

/** The message that `work` throws; it must be a single line. */
function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(DynafixError);
    const { message } = error as DynafixError;
    expect(message).not.toContain('\n');
    return message;
  }
  throw new Error('nothing was thrown');
}

const constant = 'the input is constant, only a computed one is supported';
const image = [1, 3, 4, 4];
const filters = { c: weights(...image), w: weights(2, 3, 3, 3), m: weights(4, 5) };

const refused: Record<string, [Omit<Example, 'outputs'>, string]> = {
  'a convolution of a constant': [
    { constants: filters, nodes: [op('Conv', ['c', 'w'], 'y')] },
    `node "y" (Conv): ${constant}`,
  ],
  'a leaky rectifier of a constant': [
    { constants: filters, nodes: [op('LeakyRelu', ['c'], 'y')] },
    `node "y" (LeakyRelu): ${constant}`,
  ],
  'computed weights': [
    { inputs: { x: image, w: [2, 3, 3, 3] }, nodes: [op('Conv', ['x', 'w'], 'y')] },
    'node "y" (Conv): the weights are computed, only constant ones are supported',
  ],
  'an empty tensor': [
    {
      inputs: { x: [3, 4] },
      constants: { b: ints(2), e: ints(2) },
      nodes: [op('Slice', ['x', 'b', 'e'], 'y')],
    },
    'node "y" (Slice): "y" has no elements',
  ],
  // Integers are held as float32, which does not wrap: 200 as int8 would be -56, and -1 as uint16 65535.
  'a cast to signed integers of the same width': [
    { inputs: { x: image }, nodes: [op('Cast', ['x'], 'u', { to: 2 }), op('Cast', ['u'], 'y', { to: 3 })] },
    'node "y" (Cast): from uint8 to int8, which does not hold all its values',
  ],
  'a cast of signed integers to wider unsigned ones': [
    { inputs: { x: image }, nodes: [op('Cast', ['x'], 'i', { to: 3 }), op('Cast', ['i'], 'y', { to: 4 })] },
    'node "y" (Cast): from int8 to uint16, which does not hold all its values',
  ],
  'a limit that is not a number': [
    { opset: 6, inputs: { x: image }, nodes: [op('Clip', ['x'], 'y', { min: float(NaN) })] },
    'node "y" (Clip): a bound is not a number',
  ],
};

test.each(Object.entries(refused))('%s is refused before anything is compiled', (_, [parts, message]) => {
  expect(messageOf(() => prepareGraph(buildGraph({ ...parts, outputs: ['y'] })))).toBe(message);
});

test('a tensor of too many axes is refused', () => {
  const graph = buildGraph({
    inputs: { x: [1, 1, 1, 1, 1, 1, 1, 1, 2] },
    nodes: [op('Relu', ['x'], 'y')],
    outputs: ['y'],
  });
  expect(messageOf(() => compileProgram(prepareGraph(graph).graph, null))).toMatch(
    /tensor "x".* at most 8 sizes/,
  );
});

/** A convolution in 8 bits, and formats for it. */
const { graph: convolution } = prepareGraph(
  buildGraph({
    inputs: { x: image },
    constants: { w: filters.w, b: float32([2], [1, 1000]) },
    nodes: [op('Conv', ['x', 'w', 'b'], 'y')],
    outputs: ['y'],
  }),
);
const formats: ModelFormats = {
  tensors: { x: fixed(8, 7), y: fixed(8, 4) },
  constants: { w: fixed(8, 7) },
  conversions: { rounding: 'halfEven', overflow: 'saturate' },
  nodes: { y: shiftArithmetic },
};

test.each<[string, Partial<ModelFormats>, RegExp]>([
  ['no format of the weights', { constants: {} }, /^node "y": constant "w" has no format$/],
  ['no arithmetic of the node', { nodes: {} }, /^node "y": has no arithmetic$/],
  ['no format of the input', { tensors: { y: fixed(8, 4) } }, /^node "y": input "x" has no format$/],
  ['a value that is not there', { tensors: { z: fixed(8, 4) } }, /the model has no "z"$/],
  [
    'a scale that is no power of two',
    { tensors: { x: fixed(8, 7, { mantissa: 3 }), y: fixed(8, 4) } },
    /^"y": the scales of channel 0 do not fit, expected powers of two/,
  ],
  [
    'a bias wider than its register',
    { nodes: { y: { ...shiftArithmetic, biasBits: 16 } } },
    /^node "y": the bias does not fit 16 bits/,
  ],
])('%s is an error of the formats', (_, overrides, message) => {
  expect(() => compileProgram(convolution, formats)).not.toThrow();
  expect(messageOf(() => compileProgram(convolution, { ...formats, ...overrides }))).toMatch(message);
});
