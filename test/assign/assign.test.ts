import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AssignOptions, assignFormats } from '#src/assign/assign.js';
import { formatsJson, readFormats, writeFormats } from '#src/assign/formats-file.js';
import type { Statistics } from '#src/calibrate/statistics.js';
import { compileProgram } from '#src/compile/compile.js';
import { stepSize } from '#src/formats/format.js';
import type { Graph } from '#src/graph/graph.js';
import { float32, int64, type Tensor } from '#src/graph/tensor.js';
import { loadProfile, type Profile } from '#src/hardware/profile.js';
import { prepareGraph } from '#src/passes/index.js';
import { buildGraph, float, type GraphParts, op } from '../graph/build.js';
import { seen } from './seen.js';

const int8 = loadProfile('generic-int8');
const minmax = { method: 'minmax' } as const;

/** A graph after the passes, over inputs of one element per channel. */
const graphOf = (parts: GraphParts): Graph => prepareGraph(buildGraph(parts)).graph;

/** Fraction bits by value and by constant. */
async function fractionBits(
  graph: Graph,
  statistics: Statistics,
  profile = int8,
  options: AssignOptions = minmax,
) {
  const { tensors, constants, moves } = await assignFormats(graph, statistics, profile, options);
  const entries = Object.entries({ ...tensors, ...constants });
  const bits: Record<string, unknown> = Object.fromEntries(
    entries.map(([name, format]) => [name, format.fractionBits]),
  );
  return { ...bits, moves };
}

const rules = (operators: Profile['operators'], change: Partial<Profile> = {}): Profile => ({
  ...int8,
  operators,
  ...change,
});

/** x -> Conv with two output channels -> y. */
const convolution = (weights: readonly number[] = [1, 0.25], bias: readonly number[] = [0.5, 0]) =>
  graphOf({
    inputs: { x: [1, 1, 2, 2] },
    constants: { w: float32([2, 1, 1, 1], weights), b: float32([2], bias) },
    nodes: [op('Conv', ['x', 'w', 'b'], 'y')],
    outputs: ['y'],
  });
const convolutionSeen = seen({ x: [-1, 0.5], y: [-1.5, 1.5] });

