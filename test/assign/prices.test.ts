/** Prices against choosing formats for profiles that were written without the rule. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assignFormats } from '#src/assign/assign.js';
import type { Statistics } from '#src/calibrate/statistics.js';
import type { Graph } from '#src/graph/graph.js';
import { float32 } from '#src/graph/tensor.js';
import { loadProfile, type Profile } from '#src/hardware/profile.js';
import { prepareGraph } from '#src/passes/index.js';
import { buildGraph, op } from '../graph/build.js';
import { seen } from './seen.js';

const base: Profile = {
  ...loadProfile('generic-int8'),
  accumulator: { ...loadProfile('generic-int8').accumulator, bits: 64 },
  bias: { position: 'accumulator', bits: 64 },
};

const noiseOf = async (graph: Graph, statistics: Statistics, profile: Profile) =>
  (await assignFormats(graph, statistics, profile)).prediction!.noise;

const pricesOf = async (graph: Graph, statistics: Statistics, profile: Profile) => {
  const { prediction, prices } = await assignFormats(graph, statistics, profile, { prices: true });
  return { noise: prediction!.noise, ...prices! };
};

/** Three convolutions, one after the other. */
const chain = prepareGraph(
  buildGraph({
    inputs: { x: [1, 2, 2, 2] },
    constants: {
      u: float32([2, 2, 1, 1], [1, -0.3, 0.21, 0.7]),
      v: float32([2, 2, 1, 1], [0.9, -0.17, 0.033, 0.21]),
      w: float32([1, 2, 1, 1], [0.5, 3]),
    },
    nodes: [op('Conv', ['x', 'u'], 'a'), op('Conv', ['a', 'v'], 'b'), op('Conv', ['b', 'w'], 'y')],
    outputs: ['y'],
  }),
).graph;

const close = (found: number, expected: number, noise: number) =>
  expect(Math.abs(found - Math.max(0, expected))).toBeLessThanOrEqual(3e-6 * noise);

test('of every window and node: the noise that is gone without it', { timeout: 60_000 }, async () => {
  const size = fc.constantFrom(0.02, 0.1, 0.6, 3);
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(size, size, size, size),
      fc.integer({ min: -2, max: 9 }),
      fc.integer({ min: 1, max: 7 }),
      async ([x, a, b, y], most, least) => {
        const shift = { terms: { input: 1, weights: 1, output: -1 }, max: most + 4 };
        const output = { terms: { output: 1 }, min: least };
        const statistics = seen({ x: [x, -x / 3], a: [a / 7, a], b: [b, -b / 5], y: [-y, y / 2] });
        const rules = (windows: object): Profile => ({ ...base, operators: { Conv: { windows } } as never });
        const profile = rules({ shift, output });
        const { noise, rules: found, nodes } = await pricesOf(chain, statistics, profile);
        const priceOf = (rule: string) => found.find((entry) => entry.rule === rule)!.noise;
        close(
          priceOf(`windows.shift.max ${most + 4} of Conv`),
          noise - (await noiseOf(chain, statistics, rules({ output }))),
          noise,
        );
        close(
          priceOf(`windows.output.min ${least} of Conv`),
          noise - (await noiseOf(chain, statistics, rules({ shift }))),
          noise,
        );
        for (const node of ['a', 'b', 'y']) {
          const overrides = [{ nodes: node, windows: { shift: null, output: null } }];
          const without = await noiseOf(chain, statistics, { ...profile, overrides });
          close(nodes.find((entry) => entry.node === node)?.noise ?? 0, noise - without, noise);
        }
        for (const list of [found, nodes]) {
          const noises = list.map((entry) => entry.noise);
          expect(noises).toEqual(noises.toSorted((first, second) => second - first));
        }
      },
    ),
    { numRuns: 10 },
  );
});

