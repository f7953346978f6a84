/** Profiles that a network cannot meet: each ends in one line that names the constraint and the node. */
import { describe, expect, test } from 'vitest';
import { assignFormats } from '#src/assign/assign.js';
import type { Statistics } from '#src/calibrate/statistics.js';
import { compileProgram } from '#src/compile/compile.js';
import type { Graph } from '#src/graph/graph.js';
import { float32 } from '#src/graph/tensor.js';
import { loadProfile, type Profile } from '#src/hardware/profile.js';
import { prepareGraph } from '#src/passes/index.js';
import { summarise } from '../calibrate/summarise.js';
import { buildGraph, op } from '../graph/build.js';
import { seen } from './seen.js';

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
      activations: { ...int8.activations, bits: [8, 6, 4] },
      pins: [
        { tensors: 's', bits: 4 },
        { tensors: 'x', bits: 6 },
      ],
    },
    ['pins.0.bits', 'pins.1.bits', 'node "s" (Sigmoid)', 'node "j": sharedFormat of Concat'],
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
    ['pins.0.fractionBits', 'pins.1.fractionBits', 'node "j" (Concat)', 'sharedFormat of Concat'],
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

/** A profile that a network cannot meet, every rule of the conflict with the profile without it, and what is expected. */
type Conflict = [string, Graph, Statistics, Profile, Record<string, Profile>, string?];

const adder = prepareGraph(
  buildGraph({
    inputs: { p: [1, 1, 2, 2], q: [1, 1, 2, 2] },
    nodes: [op('Add', ['p', 'q'], 'y')],
    outputs: ['y'],
  }),
).graph;
const adderSeen = seen({ p: [-1, 1], q: [-1, 1], y: [-2, 2] });

/** 4 * 2 * 4 and 4 * 3 * 2 multiplications. */
const pair = prepareGraph(
  buildGraph({
    inputs: { x: [1, 4, 2, 2] },
    constants: {
      v: float32([2, 4, 1, 1], [1, 2, 3, 4, 5, 6, 7, 8]),
      w: float32([3, 2, 1, 1], [1, 2, 3, 4, 5, 6]),
    },
    nodes: [op('Conv', ['x', 'v'], 'y'), op('Conv', ['y', 'w'], 'z')],
    outputs: ['z'],
  }),
).graph;
const pairSeen = seen({ x: [-1, 1], y: [-1, 1], z: [-1, 1] });

const coarser = {
  Add: { windows: { coarser: { terms: { coarsestInput: 1, output: -1 }, min: 1 } } },
} as const;
const positions = [
  { tensors: 'p', fractionBits: 5 },
  { tensors: 'q', fractionBits: 3 },
];
const wide = [
  { tensors: 'x', bits: 16 },
  { tensors: 'y', bits: 16 },
];
const narrowed = (name: string, change: Partial<Profile>): Profile => ({
  ...loadProfile(name),
  sharedFormat: [],
  sharedInputs: [],
  budgets: {},
  ...change,
});
const bounded = (name: string): Conflict => {
  const all = { pins: wide, budgets: { wideMacShare: 0.6 } };
  const lifted: Record<string, Profile> = {
    'budgets.wideMacShare 0.6': narrowed(name, { ...all, budgets: {} }),
    'node "y": pins.0.bits 16 of x': narrowed(name, { ...all, pins: [wide[1]] }),
    'node "y": pins.1.bits 16 of y': narrowed(name, { ...all, pins: [wide[0]] }),
  };
  return [
    `widths and a budget of ${name}`,
    pair,
    pairSeen,
    narrowed(name, all),
    lifted,
    'at least 1',
  ] as const;
};
const irreducible: readonly Conflict[] = [
  [
    'a shared format and a window',
    adder,
    adderSeen,
    narrowed('generic-int8', { sharedFormat: ['Add'], operators: coarser }),
    {
      'node "y": sharedFormat of Add': narrowed('generic-int8', { operators: coarser }),
      'node "y": windows.coarser.min 1 of Add': narrowed('generic-int8', { sharedFormat: ['Add'] }),
    },
  ],
  [
    'shared inputs and positions',
    adder,
    adderSeen,
    narrowed('generic-int8', { sharedInputs: ['Add'], pins: positions }),
    {
      'node "y": sharedInputs of Add': narrowed('generic-int8', { pins: positions }),
      'node "y": pins.0.fractionBits 5 of p': narrowed('generic-int8', {
        sharedInputs: ['Add'],
        pins: [positions[1]],
      }),
      'node "y": pins.1.fractionBits 3 of q': narrowed('generic-int8', {
        sharedInputs: ['Add'],
        pins: [positions[0]],
      }),
    },
  ],
  bounded('generic-mixed'),
  bounded('kneron-mixed'),
  [
    'the width of an operator and that of a constant',
    prepareGraph(
      buildGraph({
        inputs: { p: [1, 1, 2, 2] },
        constants: { k: float32([1], [0.5]) },
        nodes: [op('Mul', ['p', 'k'], 'y')],
        outputs: ['y'],
      }),
    ).graph,
    adderSeen,
    narrowed('generic-int8', {
      operators: { Mul: { activations: { bits: [6] } } },
      pins: [{ tensors: 'k', bits: 8 }],
    }),
    {
      'activations.bits 6 of Mul': narrowed('generic-int8', { pins: [{ tensors: 'k', bits: 8 }] }),
      'node "y": pins.0.bits 8 of k': narrowed('generic-int8', {
        operators: { Mul: { activations: { bits: [6] } } },
      }),
    },
  ],
];

test.each(irreducible)(
  'all that conflict are named, and none that do not: %s',
  async (_, network, numbers, profile, lifted, expected) => {
    const error = await assignFormats(network, numbers, profile).catch((thrown) => thrown);
    expect(error.name).toBe('ConstraintError');
    const [, list] = /all of (.*?)(?:, expected|: whatever|$)/.exec(error.message)!;
    expect(list.split('; ').sort()).toEqual(Object.keys(lifted).sort());
    if (expected !== undefined) expect(error.expected).toBe(expected);
    for (const without of Object.values(lifted)) {
      await expect(assignFormats(network, numbers, without)).resolves.toBeDefined();
    }
  },
);

test('a budget that no node keeps names the one that needs most', async () => {
  const { graph } = prepareGraph(
    buildGraph({
      inputs: { x: [1, 1, 2, 2] },
      constants: { v: float32([2, 1, 1, 1], [1, 2]), w: float32([3, 2, 1, 1], [1, 2, 3, 4, 5, 6]) },
      nodes: [op('Conv', ['x', 'v'], 'y'), op('Conv', ['y', 'w'], 'z')],
      outputs: ['z'],
    }),
  );
  // 4 and 8 bytes at y, 8 and 12 at z.
  await expect(assignFormats(graph, pairSeen, { ...int8, budgets: { activationBytes: 5 } })).rejects.toThrow(
    'node "z" (Conv): no formats satisfy budgets.activationBytes 5, expected at least 20, got 5',
  );
});
