/** Networks as ONNX models, read by onnx-proto and run by onnxruntime: the codes of the program. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onnx } from 'onnx-proto';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, expect, test } from 'vitest';
import { assignFormats } from '#src/assign/assign.js';
import { type FormatsFile, readFormats, writeFormats } from '#src/assign/formats-file.js';
import { calibrate } from '#src/calibrate/calibrate.js';
import { compileProgram } from '#src/compile/compile.js';
import type { Elements } from '#src/execute/executor.js';
import { createEngine } from '#src/execute/wasm/engine.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import { cutIntegerPart } from '#src/export/onnx/cut.js';
import { qdqModel } from '#src/export/onnx/qdq-model.js';
import { exportModel } from '#src/export/onnx/write-exports.js';
import { stepSize } from '#src/formats/format.js';
import { loadProfile } from '#src/hardware/profile.js';
import { type DatasetSpec, openDataset } from '#src/inputs/dataset.js';
import { loadModel, statisticsHeader } from '#src/jobs/load-model.js';
import type { Model } from '#src/onnx/model.js';
import { encodeModel } from '#src/onnx/write.js';
import type { Program } from '#src/program/program.js';
import { calibrationImages, model as digits, testImages } from '../cli/command-line.js';
import { shared, sharedTest } from '../shared.js';

const folder = mkdtempSync(join(tmpdir(), 'dynafix-onnx-'));
const engine = createEngine({ threads: 1 });
afterAll(async () => {
  await engine.dispose();
  rmSync(folder, { recursive: true });
});

interface Network {
  readonly path: string;
  readonly data: Omit<DatasetSpec, 'inputs'>;
  readonly calibration?: string;
}

async function assign({ path, data, calibration = data.path }: Network, hardware: string) {
  const model = loadModel(path);
  const spec: DatasetSpec = { ...data, path: calibration, inputs: model.graph.inputs, limit: 4 };
  const float = compileProgram(model.graph, null);
  const statistics = await calibrate(engine, float, statisticsHeader(model, spec), spec);
  const formats = await assignFormats(model.graph, statistics, loadProfile(hardware), {
    model: model.digest,
  });
  return { graph: model.graph, formats };
}

/** Elements of every tensor of a run. */
function runProgram(program: Program, sample: readonly Elements[]): Map<number, Elements> {
  const found = new Map<number, Elements>();
  createWasmExecutor(program, { retain: true }).run(sample, (index, tensors) => {
    const { output } = program.instructions[index];
    found.set(output, tensors.read(output).slice());
  });
  return found;
}

/** Runs both models on the first samples, and expects every output code to be that of the program. */
async function expectSameCodes(program: Program, { data }: Network, samples: number): Promise<void> {
  const files = { qdq: join(folder, 'qdq.onnx'), integer: join(folder, 'integer.onnx') };
  for (const kind of ['qdq', 'integer'] as const) {
    exportModel(program, kind, files[kind]);
    expectReadable(files[kind], program);
  }
  const exact = { extra: { session: { x64quantprecision: '1' } } };
  const integer = await InferenceSession.create(files.integer, exact);
  const qdq = withOutputs(
    qdqModel(program),
    program.outputs.map(({ codes }) => program.tensors[codes].name),
  );
  const fused = await InferenceSession.create(qdq, exact);
  const plain = await InferenceSession.create(qdq, { graphOptimizationLevel: 'disabled' });
  const inputs = program.inputs.map(({ name, tensor }) => ({ name, shape: program.tensors[tensor].shape }));
  const dataset = openDataset({
    ...data,
    inputs: inputs.map((input) => ({ ...input, type: 'float32' as const })),
  });
  const part = cutIntegerPart(program);
  for (let sample = 0; sample < samples; sample++) {
    const elements = dataset.load(sample);
    const found = runProgram(program, elements);
    const codes = part.inputs.map(({ name, tensor }) => {
      const { shape, format } = program.tensors[tensor];
      const type = `${format!.signed ? '' : 'u'}int${format!.bits <= 8 ? 8 : 16}`;
      return [name, new Tensor(type as 'int8', found.get(tensor) as Int8Array, [...shape])] as const;
    });
    const results = await integer.run(Object.fromEntries(codes));
    for (const { name, tensor } of part.outputs) expect(results[name].data, name).toEqual(found.get(tensor));

    const reals = inputs.map(({ name, shape }, index) => {
      return [name, new Tensor('float32', elements[index] as Float32Array, [...shape])] as const;
    });
    for (const session of [fused, plain]) {
      const values = await session.run(Object.fromEntries(reals));
      for (const { codes: behind } of program.outputs) {
        const { name, format } = program.tensors[behind];
        const expected = Array.from(found.get(behind) as Int8Array, (code) => code * stepSize(format!));
        expect(Array.from(values[name].data as Float32Array), name).toEqual(expected);
      }
    }
  }
  for (const session of [integer, fused, plain]) await session.release();
}