describe('formats', () => {
  test('of a convolution: a position per value and per output channel', async () => {
    expect(await fractionBits(convolution(), convolutionSeen)).toEqual({ x: 7, y: 6, w: [6, 8], moves: [] });
  });

  test('per-tensor weights where the hardware has no others', async () => {
    const profile = { ...int8, weights: { ...int8.weights, perChannel: false } };
    expect(await fractionBits(convolution(), convolutionSeen, profile)).toMatchObject({ w: 6 });
  });

  test('unsigned where that is allowed and nothing is negative', async () => {
    const profile = { ...int8, activations: { ...int8.activations, signed: 'asNeeded' as const } };
    const { tensors } = await assignFormats(convolution(), seen({ x: [-1, 1], y: [0, 1] }), profile, minmax);
    expect(tensors.x).toMatchObject({ signed: true, fractionBits: 6 });
    expect(tensors.y).toMatchObject({ signed: false, fractionBits: 7 });
  });

  test.each(['generic-int8', 'kneron-int8'])(
    'unsigned where a pin says so, whatever is clipped: %s',
    async (name) => {
      const profile = { ...loadProfile(name), pins: [{ tensors: 'y', signed: false }] };
      const formatOf = async (statistics: Statistics) =>
        (await assignFormats(convolution(), statistics, profile, minmax)).tensors.y;
      // Up to 1.5: 1.5 * 2^7 = 192 of 255 codes, or all of them.
      const format = await formatOf(convolutionSeen);
      expect(format.signed).toBe(false);
      expect(stepSize(format)).toBeCloseTo(name === 'generic-int8' ? 2 ** -7 : 1.5 / 255, 6);
      const below = await formatOf(seen({ x: [-1, 0.5], y: [-1.5, -1] }));
      expect(below).toMatchObject({ signed: false, fractionBits: 0 });
    },
  );

  test('values that share one: moved, pooled, clamped, reshaped and concatenated', async () => {
    const graph = graphOf({
      inputs: { a: [1, 2, 4, 4], b: [1, 2, 2, 2] },
      constants: { shape: int64([2], [1, 16]) },
      nodes: [
        op('MaxPool', ['a'], 'pooled', { kernel_shape: [2, 2], strides: [2, 2] }),
        op('Relu', ['b'], 'clamped'),
        op('Concat', ['pooled', 'clamped'], 'joined', { axis: 1 }),
        op('Reshape', ['joined', 'shape'], 'flat'),
      ],
      outputs: ['flat'],
    });
    const statistics = seen({ a: [0, 3], b: [-5, 1], pooled: [3], clamped: [1], joined: [3], flat: [3] });
    const formats = await assignFormats(graph, statistics, int8, minmax);
    for (const name of ['a', 'b', 'pooled', 'clamped', 'joined', 'flat']) {
      expect(formats.tensors[name].fractionBits).toBe(4);
      expect(formats.reasons[name]).toMatchObject({ minimum: -5, maximum: 3, sources: ['a', 'b'] });
    }
  });

  test('a group is chosen for the values that enter it, not for those that move within', async () => {
    const graph = graphOf({
      inputs: { a: [1, 1, 4, 4] },
      nodes: [op('MaxPool', ['a'], 'y', { kernel_shape: [4, 4] })],
      outputs: ['y'],
    });
    expect(await fractionBits(graph, seen({ a: [-1, 1] }))).toEqual({ a: 6, y: 6, moves: [] });
  });

  test('without a shared format a concatenation has formats of its own', async () => {
    const graph = graphOf({
      inputs: { a: [1, 1, 1, 1], b: [1, 1, 1, 1] },
      nodes: [op('Concat', ['a', 'b'], 'y', { axis: 1 })],
      outputs: ['y'],
    });
    const statistics = seen({ a: [1], b: [4], y: [1, 4] });
    expect(await fractionBits(graph, statistics, { ...int8, sharedFormat: [] })).toMatchObject({
      a: 6,
      b: 4,
      y: 4,
    });
  });

  test('float tails have none; what a float island feeds into arithmetic has one', async () => {
    const tail = graphOf({ inputs: { x: [1, 4] }, nodes: [op('Softmax', ['x'], 'y')], outputs: ['y'] });
    expect(Object.keys((await assignFormats(tail, seen({ x: [1] }), int8)).tensors)).toEqual(['x']);
    const island = graphOf({
      inputs: { x: [1, 4, 2, 2] },
      constants: { w: float32([1, 4, 1, 1], [1, 1, 1, 1]) },
      nodes: [
        op('LRN', ['x'], 'n', { size: 3 }),
        op('MaxPool', ['n'], 'p', { kernel_shape: [2, 2] }),
        op('Conv', ['p', 'w'], 'y'),
      ],
      outputs: ['y'],
    });
    expect(await fractionBits(island, seen({ x: [1], n: [3], y: [7] }))).toMatchObject({
      x: 6,
      n: 5,
      p: 5,
      y: 4,
    });
  });

  test('of constant operands and of slopes', async () => {
    const graph = graphOf({
      inputs: { x: [1, 2, 2, 2], z: [1, 2, 2, 2] },
      constants: { c: float32([2, 1, 1], [0.25, -0.5]) },
      nodes: [
        op('Sigmoid', ['x'], 's'),
        op('Mul', ['s', 'c'], 'm'),
        op('Add', ['m', 'z'], 'a'),
        op('LeakyRelu', ['a'], 'y', { alpha: float(0.01) }),
      ],
      outputs: ['y'],
    });
    const statistics = seen({ x: [4], z: [1], s: [0.9], m: [-0.4, 0.2], a: [1], y: [1] });
    const formats = await assignFormats(graph, statistics, int8, minmax);
    expect(formats.constants.c).toMatchObject({ bits: 8, fractionBits: 8 });
    expect(formats.constants['y/alpha']).toMatchObject({ bits: 16, fractionBits: 21 });
    expect(formats.reasons['y/alpha'].sqnr).toBeGreaterThan(80);
  });

  test.each(['sharedInputs', 'sharedFormat'])('of constant operands are those of %s', async (field) => {
    const graph = graphOf({
      inputs: { x: [1, 1, 2, 2] },
      constants: { k: float32([1], [40]) },
      nodes: [op('Sigmoid', ['x'], 'v'), op('Add', ['v', 'k'], 'y')],
      outputs: ['y'],
    });
    const statistics = seen({ x: [-1, 1], v: [0.3, 0.7], y: [40.3, 40.7] });
    // 40 * 2^1 = 80 of 127 codes.
    const shared = await fractionBits(graph, statistics, rules({}, { sharedFormat: [], [field]: ['Add'] }));
    expect(shared).toMatchObject({ v: 1, k: 1 });
    expect(await fractionBits(graph, statistics, rules({}))).toMatchObject({ v: 7, k: 1 });
  });

  test('of weights that two nodes share: the bias of each fits', async () => {
    const graph = graphOf({
      inputs: { x: [1, 1, 1, 1], z: [1, 1, 1, 1] },
      constants: { w: float32([1, 1, 1, 1], [2 ** -20]), b: float32([1], [1]), big: float32([1], [64]) },
      nodes: [op('Conv', ['x', 'w', 'b'], 'y'), op('Conv', ['z', 'w', 'big'], 'v')],
      outputs: ['y', 'v'],
    });
    const formats = await assignFormats(graph, seen({ x: [1], y: [1], z: [1], v: [64] }), int8, minmax);
    // 64 * 2^(z + w) < 2^31: less of z, without which w would be 0.
    const at = formats.tensors.z.fractionBits as number;
    expect(formats.constants.w.fractionBits).toBe(24 - at);
    expect(formats.moves.at(-1)).toEqual({
      name: 'w',
      channel: null,
      from: 26,
      to: 24 - at,
      node: 'v',
      constraint: 'the bias fits 32 bits',
    });
    expect(() => compileProgram(graph, formats)).not.toThrow();
  });

  test('of a tensor that is always 0: legal, with its reason', async () => {
    const formats = await assignFormats(convolution(), seen({ x: [0, 0], y: [1] }), int8);
    expect(formats.tensors.x).toMatchObject({ bits: 8, fractionBits: 0 });
    expect(formats.reasons.x).toEqual({ method: 'zeros', minimum: 0, maximum: 0, clipped: 0, sqnr: null });
    expect(() => compileProgram(convolution(), formats)).not.toThrow();
  });

  test('need statistics of this model and of every value', async () => {
    await expect(assignFormats(convolution(), convolutionSeen, int8, { model: 'cd' })).rejects.toThrow(
      'statistics: belong to another model, expected cd',
    );
    await expect(assignFormats(convolution(), seen({ x: [1] }), int8)).rejects.toThrow(
      'value "y": the statistics do not contain it',
    );
  });
});

