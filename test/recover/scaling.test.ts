/** Passes that change a float network without changing what it computes. */
import { expect, test } from 'vitest';
import { assignFormats } from '#src/assign/assign.js';
import type { Statistics } from '#src/calibrate/statistics.js';
import { compileProgram } from '#src/compile/compile.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import type { Graph } from '#src/graph/graph.js';
import { float32, int64 } from '#src/graph/tensor.js';
import { loadProfile } from '#src/hardware/profile.js';
import { prepareGraph } from '#src/passes/index.js';
import { absorbBiases } from '#src/recover/absorb.js';
import { addBiases } from '#src/recover/add-biases.js';
import { equaliseChannels } from '#src/recover/equalise.js';
import { correctExpectedErrors } from '#src/recover/expect-errors.js';
import { stretchValues } from '#src/recover/stretch.js';
import { summarise } from '../calibrate/summarise.js';
import { buildGraph, float, noise, op } from '../graph/build.js';

const int8 = loadProfile('generic-int8');
const perTensor = { ...int8, weights: { ...int8.weights, perChannel: false } };

/** Noise whose rows have ranges that differ by up to 2^8. */
function unevenRows(rows: number, length: number, seed: number): Float32Array {
  return noise(rows * length, seed).map(
    (value, index) => value * 2 ** ((Math.floor(index / length) * 3) % 9),
  );
}

const constants = {
  w1: float32([6, 3, 3, 3], unevenRows(6, 27, 1)),
  b1: float32([6], noise(6, 2)),
  w2: float32([6, 1, 3, 3], unevenRows(6, 9, 3)),
  w3: float32([6, 6, 1, 1], noise(36, 4)),
  b3: float32([6], noise(6, 5)),
  w4: float32([4, 12, 1, 1], noise(48, 6)),
  w5: float32([5, 64], noise(320, 7)),
  w6: float32([6, 6, 1, 1], noise(36, 11)),
};

/** Convolutions, one of them by channel, with an addition, a concatenation, pooling and a matrix product behind. */
const graph: Graph = prepareGraph(
  buildGraph({
    inputs: { x: [1, 3, 8, 8] },
    constants: { ...constants, shape: int64([2], [1, 64]) },
    nodes: [
      op('Conv', ['x', 'w1', 'b1'], 'a', { pads: [1, 1, 1, 1] }),
      op('Relu', ['a'], 'ar'),
      op('Conv', ['ar', 'w2'], 'b', { pads: [1, 1, 1, 1], group: 6 }),
      op('LeakyRelu', ['b'], 'bl', { alpha: float(0.25) }),
      op('Conv', ['bl', 'w3', 'b3'], 'c'),
      op('Conv', ['ar', 'w6'], 'k'),
      op('Add', ['k', 'c'], 'd'),
      op('Concat', ['d', 'bl'], 'e', { axis: 1 }),
      op('Conv', ['e', 'w4'], 'f'),
      op('MaxPool', ['f'], 'g', { kernel_shape: [2, 2], strides: [2, 2] }),
      op('Reshape', ['g', 'shape'], 'h'),
      op('Gemm', ['h', 'w5'], 'y', { transB: 1 }),
    ],
    outputs: ['y'],
  }),
).graph;

const inputs = Array.from({ length: 4 }, (_, sample) => noise(192, 100 + sample));

/** Every value of the network, channels last, over all inputs. */
function runFloat(network: Graph): { outputs: Float32Array[]; values: Map<string, Float32Array> } {
  const program = compileProgram(network, null);
  const executor = createWasmExecutor(program);
  const values = new Map<string, number[]>();
  const outputs = inputs.map((input) => {
    const [output] = executor.run([input], (index, tensors) => {
      const { output: tensor } = program.instructions[index];
      const list = values.get(program.tensors[tensor].name) ?? [];
      list.push(...(tensors.read(tensor) as Float32Array));
      values.set(program.tensors[tensor].name, list);
    });
    return output as Float32Array;
  });
  return { outputs, values: new Map([...values].map(([name, list]) => [name, Float32Array.from(list)])) };
}