test('of formats that are shared, of signs, registers, pins and budgets', async () => {
  const graph = prepareGraph(
    buildGraph({
      inputs: { p: [1, 1, 2, 2], q: [1, 1, 2, 2] },
      constants: { w: float32([1, 2, 1, 1], [0.5113, 0.7719]) },
      nodes: [op('Concat', ['p', 'q'], 'c', { axis: 1 }), op('Conv', ['c', 'w'], 'y')],
      outputs: ['y'],
    }),
  ).graph;
  const statistics = seen({ p: [0.01, 0.013], q: [0.3, 0.9], c: [0.01, 0.9], y: [0.2, 0.7] });
  const profile: Profile = {
    ...base,
    accumulator: { ...base.accumulator, bits: 24 },
    bias: { position: 'accumulator', bits: 24 },
    weights: { ...base.weights, narrow: true, bits: [8, 16] },
    pins: [{ tensors: 'y', fractionBits: 3 }],
    budgets: { weightBytes: 3 },
  };
  const { noise, rules, nodes } = await pricesOf(graph, statistics, profile);
  const expected: Record<string, Profile> = {
    'sharedFormat of Concat': {
      ...profile,
      sharedFormat: profile.sharedFormat.filter((name) => name !== 'Concat'),
    },
    'activations.signed always': {
      ...profile,
      activations: { ...profile.activations, signed: 'asNeeded' },
    },
    'weights.narrow': { ...profile, weights: { ...profile.weights, narrow: false } },
    'accumulator.bits 24': {
      ...base,
      weights: profile.weights,
      pins: profile.pins,
      budgets: profile.budgets,
    },
    'pins.0 of y': { ...profile, pins: [] },
    'budgets.weightBytes 3': { ...profile, budgets: {} },
  };
  expect(rules.map(({ rule }) => rule).sort()).toEqual(Object.keys(expected).sort());
  for (const { rule, noise: price, sqnr } of rules) {
    const without = await noiseOf(graph, statistics, expected[rule]);
    close(price, noise - without, noise);
    if (price > 0) expect(sqnr).toBeCloseTo(10 * Math.log10(noise / without), 4);
  }
  expect(rules.filter(({ noise: price }) => price > 0).map(({ rule }) => rule)).toEqual(
    expect.arrayContaining(['activations.signed always', 'pins.0 of y', 'budgets.weightBytes 3']),
  );
  expect(nodes.length).toBeLessThanOrEqual(2);
});

test('a rule whose absence contradicts the others has none', async () => {
  const graph = buildGraph({
    inputs: { p: [1, 1, 2, 2], q: [1, 1, 2, 2] },
    nodes: [op('Add', ['p', 'q'], 'y')],
    outputs: ['y'],
  });
  const statistics = seen({ p: [-1, 1], q: [-1, 1], y: [-2, 2] });
  const pins = ['p', 'q', 'y'].map((tensors) => ({ tensors, bits: 12 }));
  const { rules } = await pricesOf(graph, statistics, { ...base, sharedFormat: ['Add'], pins });
  expect(rules.find(({ rule }) => rule.startsWith('pins.0'))).toMatchObject({ noise: 0, sqnr: 0 });
});

test('of scales that are no powers of two: registers, sharing, pins, signs, channels and budgets', async () => {
  const kneron = loadProfile('kneron-mixed');
  const graph = prepareGraph(
    buildGraph({
      inputs: { p: [1, 1, 2, 2], q: [1, 1, 2, 2] },
      constants: { w: float32([2, 2, 1, 2], [0.5113, 0.7719, 0.6134, 0.31, 0.011, 0.027, 0.02, 0.016]) },
      nodes: [op('Concat', ['p', 'q'], 'c', { axis: 1 }), op('Conv', ['c', 'w'], 'y')],
      outputs: ['y'],
    }),
  ).graph;
  const statistics = seen({ p: [0.01, 0.013], q: [0.3, 0.9], c: [0.01, 0.9], y: [0.2, 0.7] });
  const profile: Profile = {
    ...kneron,
    sharedFormat: ['Concat'],
    sharedInputs: [],
    operators: {},
    activations: { ...kneron.activations, signed: 'always', bits: [8, 16] },
    weights: { ...kneron.weights, bits: [8, 16], perChannel: false, narrow: false },
    accumulator: { ...kneron.accumulator, bits: 32, proof: 'required' },
    bias: { position: 'accumulator', bits: 32 },
    pins: [
      { tensors: 'y', bits: 8 },
      { tensors: 'c', bits: 16 },
      { tensors: 'w', bits: 16 },
    ],
    budgets: { wideMacShare: 1 },
  };
  const { noise, rules, nodes } = await pricesOf(graph, statistics, profile);
  const emulated = { ...profile.accumulator, proof: 'emulated' } as const;
  const expected: Record<string, Profile> = {
    'sharedFormat of Concat': { ...profile, sharedFormat: [] },
    'pins.0 of y': { ...profile, pins: profile.pins.slice(1) },
    'pins.1 of c': { ...profile, pins: profile.pins.toSpliced(1, 1) },
    'pins.2 of w': { ...profile, pins: profile.pins.slice(0, 2) },
    'accumulator.bits 32': {
      ...profile,
      accumulator: { ...profile.accumulator, bits: 64 },
      bias: { position: 'accumulator', bits: 64 },
    },
    'accumulator.proof required': { ...profile, accumulator: emulated },
    'activations.signed always': {
      ...profile,
      activations: { ...profile.activations, signed: 'asNeeded' },
    },
    'weights.perChannel false': { ...profile, weights: { ...profile.weights, perChannel: true } },
    'budgets.wideMacShare 1': { ...profile, budgets: {} },
  };
  expect(rules.map(({ rule }) => rule).sort()).toEqual(Object.keys(expected).sort());
  for (const { rule, noise: price } of rules) {
    close(price, noise - (await noiseOf(graph, statistics, expected[rule])), noise);
  }
  // Four products of 16 bits by 16 bits are too many for 32 bits: the weights are held back.
  const dear = rules.filter(({ noise: price }) => price > 0).map(({ rule }) => rule);
  expect(dear).toEqual(
    expect.arrayContaining(['accumulator.bits 32', 'accumulator.proof required', 'pins.0 of y']),
  );
  const apart = await noiseOf(graph, statistics, expected['sharedFormat of Concat']);
  close(nodes.find(({ node }) => node === 'c')?.noise ?? 0, noise - apart, noise);
});