describe('shift windows', () => {
  const sum = (inputs = ['x', 'z']) =>
    graphOf({ inputs: { x: [1, 4], z: [1, 4] }, nodes: [op('Add', inputs, 'y')], outputs: ['y'] });
  const sumSeen = seen({ x: [1], z: [16], y: [16] });
  const product = graphOf({
    inputs: { x: [1, 4], z: [1, 4] },
    nodes: [op('Mul', ['x', 'z'], 'y')],
    outputs: ['y'],
  });

  test.each([
    [
      'Conv output.max lowers the weights',
      convolution(),
      convolutionSeen,
      { Conv: { windows: { shift: { terms: { input: 1, weights: 1, output: -1 }, max: 8 } } } },
      { x: 7, w: [6, 7], y: 6 },
    ],
    [
      'Conv output.min lowers the output',
      convolution(),
      convolutionSeen,
      { Conv: { windows: { shift: { terms: { input: 1, weights: 1, output: -1 }, min: 8 } } } },
      { x: 7, w: [6, 8], y: 5 },
    ],
    [
      'Add read.max lowers the finer operand',
      sum(),
      sumSeen,
      { Add: { windows: { read: { terms: { finestInput: 1, coarsestInput: -1 }, max: 3 } } } },
      { x: 5, z: 2, y: 2 },
    ],
    [
      'Add write.min lowers the output',
      sum(),
      sumSeen,
      { Add: { windows: { write: { terms: { coarsestInput: 1, output: -1 }, min: 1 } } } },
      { x: 6, z: 2, y: 1 },
    ],
    [
      'Add write.max lowers the coarsest operand',
      sum(),
      sumSeen,
      { Add: { windows: { write: { terms: { coarsestInput: 1, output: -1 }, max: -1 } } } },
      { x: 6, z: 1, y: 2 },
    ],
    [
      'Mul output.max lowers both operands, which costs less than one',
      product,
      sumSeen,
      { Mul: { windows: { shift: { terms: { inputs: 1, output: -1 }, max: 4 } } } },
      { x: 5, z: 1, y: 2 },
    ],
    [
      'windows.input.max lowers the input',
      convolution(),
      convolutionSeen,
      { Conv: { windows: { input: { terms: { input: 1 }, max: 5 } } } },
      { x: 5, w: [6, 8], y: 6 },
    ],
    [
      'windows.output.min raises the output',
      convolution(),
      convolutionSeen,
      { Conv: { windows: { output: { terms: { output: 1 }, min: 7 } } } },
      { x: 7, w: [6, 8], y: 7 },
    ],
  ] as const)('%s', async (_, graph, statistics, operators, expected) => {
    const found = await fractionBits(graph, statistics, rules(operators as Profile['operators']));
    expect(found).toMatchObject(expected);
    expect(found.moves.length).toBeGreaterThan(0);
    for (const { node, constraint } of found.moves) {
      expect(node).toBe('y');
      expect(constraint).toMatch(/^windows\.\w+\.(min|max) -?\d+ of (Conv|Add|Mul)$/);
    }
  });

  test('all windows of a DPU-like profile hold, whatever the ranges', async () => {
    const profile = rules(
      {
        Conv: {
          windows: {
            shift: { terms: { input: 1, weights: 1, output: -1 }, min: 0, max: 16 },
            biasShift: { terms: { input: 1, weights: 1, bias: -1 }, min: 0, max: 15 },
          },
        },
        Add: {
          windows: {
            read: { terms: { finestInput: 1, coarsestInput: -1 }, max: 7 },
            write: { terms: { coarsestInput: 1, output: -1 }, min: -7, max: 25 },
          },
        },
        Mul: { windows: { shift: { terms: { inputs: 1, output: -1 }, min: 0, max: 32 } } },
        HardSigmoid: {
          windows: {
            input: { terms: { input: 1 }, min: 0, max: 15 },
            output: { terms: { output: 1 }, min: 7 },
            shift: { terms: { input: 1, output: -1 }, min: -14, max: 17 },
          },
        },
      },
      { bias: { position: 'own', bits: 8 }, weights: { ...int8.weights, perChannel: false } },
    );
    const exponent = fc.integer({ min: -6, max: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(exponent, { minLength: 8, maxLength: 8 }), async (exponents) => {
        const [x, w, b, y, a, h, m, z] = exponents.map((entry) => 2 ** entry);
        const graph = graphOf({
          inputs: { x: [1, 1, 2, 2], z: [1, 2, 2, 2] },
          constants: { w: float32([2, 1, 1, 1], [w, w / 2]), b: float32([2], [b, -b]) },
          nodes: [
            op('Conv', ['x', 'w', 'b'], 'y'),
            op('Add', ['y', 'z'], 'a'),
            op('HardSigmoid', ['a'], 'h'),
            op('Mul', ['a', 'h'], 'm'),
          ],
          outputs: ['m'],
        });
        const statistics = seen({ x: [x], y: [y], z: [z], a: [a], h: [h], m: [m] });
        const { tensors, constants, nodes } = await assignFormats(graph, statistics, profile);
        const at = (name: string) => tensors[name].fractionBits as number;
        const product = at('x') + (constants.w.fractionBits as number);
        const expectWithin = (value: number, low: number, high: number) => {
          expect(value).toBeGreaterThanOrEqual(low);
          expect(value).toBeLessThanOrEqual(high);
        };
        expectWithin(product - at('y'), 0, 16);
        expectWithin(product - (nodes.y.biasFormat!.fractionBits as number), 0, 15);
        expectWithin(Math.max(at('y'), at('z')) - Math.min(at('y'), at('z')), 0, 7);
        expectWithin(Math.min(at('y'), at('z')) - at('a'), -7, 25);
        expectWithin(at('a'), 0, 15);
        expectWithin(at('h'), 7, Infinity);
        expectWithin(at('a') - at('h'), -14, 17);
        expectWithin(at('a') + at('h') - at('m'), 0, 32);
        expect(() =>
          compileProgram(graph, { tensors, constants, nodes, conversions: int8.conversions }),
        ).not.toThrow();
      }),
      { numRuns: 60 },
    );
  });

  test('one repair makes the next necessary', async () => {
    const graph = graphOf({
      inputs: { x: [1, 4] },
      nodes: [op('Sigmoid', ['x'], 's'), op('Tanh', ['s'], 'y')],
      outputs: ['y'],
    });
    const profile = rules({
      Sigmoid: { windows: { output: { terms: { output: 1 }, max: 5 } } },
      Tanh: { windows: { shift: { terms: { input: 1, output: -1 }, min: 0 } } },
    });
    const found = await fractionBits(graph, seen({ x: [4], s: [0.9], y: [0.7] }), profile);
    expect(found).toMatchObject({ s: 5, y: 5 });
    expect(found.moves.map(({ name, from, to }) => [name, from, to])).toEqual([
      ['s', 7, 5],
      ['y', 7, 5],
    ]);
  });

  test('a bias with a position of its own loses resolution, and the program still adds up', async () => {
    const own = { position: 'own', bits: 8 } as const;
    const profile = rules({}, { bias: own });
    const formats = await assignFormats(convolution([1, 1], [100, 0.3]), convolutionSeen, profile, minmax);
    expect(formats.nodes.y).toMatchObject({ biasBits: 32, biasFormat: { bits: 8, fractionBits: 0 } });
    const program = compileProgram(convolution([1, 1], [100, 0.3]), formats);
    const bias = program.tensors.find(({ name }) => name === 'b')!;
    // 0.3 is 0 at 8 bits; 100 stands at position 7 + 6.
    expect(Array.from(bias.data as Int32Array)).toEqual([100 << 13, 0]);
  });

  test('shifts.bias.min lowers a bias of its own', async () => {
    const own = { position: 'own', bits: 8 } as const;
    const profile = rules(
      { Conv: { windows: { biasShift: { terms: { input: 1, weights: 1, bias: -1 }, min: 7 } } } },
      { bias: own },
    );
    const { nodes, moves } = await assignFormats(
      convolution([1, 1], [0.5, 0.5]),
      convolutionSeen,
      profile,
      minmax,
    );
    expect(nodes.y.biasFormat).toMatchObject({ fractionBits: 6 });
    expect(moves).toMatchObject([
      { name: 'b', from: 7, to: 6, constraint: 'windows.biasShift.min 7 of Conv' },
    ]);
  });

  test.each([
    [
      'a window that leaves weights nothing',
      convolution(),
      convolutionSeen,
      rules({ Conv: { windows: { shift: { terms: { input: 1, weights: 1, output: -1 }, max: -30 } } } }),
      'node "y" (Conv): no useful formats satisfy windows.shift.max -30 of Conv: whatever does leaves nothing but zeros of "x" or "w" or nothing but clipped values of "y"',
    ],
    [
      'a window that leaves a value nothing',
      convolution(),
      convolutionSeen,
      rules({ Conv: { windows: { input: { terms: { input: 1 }, max: -9 } } } }),
      'node "y" (Conv): no useful formats satisfy windows.input.max -9 of Conv: whatever does leaves nothing but zeros of "x"',
    ],
    [
      'a position above another limit',
      sum(),
      sumSeen,
      rules({
        Add: {
          windows: {
            output: { terms: { output: 1 }, min: 5 },
            input: { terms: { input: 1 }, max: 3 },
            write: { terms: { coarsestInput: 1, output: -1 }, min: 0 },
          },
        },
      }),
      'node "y" (Add): no formats satisfy all of node "y": windows.output.min 5 of Add; node "y": windows.input.max 3 of Add; node "y": windows.write.min 0 of Add',
    ],
    [
      'a sum that must be coarser than itself',
      graphOf({
        inputs: { x: [1, 4] },
        nodes: [op('Sigmoid', ['x'], 's'), op('Add', ['s', 's'], 'y')],
        outputs: ['y'],
      }),
      seen({ x: [1], s: [1], y: [2] }),
      rules(
        { Add: { windows: { write: { terms: { coarsestInput: 1, output: -1 }, min: 1 } } } },
        { sharedFormat: ['Add'] },
      ),
      'node "y" (Add): no formats satisfy all of node "y": windows.write.min 1 of Add; node "y": sharedFormat of Add',
    ],
    [
      'widths that cannot agree',
      graphOf({
        inputs: { x: [1, 4] },
        nodes: [op('Sigmoid', ['x'], 's'), op('Concat', ['s', 'x'], 'y', { axis: 1 })],
        outputs: ['y'],
      }),
      seen({ x: [1], s: [1], y: [1] }),
      rules({ Sigmoid: { activations: { bits: [16] } } }, { accumulator: { ...int8.accumulator, bits: 48 } }),
      'must have the format of',
    ],
  ] as const)('%s is an error in one line', async (_, graph, statistics, profile, message) => {
    let caught: Error | undefined;
    try {
      await assignFormats(graph, statistics, profile, minmax);
    } catch (error) {
      caught = error as Error;
    }
    expect(caught?.name).toBe('ConstraintError');
    expect(caught?.message).toContain(message);
    expect(caught?.message).not.toContain('\n');
  });
});

