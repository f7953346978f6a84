/** Profiles that a network cannot meet: each ends in one line that names the constraint and the node. */
import { describe, expect, test } from 'vitest';
import { assignFormats } from '#src/assign/assign.js';
import type { Statistics } from '#src/calibrate/statistics.js';
import { compileProgram } from '#src/compile/compile.js';
import { float32 } from '#src/graph/tensor.js';
import { loadProfile, type Profile } from '#src/hardware/profile.js';
import { prepareGraph } from '#src/passes/index.js';
import { summarise } from '../calibrate/summarise.js';
import { buildGraph, op } from '../graph/build.js';

/** x -> conv -> sigmoid -> joined with x -> added to the joined again. */
const { graph } = prepareGraph(
  buildGraph({
    inputs: { x: [1, 2, 2, 2] },
    constants: { w: float32([2, 2, 1, 1], [1, 0.5, 0.25, -1]), b: float32([2], [0.5, 100]) },
    nodes: [
      op('Conv', ['x', 'w', 'b'], 'y'),
      op('Sigmoid', ['y'], 's'),
      op('Concat', ['s', 'x'], 'j', { axis: 1 }),
      op('Neg', ['j'], 'n'),
      op('Add', ['j', 'n'], 'z'),
    ],
    outputs: ['z'],
  }),
);

const numbers = { x: [-1, 1], y: [-2, 101], s: [0.1, 0.9], j: [-1, 1], n: [-1, 1], z: [-2, 2] };
const statistics: Statistics = {
  model: 'ab'.repeat(32),
  preprocess: '',
  samples: ['00'.repeat(32)],
  tensors: new Map(
    Object.entries(numbers).map(([name, seen]) => [name, summarise(1, Float32Array.from(seen))] as const),
  ),
};

const int8 = loadProfile('generic-int8');
const tflite = loadProfile('tflite-int8');
const own = { position: 'own', bits: 8 } as const;
const shift = { input: 1, weights: 1, output: -1 };

