/** Refined networks: what they compute beside float, and that they are what the files say. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { assignFormats } from '#src/assign/assign.js';
import { calibrate } from '#src/calibrate/calibrate.js';
import { compileProgram } from '#src/compile/compile.js';
import { createEngine } from '#src/execute/wasm/engine.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import type { Graph } from '#src/graph/graph.js';
import { float32 } from '#src/graph/tensor.js';
import { loadProfile } from '#src/hardware/profile.js';
import { openDataset } from '#src/inputs/dataset.js';
import { loadModel, statisticsHeader } from '#src/jobs/load-model.js';
import { prepareGraph } from '#src/passes/index.js';
import { encodeProgram } from '#src/program/file.js';
import { addBiases } from '#src/recover/add-biases.js';
import { cutProgram } from '#src/recover/cut-program.js';
import { refineWeights } from '#src/recover/refine-weights.js';
import { choosePositions, gatherRows, geometryOf, rowLength } from '#src/recover/sample-columns.js';
import { encodeRefined } from '#src/recover/write-refined.js';
import { validate } from '#src/validate/validate.js';
import { calibrationImages, model as digits, testImages } from '../cli/command-line.js';
import { buildGraph, noise, op } from '../graph/build.js';

const folder = mkdtempSync(join(tmpdir(), 'dynafix-recover-'));
const engine = createEngine({ threads: 2 });
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await engine.dispose();
});

const model = loadModel(digits);
const graph = addBiases(model.graph);
const float = compileProgram(graph, null);
const data = (path: string) => ({ path, inputs: model.graph.inputs });
const calibration = data(calibrationImages);
const statistics = await calibrate(engine, float, statisticsHeader(model, calibration), calibration);
const int8 = loadProfile('generic-int8');
const coarse = { ...int8, weights: { ...int8.weights, bits: [3] } };
const formats = await assignFormats(graph, statistics, coarse);
const indices = Array.from({ length: 40 }, (_, index) => index);

/** dB of the network's output on images that have not been seen. */
async function outputSqnr(refined: Graph): Promise<number> {
  const program = compileProgram(refined, formats);
  const { outputs } = await validate(engine, float, program, data(testImages), { layers: false });
  return outputs[0].sqnr!;
}

test('each step brings weights of 3 bits closer to float on other images', async () => {
  const refine = (steps: { correct: boolean; round: boolean }) =>
    refineWeights(engine, graph, formats, calibration, { ...steps, indices });
  const plain = await outputSqnr(graph);
  const corrected = await outputSqnr(await refine({ correct: true, round: false }));
  const both = await outputSqnr(await refine({ correct: true, round: true }));
  expect(corrected).toBeGreaterThan(plain + 0.5);
  expect(both).toBeGreaterThan(corrected + 1);
});

test('the refined file gives the program, and weights lie on their grid, for any number of threads', async () => {
  const steps = { correct: true, round: true, indices };
  const refined = await refineWeights(engine, graph, formats, calibration, steps);
  const path = join(folder, 'refined.onnx');
  writeFileSync(path, encodeRefined(refined));
  const read = loadModel(path);
  const bytes = (from: Graph) => Buffer.from(encodeProgram(compileProgram(from, formats)));
  expect(bytes(read.graph).equals(bytes(refined))).toBe(true);
  for (const [name, { fractionBits }] of Object.entries(formats.constants)) {
    const { data: values, shape } = refined.constants.get(name)!;
    const perRow = values.length / shape[0];
    const codes = Array.from(values as Float32Array, (value, index) => {
      const bits = typeof fractionBits === 'number' ? fractionBits : fractionBits[Math.floor(index / perRow)];
      return value * 2 ** bits;
    });
    expect(codes.every((code) => Number.isInteger(code) && code >= -4 && code <= 3)).toBe(true);
  }
  const single = createEngine({ threads: 1 });
  const again = await refineWeights(single, graph, formats, calibration, steps);
  await single.dispose();
  expect(bytes(again).equals(bytes(refined))).toBe(true);
});