test('of widths of operators and overrides, and of channels that are filled up', async () => {
  const statistics = seen({ x: [1, -0.3], a: [0.2, 1.1], b: [0.7, -0.4], y: [-2, 1] });
  const activations = { bits: [6] };
  const weights = { bits: [4] };
  const profile: Profile = {
    ...base,
    activations: { ...base.activations, signed: 'asNeeded' },
    weights: { ...base.weights, bits: [8, 16] },
    sharedFormat: [],
    operators: { Conv: { activations, weights: { bits: [5] } } },
    overrides: [{ nodes: 'b', weights }],
    channelAlignment: { multiple: 4, rule: 'pad' },
    // u, v and w have 16, 16 and 16 weights as they are filled up, and no biases.
    budgets: { weightBytes: 30 },
  };
  const { noise, rules } = await pricesOf(chain, statistics, profile);
  const expected: Record<string, Profile> = {
    'activations.bits 6 of Conv': { ...profile, operators: { Conv: { weights: { bits: [5] } } } },
    'weights.bits 5 of Conv': { ...profile, operators: { Conv: { activations } } },
    'weights.bits 4 of overrides.0': { ...profile, overrides: [] },
    'channelAlignment.multiple 4': { ...profile, channelAlignment: { multiple: 1, rule: 'pad' } },
    'budgets.weightBytes 30': { ...profile, budgets: {} },
  };
  expect(rules.map(({ rule }) => rule).sort()).toEqual(Object.keys(expected).sort());
  for (const { rule, noise: price } of rules) {
    const without = await noiseOf(chain, statistics, expected[rule]).catch(() => Infinity);
    close(price, noise - without, noise);
  }
  expect(rules.find(({ rule }) => rule === 'activations.bits 6 of Conv')!.noise).toBeGreaterThan(0);
  expect(rules.find(({ rule }) => rule === 'weights.bits 4 of overrides.0')!.noise).toBeGreaterThan(0);

  // With weights of 8 or 16 bits to choose from, channels that are filled up take the room for wide ones.
  const padded = { ...profile, operators: {}, overrides: [], budgets: { weightBytes: 48 } };
  const found = await pricesOf(chain, statistics, padded);
  const none = await noiseOf(chain, statistics, {
    ...padded,
    channelAlignment: { multiple: 1, rule: 'pad' },
  });
  expect(none).toBeLessThan(found.noise);
  const price = found.rules.find(({ rule }) => rule === 'channelAlignment.multiple 4')!.noise;
  close(price, found.noise - none, found.noise);
});

test('of a node that moves values, where scales are no powers of two', async () => {
  const graph = prepareGraph(
    buildGraph({
      inputs: { x: [1, 1, 2, 2] },
      constants: { v: float32([1, 1, 1, 1], [1]), w: float32([1, 1, 1, 1], [1]) },
      nodes: [
        op('Conv', ['x', 'v'], 'a'),
        op('MaxPool', ['a'], 'b', { kernel_shape: [2, 2] }),
        op('Conv', ['b', 'w'], 'y'),
      ],
      outputs: ['y'],
    }),
  ).graph;
  const statistics = seen({ x: [1, -1], a: [0.013, 0.031, -0.9], b: [0.9, 0.8], y: [1, -1] });
  const profile: Profile = { ...loadProfile('kneron-mixed'), budgets: { wideMacShare: 0 } };
  const { rules, nodes } = await pricesOf(graph, statistics, profile);
  const price = rules.find(({ rule }) => rule === 'sharedFormat of MaxPool')!;
  expect(price.noise).toBeGreaterThan(0);
  expect(nodes).toEqual([{ node: 'b', operator: 'MaxPool', noise: price.noise, sqnr: price.sqnr }]);
});