/** The model with further values of the graph as outputs. */
function withOutputs(model: Model, names: readonly string[]): Uint8Array {
  const outputs = [...new Set([...model.graph.outputs, ...names])];
  return encodeModel({ ...model, graph: { ...model.graph, outputs } });
}

/** onnx-proto finds the formats of the program in the metadata, and no operator beyond those that are meant. */
function expectReadable(file: string, program: Program): void {
  const { graph, metadataProps, opsetImport } = onnx.ModelProto.decode(readFileSync(file));
  expect(opsetImport!.map(({ domain }) => domain)).toEqual(['']);
  const facts = new Map(metadataProps!.map(({ key, value }) => [key, value]));
  const formats = JSON.parse(facts.get('dynafix.formats')!);
  for (const { output } of program.instructions) {
    const { name, format } = program.tensors[output];
    if (format !== null && formats[name] !== undefined) expect(formats[name]).toMatchObject({ ...format });
  }
  if (!file.endsWith('integer.onnx')) return;
  const float = [1, 10, 11, 16];
  expect(graph!.initializer!.filter(({ dataType }) => float.includes(dataType!))).toEqual([]);
  expect(graph!.node!.filter(({ opType }) => /Quantize/.test(opType!))).toEqual([]);
}

const digitsNetwork: Network = { path: digits, data: { path: testImages }, calibration: calibrationImages };

test('the digits that ship', async () => {
  const { graph, formats } = await assign(digitsNetwork, 'generic-int8');
  await expectSameCodes(compileProgram(graph, formats), digitsNetwork, 3);
});

test('formats.json that was edited compiles, and the models follow', async () => {
  const { graph, formats } = await assign(digitsNetwork, 'generic-int8');
  const path = join(folder, 'formats.json');
  writeFormats(path, formats);
  const text = JSON.parse(readFileSync(path, 'utf8')) as FormatsFile;
  const name = 'relu3.out';
  const format = text.tensors[name];
  const moved = { ...format, fractionBits: Number(format.fractionBits) - 1 };
  writeFileSync(path, JSON.stringify({ ...text, tensors: { ...text.tensors, [name]: moved } }));
  const edited = compileProgram(graph, readFormats(path));
  const tensor = edited.tensors.find((entry) => entry.name === name);
  expect(tensor?.format?.fractionBits).toBe(moved.fractionBits);
  await expectSameCodes(edited, digitsNetwork, 2);
});

const cifar = { path: shared('cifar10/test_1000.bin.gz') };
const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], scale: 1 / 255 };

sharedTest.each([
  ['cifar10/resnet8_mlperf', cifar, 3],
  ['cifar10/resnet56', { ...cifar, preprocess: imagenet }, 2],
  ['mnist/mnist-8', { path: shared('mnist') }, 3],
] as const)('%s', { timeout: 60_000 }, async (name, data, samples) => {
  const network = { path: shared(`models/${name}.onnx.gz`), data };
  const { graph, formats } = await assign(network, 'generic-int8');
  await expectSameCodes(compileProgram(graph, formats), network, samples);
});