test('a refined file keeps clamps of every kind, in operator sets with attributes and with inputs', () => {
  for (const opset of [9, 13]) {
    const limits = (low: number, high: number): [string[], Record<string, never>] => [
      [`low${low}`, `high${high}`],
      {},
    ];
    const clip = (input: string, output: string, low: number, high: number) =>
      opset < 11
        ? op('Clip', [input], output, {
            min: { kind: 'float', value: low },
            max: { kind: 'float', value: high },
          })
        : op('Clip', [input, ...limits(low, high)[0]], output);
    const { graph: prepared } = prepareGraph(
      buildGraph({
        opset,
        inputs: { x: [1, 2, 3, 3] },
        constants: {
          w: float32([2, 2, 1, 1], noise(4)),
          low0: float32([], [0]),
          'low-1': float32([], [-1]),
          high6: float32([], [6]),
          high2: float32([], [2]),
        },
        nodes: [
          op('Conv', ['x', 'w'], 'a'),
          op('Relu', ['a'], 'b'),
          op('Add', ['b', 'x'], 'c'),
          clip('c', 'd', 0, 6),
          op('Add', ['d', 'x'], 'e'),
          clip('e', 'y', -1, 2),
        ],
        outputs: ['y'],
      }),
    );
    expect(prepared.nodes.map(({ clamp }) => clamp?.high)).toEqual([Infinity, 6, 2]);
    const path = join(folder, `clamps${opset}.onnx`);
    writeFileSync(path, encodeRefined(prepared));
    const read = loadModel(path).graph;
    const plain = ({ name, inputs, outputs, clamp }: Graph['nodes'][number]) => ({
      name,
      inputs,
      outputs,
      clamp,
    });
    expect(read.nodes.map(plain)).toEqual(prepared.nodes.map(plain));
  }
});

test('the parts of a program give what the whole gives', () => {
  const program = compileProgram(graph, formats);
  const [input] = openDataset(calibration).load(3);
  const whole = createWasmExecutor(program).run([input as Float32Array]);
  for (let cut = 0; cut < program.instructions.length; cut++) {
    const known = new Map([[program.inputs[0].tensor, input]]);
    for (const part of [cutProgram(program, 0, cut), cutProgram(program, cut, program.instructions.length)]) {
      if (part.program.instructions.length === 0) continue;
      const values = createWasmExecutor(part.program).run(part.reads.map((tensor) => known.get(tensor)!));
      for (const [port, tensor] of part.writes.entries()) known.set(tensor, values[port]);
    }
    expect(program.outputs.map(({ tensor }) => known.get(tensor))).toEqual(whole);
  }
});

test('sampled rows times the weights are what a convolution computes there', () => {
  const weights = float32([4, 2, 3, 2], noise(48, 5));
  const attributes = { strides: [2, 1], pads: [1, 0, 2, 1], dilations: [1, 2], group: 1 };
  const { graph: prepared } = prepareGraph(
    buildGraph({
      inputs: { x: [1, 2, 7, 6] },
      constants: { w: weights },
      nodes: [op('Conv', ['x', 'w'], 'y', attributes)],
      outputs: ['y'],
    }),
  );
  const program = compileProgram(prepared, null);
  const index = program.instructions.findIndex((entry) => entry.op === 'convolution');
  const instruction = program.instructions[index] as Parameters<typeof geometryOf>[0];
  const { tensors } = program;
  let read: Float32Array | undefined;
  let written: Float32Array | undefined;
  createWasmExecutor(program).run([noise(84, 9)], (at, values) => {
    if (at === index - 1) read = values.read(instruction.inputs[0]) as Float32Array;
    if (at === index) written = values.read(instruction.output) as Float32Array;
  });
  const geometry = geometryOf(
    instruction,
    tensors[instruction.inputs[0]].shape,
    tensors[instruction.output].shape,
  );
  const [height, width] = geometry.output;
  const positions = choosePositions(height * width, 9, 1);
  expect(new Set(positions).size).toBe(9);
  const length = rowLength(geometry);
  const rows = new Float32Array(9 * length);
  gatherRows(read!, null, geometry, positions, rows);
  const stored = tensors[instruction.inputs[1]].data as Float32Array;
  for (const [sample, position] of positions.entries()) {
    for (let output = 0; output < 4; output++) {
      let sum = 0;
      for (let k = 0; k < length; k++) sum += rows[sample * length + k] * stored[output * length + k];
      expect(sum).toBeCloseTo(written![position * 4 + output], 4);
    }
  }
});