const cases: readonly [string, Profile, readonly string[]][] = [
  [
    'a shift that leaves the output nothing',
    { ...int8, operators: { Conv: { windows: { cut: { terms: shift, min: 40 } } } } },
    ['windows.cut.min 40 of Conv', 'node "y"'],
  ],
  [
    'a bias window that leaves the bias nothing',
    {
      ...int8,
      bias: own,
      operators: { Conv: { windows: { align: { terms: { input: 1, weights: 1, bias: -1 }, min: 60 } } } },
    },
    ['windows.align.min 60 of Conv', 'node "y"'],
  ],
  [
    'windows of two operators over one value',
    {
      ...int8,
      operators: {
        Conv: { windows: { out: { terms: { output: 1 }, min: 3 } } },
        Sigmoid: { windows: { in: { terms: { input: 1 }, max: 1 } } },
      },
    },
    ['windows.out.min 3 of Conv', 'node "y"', 'windows.in.max 1 of Sigmoid', 'node "s"'],
  ],
  [
    'a shared format and a shift',
    {
      ...int8,
      sharedFormat: [...int8.sharedFormat, 'Neg'],
      operators: { Neg: { windows: { step: { terms: { input: 1, output: -1 }, min: 1 } } } },
    },
    ['windows.step.min 1 of Neg', 'node "n"'],
  ],
  [
    'widths of one format',
    { ...int8, operators: { Sigmoid: { activations: { bits: [4] } } } },
    ['node "s" (Sigmoid)', 'width', '4'],
  ],
  [
    'pinned widths of one format',
    {
      ...int8,
      pins: [
        { tensors: 's', bits: 4 },
        { tensors: 'x', bits: 6 },
      ],
    },
    ['pins.0.bits', 'pins.1.bits', 'node "s" (Sigmoid)'],
  ],
  [
    'pinned positions of one format',
    {
      ...int8,
      pins: [
        { tensors: 's', fractionBits: 7 },
        { tensors: 'j', fractionBits: 6 },
      ],
    },
    ['pins.0.fractionBits', 'pins.1.fractionBits', 'node "j" (Concat)'],
  ],
  [
    'a pin against a window',
    {
      ...int8,
      operators: { Conv: { windows: { out: { terms: { output: 1 }, max: 1 } } } },
      pins: [{ tensors: 'y', fractionBits: 3 }],
    },
    ['pins.0.fractionBits 3 of "y"', 'windows.out.max 1 of Conv', 'node "y"'],
  ],
  [
    'a pin for no tensor',
    { ...int8, pins: [{ tensors: 'features.*', bits: 8 }] },
    ['pins.0.tensors', 'matches no tensor', 'features.*'],
  ],
  [
    'an override for no node',
    { ...int8, overrides: [{ nodes: 'conv?', bias: own }] },
    ['overrides.0.nodes', 'matches no node', 'conv?'],
  ],
  [
    'channels out of alignment',
    { ...int8, channelAlignment: { multiple: 16, rule: 'require' } },
    ['channelAlignment', 'node "y" (Conv) reads 2 and writes 2 channels'],
  ],
  [
    'a register that a bias cannot enter',
    {
      ...int8,
      bias: { position: 'accumulator', bits: 8 },
      operators: { Conv: { windows: { product: { terms: { input: 1, weights: 1 }, min: 6 } } } },
    },
    ['windows.product.min 6 of Conv', '8 bits', 'node "y"'],
  ],
  [
    'sums that no scale keeps within a register',
    {
      ...tflite,
      bias: { position: 'accumulator', bits: 16 },
      accumulator: { ...tflite.accumulator, bits: 16, proof: 'required' },
      weights: { ...tflite.weights, bits: [8] },
      operators: {
        ...tflite.operators,
        Conv: { accumulator: { bits: 8 }, bias: { position: 'accumulator', bits: 8 } },
      },
    },
    ['accumulator.proof', 'node "y" (Conv)', '8 bits'],
  ],
  [
    'thresholds of a function that falls',
    { ...int8, operators: { Neg: { table: { style: 'thresholds' } } } },
    ['"n"', 'a function that falls has no thresholds'],
  ],
];

test.each(cases)('%s', async (_, profile, names) => {
  let caught: Error | undefined;
  try {
    compileProgram(graph, await assignFormats(graph, statistics, profile, { method: 'minmax' }));
  } catch (error) {
    caught = error as Error;
  }
  expect(caught?.name).toBe('ConstraintError');
  for (const name of names) expect(caught?.message).toContain(name);
  expect(caught?.message).not.toContain('\n');
});

describe('a weight of two convolutions', () => {
  const twice = prepareGraph(
    buildGraph({
      inputs: { x: [1, 2, 2, 2] },
      constants: { w: float32([2, 2, 1, 1], [1, 0.5, 0.25, -1]) },
      nodes: [op('Conv', ['x', 'w'], 'y'), op('Conv', ['y', 'w'], 's')],
      outputs: ['s'],
    }),
  ).graph;
  const assignWith = (weights: Profile['overrides'][number]['weights']) =>
    assignFormats(twice, statistics, { ...int8, overrides: [{ nodes: 's', weights }] });

  test('needs a width that suits both', async () => {
    await expect(assignWith({ bits: [4] })).rejects.toThrow(
      'node "s" (Conv): uses "w", whose width node "y" (Conv) restricts, expected 8, got 4',
    );
  });

  test('is narrow where either wants it', async () => {
    const { constants } = await assignWith({ narrow: true });
    expect(constants.w).toMatchObject({ bits: 8, narrow: true });
  });
});

test('the network meets the profiles that these are changed from', async () => {
  for (const profile of [int8, tflite]) {
    await expect(assignFormats(graph, statistics, profile, { method: 'minmax' })).resolves.toBeDefined();
  }
});
