/** Networks as QLinear operators: both packages of ONNX Runtime run them, in integers between the ends, and find what we find. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onnx } from 'onnx-proto';
import * as nodeRuntime from 'onnxruntime-node';
import * as webRuntime from 'onnxruntime-web';
import { afterAll, describe, expect } from 'vitest';
import { assignFormats } from '#src/assign/assign.js';
import { calibrate } from '#src/calibrate/calibrate.js';
import { compileProgram } from '#src/compile/compile.js';
import { createEngine } from '#src/execute/wasm/engine.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import { loadProfile } from '#src/hardware/profile.js';
import { openDataset } from '#src/inputs/dataset.js';
import type { Preprocess } from '#src/inputs/preprocess.js';
import { qlinearModel } from '#src/jobs/bench/qlinear-model.js';
import { loadModel, statisticsHeader } from '#src/jobs/load-model.js';
import { encodeModel } from '#src/onnx/write.js';
import { shared, sharedTest } from '../shared.js';

const folder = mkdtempSync(join(tmpdir(), 'dynafix-qlinear-'));
const engine = createEngine({ threads: 1 });
afterAll(async () => {
  await engine.dispose();
  rmSync(folder, { recursive: true });
});

const signed = (size: number) => ({ resize: size, crop: size, mean: 127.5, std: 127.5 });
const networks: Record<string, Preprocess> = {
  'squeezenet1.1': { crop: 224, channels: 'bgr', mean: [104, 117, 123] },
  'mobilenet_v1_0.25_128': signed(128),
  'mobilenet_v2_1.0_224': signed(224),
};

/** Operators on codes, and those at the ends that make them of reals and reals of them. */
const INTEGER = /^(QLinear\w+|QGemm|MaxPool|Transpose|Reshape|Squeeze|Flatten|NhwcMaxPool)$/;
const ENDS = /^(QuantizeLinear|DequantizeLinear|Softmax)$/;

async function quantise(name: string, preprocess: Preprocess) {
  const model = loadModel(shared(`models/imagenet/${name}.onnx.gz`));
  const { inputs } = model.graph;
  const data = { path: shared('imagenet/calibration'), inputs, preprocess, limit: 4 };
  const float = compileProgram(model.graph, null);
  const statistics = await calibrate(engine, float, statisticsHeader(model, data), data, { sensitivity: 0 });
  const formats = await assignFormats(model.graph, statistics, loadProfile('generic-int8'));
  return { program: compileProgram(model.graph, formats), sample: openDataset(data).load(0) };
}

function operatorsOf(path: string): string[] {
  return onnx.ModelProto.decode(readFileSync(path)).graph!.node!.map(({ opType }) => opType!);
}

const largest = (values: ArrayLike<number>) => {
  const list = Array.from(values);
  return list.indexOf(Math.max(...list));
};

describe.each(Object.entries(networks))('%s', (name, preprocess) => {
  sharedTest('is fused by ONNX Runtime and classifies as our program does', async () => {
    const { program, sample } = await quantise(name, preprocess);
    const ours = largest(createWasmExecutor(program).run(sample)[0] as Float32Array);
    const model = encodeModel(qlinearModel(program));
    const optimised = join(folder, `${name}.onnx`);
    const { inputs, tensors } = program;
    for (const [runtime, options] of [
      [
        nodeRuntime,
        {
          logSeverityLevel: 3,
          optimizedModelFilePath: optimised,
          extra: { session: { x64quantprecision: '1' } },
        },
      ],
      [webRuntime, { executionProviders: ['wasm'] }],
    ] as const) {
      const session = await runtime.InferenceSession.create(model, options);
      const feeds = inputs.map(({ name, tensor }, index) => {
        const value = new runtime.Tensor('float32', sample[index] as Float32Array, tensors[tensor].shape);
        return [name, value];
      });
      const results = await session.run(Object.fromEntries(feeds));
      expect(largest(results[session.outputNames[0]].data as Float32Array)).toBe(ours);
    }
    const operators = operatorsOf(optimised);
    expect(operators.filter((operator) => !INTEGER.test(operator) && !ENDS.test(operator))).toEqual([]);
    expect(operators.filter((operator) => ENDS.test(operator)).length).toBeLessThanOrEqual(3);
  });
});