describe('formats.json', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dynafix-'));
  const path = join(folder, 'formats.json');
  const formats = await assignFormats(convolution(), convolutionSeen, int8);

  test('reads back what was written, one line per entry', async () => {
    writeFormats(path, formats);
    expect(readFormats(path)).toEqual(formats);
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines.filter((line) => /^ {4}"[xyw]": /.test(line)).length).toBe(7);
  });

  test('an edited file compiles, and the edit counts', async () => {
    writeFileSync(path, formatsJson(formats).replaceAll('"fractionBits":7', '"fractionBits":5'));
    const program = compileProgram(convolution(), readFormats(path));
    expect(program.tensors.find(({ name }) => name === 'x@codes')?.format?.fractionBits).toBe(5);
  });

  test.each([
    ['an unknown key', (text: string) => text.replace('"narrow"', '"narow"'), 'Unrecognized key: "narow"'],
    [
      'a fraction of a bit',
      (text: string) => text.replace('"fractionBits":7', '"fractionBits":7.5'),
      'tensors.x',
    ],
    ['another version', (text: string) => text.replace('"version": 1', '"version": 2'), 'version: '],
    ['half a file', (text: string) => text.slice(0, text.length / 2), 'is not JSON'],
  ])('%s is one clear line', (_, edit, message) => {
    writeFileSync(path, edit(formatsJson(formats)));
    expect(() => readFormats(path)).toThrow(message);
    expect(() => readFormats(path)).toThrow(/^[^\n]*$/);
  });
});

test('statistics decide: least squares clips what would cost more to hold', async () => {
  const tensor: Tensor = float32([1, 1, 1, 1], [1]);
  const graph = graphOf({
    inputs: { x: [1, 1, 1, 1] },
    constants: { w: tensor },
    nodes: [op('Conv', ['x', 'w'], 'y')],
    outputs: ['y'],
  });
  const values = [...Array.from({ length: 20_000 }, (_, i) => (i % 201) / 100 - 1), 1.3];
  const statistics = seen({ x: values, y: values });
  const { tensors, reasons } = await assignFormats(graph, statistics, int8);
  expect(tensors.x.fractionBits).toBe(7);
  expect(reasons.x.clipped).toBeGreaterThan(0);
  expect(reasons.x.clipped).toBeLessThan(0.02);
  expect(await fractionBits(graph, statistics)).toMatchObject({ x: 6 });
});