function statisticsOf(network: Graph): Statistics {
  const { values } = runFloat(network);
  values.set('x', Float32Array.from(inputs.flatMap((input) => [...input])));
  const tensors = [...network.types].flatMap(([name, { shape }]) => {
    const list = values.get(name);
    return list === undefined ? [] : [[name, summarise(shape[1], list)] as const];
  });
  return { model: 'ab'.repeat(32), preprocess: '', samples: ['00'.repeat(32)], tensors: new Map(tensors) };
}

/** The ratio of the largest to the smallest range of the rows of a constant. */
function unevenness(network: Graph, name: string): number {
  const { shape, data } = network.constants.get(name)!;
  const magnitudes = Float32Array.from(data as Float32Array, Math.abs);
  const length = magnitudes.length / shape[0];
  const ranges = Array.from({ length: shape[0] }, (_, row) =>
    Math.max(...magnitudes.subarray(row * length, (row + 1) * length)),
  );
  return Math.max(...ranges) / Math.min(...ranges);
}

test('equalisation by powers of two leaves every output bit and evens out the weights', () => {
  const equalised = equaliseChannels(graph, statisticsOf(graph), perTensor);
  expect(runFloat(equalised).outputs).toEqual(runFloat(graph).outputs);
  for (const name of ['w1', 'w2']) {
    expect(unevenness(equalised, name)).toBeLessThan(unevenness(graph, name) / 3);
  }
});

test('two layers whose ranges mirror each other meet in the middle', () => {
  const { graph: pair } = prepareGraph(
    buildGraph({
      inputs: { x: [1, 1, 2, 2] },
      constants: {
        w: float32([2, 1, 1, 1], [1 / 16, 1]),
        v: float32([1, 2, 1, 1], [1, 1 / 16]),
      },
      nodes: [op('Conv', ['x', 'w'], 'a'), op('Relu', ['a'], 'r'), op('Conv', ['r', 'v'], 'y')],
      outputs: ['y'],
    }),
  );
  const { constants: scaled } = equaliseChannels(
    pair,
    { ...statisticsOf(graph), tensors: new Map() },
    perTensor,
  );
  expect(scaled.get('w')!.data).toEqual(Float32Array.of(1 / 4, 1 / 4));
  expect(scaled.get('v')!.data).toEqual(Float32Array.of(1 / 4, 1 / 4));
});

test('weights with scales of their own are not equalised', () => {
  expect(equaliseChannels(graph, statisticsOf(graph), int8)).toBe(graph);
});

test('channels that reach a clamp stay as they are', () => {
  const { graph: clamped } = prepareGraph(
    buildGraph({
      inputs: { x: [1, 3, 8, 8] },
      constants: {
        w: float32([2, 3, 1, 1], [1, 1, 1, 1 / 16, 0, 0]),
        v: float32([1, 2, 1, 1], [1 / 64, 1 / 64]),
        low: float32([], [0]),
        high: float32([], [0.5]),
      },
      nodes: [
        op('Conv', ['x', 'w'], 'a'),
        op('Clip', ['a', 'low', 'high'], 'r'),
        op('Conv', ['r', 'v'], 'y'),
      ],
      outputs: ['y'],
    }),
  );
  const equalised = equaliseChannels(clamped, statisticsOf(clamped), perTensor);
  const before = clamped.constants.get('w')!.data as Float32Array;
  const after = equalised.constants.get('w')!.data as Float32Array;
  expect(after.subarray(0, 3)).toEqual(before.subarray(0, 3));
  expect(after[3]).toBeGreaterThan(before[3]);
  expect(runFloat(equalised).outputs).toEqual(runFloat(clamped).outputs);
});

