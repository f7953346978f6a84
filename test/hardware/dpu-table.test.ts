/**
 * The published table of a DPU's shifts (Quark's rules of alignment), row by row: with pinned positions `dpu-int8` allows the ends of every
 * window, and one step beyond names the window.
 */
import { describe, expect, test } from 'vitest';
import { assignFormats } from '#src/assign/assign.js';
import type { Graph } from '#src/graph/graph.js';
import { float32 } from '#src/graph/tensor.js';
import { loadProfile } from '#src/hardware/profile.js';
import { prepareGraph } from '#src/passes/index.js';
import { seen } from '../assign/seen.js';
import { buildGraph, type GraphParts, op } from '../graph/build.js';

const dpu = loadProfile('dpu-int8');
const statistics = seen(Object.fromEntries([...'xyzabs'].map((name) => [name, [-1, 0.3, 1]])));

type Positions = Readonly<Record<string, number>>;

/** Chooses formats where some values and constants have the given fraction bits. */
function assign(graph: Graph, positions: Positions) {
  const pins = Object.entries(positions).map(([tensors, fractionBits]) => ({ tensors, fractionBits }));
  return assignFormats(graph, statistics, { ...dpu, pins });
}

const graphOf = (parts: Partial<GraphParts> & Pick<GraphParts, 'nodes' | 'outputs'>): Graph =>
  prepareGraph(buildGraph({ inputs: { x: [1, 2, 2, 2] }, ...parts })).graph;
const constants = { w: float32([2, 2, 1, 1], [1, 0.5, -0.25, 1]), b: float32([2], [0.5, -0.5]) };
const convolution = graphOf({ constants, nodes: [op('Conv', ['x', 'w', 'b'], 'y')], outputs: ['y'] });
const leaky = graphOf({
  constants,
  nodes: [op('Conv', ['x', 'w', 'b'], 'y'), op('LeakyRelu', ['y'], 'z', { alpha: 0.1 })],
  outputs: ['z'],
});
const both = { x: [1, 2, 2, 2], y: [1, 2, 2, 2] };
const sum = graphOf({ inputs: both, nodes: [op('Add', ['x', 'y'], 'z')], outputs: ['z'] });
const product = graphOf({ inputs: both, nodes: [op('Mul', ['x', 'y'], 'z')], outputs: ['z'] });
const swish = graphOf({
  nodes: [op('Sigmoid', ['x'], 's'), op('Mul', ['x', 's'], 'z')],
  outputs: ['z'],
});
const hardSigmoid = graphOf({ nodes: [op('HardSigmoid', ['x'], 'z')], outputs: ['z'] });

describe.each<[string, Graph, string, (at: number) => Positions, number, number]>([
  ['shift_cut = w + i - o in 0..16', convolution, 'shiftCut', (at) => ({ x: 5, w: 4, y: 9 - at }), 0, 16],
  // The table's lower end is min(0, -(24 - (8 + shift_cut))): -12 where shift_cut is 4.
  [
    'shift_bias = w + i - b with shift_cut 4',
    convolution,
    'shiftBias',
    (at) => ({ x: 5, w: 4, y: 5, b: 9 - at }),
    -12,
    15,
  ],
  [
    'shift_bias where LeakyReLU follows',
    leaky,
    'shiftBiasBeforeLeakyRelu',
    (at) => ({ x: 5, w: 4, y: 5, b: 9 - at }),
    0,
    15,
  ],
  [
    'shift_swish = i0 + i1 - o in 0..15',
    swish,
    '(shiftSwish|shiftWrite)',
    (at) => ({ x: 5, s: 7, z: 12 - at }),
    0,
    15,
  ],
  ['HardSigmoid: 0 <= i <= 15', hardSigmoid, 'input', (at) => ({ x: at, z: 7 }), 0, 15],
  ['shift_read = max i - min i in 0..7', sum, 'shiftRead', (at) => ({ x: 4, y: 4 + at }), -7, 7],
  [
    'shift_write of Add = min i - o in -7..25',
    sum,
    'shiftWrite',
    (at) => ({ x: 4, y: 6, z: 4 - at }),
    -7,
    25,
  ],
  [
    'shift_write of Mul = i0 + i1 - o in 0..32',
    product,
    'shiftWrite',
    (at) => ({ x: 5, y: 4, z: 9 - at }),
    0,
    32,
  ],
])('%s', (_, graph, window, at, low, high) => {
  test.each([low, high])('%d is allowed', async (end) => {
    const wanted = at(end);
    const { tensors, constants, nodes } = await assign(graph, wanted);
    const bias = nodes.y?.biasFormat;
    for (const [name, position] of Object.entries(wanted)) {
      const format = name === 'b' ? bias : (tensors[name] ?? constants[name]);
      expect(format!.fractionBits).toBe(position);
    }
  });

  test.each([low - 1, high + 1])('%d names the window', async (beyond) => {
    await expect(assign(graph, at(beyond))).rejects.toThrow(new RegExp(`windows\\.${window}\\.`));
  });
});

test('HardSigmoid: o >= 7, and 14 + i - o >= 0; at most 31 follows', async () => {
  await expect(assign(hardSigmoid, { x: 5, z: 6 })).rejects.toThrow('windows.output.min 7 of HardSigmoid');
  await expect(assign(hardSigmoid, { x: 0, z: 14 })).resolves.toBeDefined();
  await expect(assign(hardSigmoid, { x: 0, z: 15 })).rejects.toThrow('windows.shift.min -14 of HardSigmoid');
});

test.each<[string, Graph]>([
  ['Concat', graphOf({ inputs: both, nodes: [op('Concat', ['x', 'y'], 'z', { axis: 1 })], outputs: ['z'] })],
  [
    'AveragePool',
    graphOf({ nodes: [op('AveragePool', ['x'], 'z', { kernel_shape: [2, 2] })], outputs: ['z'] }),
  ],
  ['MaxPool', graphOf({ nodes: [op('MaxPool', ['x'], 'z', { kernel_shape: [2, 2] })], outputs: ['z'] })],
])('%s: all positions are equal', async (operator, graph) => {
  const { tensors } = await assign(graph, { x: 3 });
  expect(tensors.z.fractionBits).toBe(3);
  await expect(assign(graph, { x: 3, z: 4 })).rejects.toThrow(`(${operator})`);
});