test('stretched values change outputs by no more than float32 rounds', () => {
  const statistics = statisticsOf(graph);
  expect(stretchValues(graph, statistics, loadProfile('tflite-int8'))).toBe(graph);
  const stretched = stretchValues(graph, statistics, int8);
  expect(stretched).not.toBe(graph);
  const wanted = runFloat(graph).outputs;
  for (const [sample, output] of runFloat(stretched).outputs.entries()) {
    const most = Math.max(...wanted[sample].map(Math.abs));
    for (const [index, value] of output.entries())
      expect(Math.abs(value - wanted[sample][index])).toBeLessThan(1e-5 * most);
  }
});

/** x -> Conv -> value -> Conv -> y, whose first bias is high. */
const biased = (rectified: boolean) =>
  prepareGraph(
    buildGraph({
      inputs: { x: [1, 3, 8, 8] },
      constants: {
        w: float32([2, 3, 1, 1], noise(6, 8)),
        b: float32([2], [20, 5]),
        v: float32([4, 2, 3, 3], noise(72, 9)),
        c: float32([4], noise(4, 10)),
      },
      nodes: [
        op('Conv', ['x', 'w', 'b'], 'a'),
        ...(rectified ? [op('Relu', ['a'], 'r')] : []),
        op('Conv', [rectified ? 'r' : 'a', 'v', 'c'], 'y'),
      ],
      outputs: ['y'],
    }),
  ).graph;

test('high biases are absorbed: a smaller range, the same outputs', () => {
  for (const rectified of [true, false]) {
    const network = biased(rectified);
    const absorbed = absorbBiases(network, statisticsOf(network));
    const [before, after] = [runFloat(network), runFloat(absorbed)];
    const range = ({ values }: typeof before) =>
      Math.max(...values.get(network.nodes[0].outputs[0])!.map(Math.abs));
    expect(range(after)).toBeLessThan(range(before) / 3);
    for (const [sample, output] of after.outputs.entries()) {
      for (const [index, value] of output.entries())
        expect(Math.abs(value - before.outputs[sample][index])).toBeLessThan(1e-4);
    }
  }
});

test('nothing is absorbed where padding, another reader or the output would see it', () => {
  const network = biased(true);
  const change = (edit: Partial<Graph>) => ({ ...network, ...edit });
  const [first, last] = network.nodes;
  const padded = { ...last, attributes: { pads: { kind: 'ints', value: [1, 1, 1, 1] } as const } };
  const value = first.outputs[0];
  for (const unfit of [
    change({ nodes: [first, padded] }),
    change({ outputs: [...network.outputs, value] }),
    change({ nodes: [...network.nodes, { ...first, operator: 'Sqrt', inputs: [value], outputs: ['z'] }] }),
  ]) {
    expect(absorbBiases(unfit, statisticsOf(network))).toBe(unfit);
  }
});

test('the expected error of rounded weights moves into the bias', async () => {
  const { graph: prepared } = prepareGraph(
    buildGraph({
      inputs: { x: [1, 2, 1, 2] },
      constants: { w: float32([1, 2, 1, 1], [0.4, 1.3]) },
      nodes: [op('Conv', ['x', 'w'], 'y')],
      outputs: ['y'],
    }),
  );
  const network = addBiases(prepared);
  const tensors = new Map([
    ['x', summarise(2, Float32Array.of(1, -0.5, 3, -0.5))],
    ['y', summarise(1, Float32Array.of(-0.25, 0.55))],
  ]);
  const statistics = { model: 'ab'.repeat(32), preprocess: '', samples: ['00'.repeat(32)], tensors };
  const coarse = { ...int8, weights: { ...int8.weights, bits: [3] } };
  const formats = await assignFormats(network, statistics, coarse);
  // Weights in steps of 1/2: 0.4 and 1.3 become 0.5 and 1.5; inputs are 2 and -0.5 on average.
  expect(formats.constants.w.fractionBits).toBe(1);
  const [bias] = correctExpectedErrors(network, formats, statistics).constants.get('y/bias')!
    .data as Float32Array;
  expect(bias).toBeCloseTo((0.4 - 0.5) * 2 + (1.3 - 1.5) * -0.5, 6);
});
