/**
 * Whole validations against running both programs, float and fixed, on the same samples with as many threads, decoding included
 * in all, interleaved: `npm run bench:validate`. Ratios are medians of per-round ratios; they go to bench/results/validate.json,
 * and from there into docs/performance.md.
 */
import { writeFileSync } from 'node:fs';
import {
  assignFormats,
  calibrate,
  compileProgram,
  createEngine,
  loadModel,
  loadProfile,
  runSamples,
  validate,
} from 'dynafix';
import { median } from '../dist/jobs/bench/rows.js';
import { writePerformance } from './performance.mjs';
import { root, shared } from './shared-data.mjs';

const rounds = Number(process.env.ROUNDS ?? 5);
const threads = 2;
const signed = { mean: 127.5, std: 127.5 };
const photos = { path: `${shared}/imagenet/validation`, samples: 16 };
const networks = [
  {
    name: 'MobileNetV2',
    model: 'imagenet/mobilenet_v2_1.0_224.onnx',
    ...photos,
    preprocess: { crop: 224, ...signed },
  },
  {
    name: 'MobileNetV2 as published for TFLite',
    model: 'imagenet/tf2_mobilenet_v2_1.0_224_ptq.tflite',
    ...photos,
    preprocess: { crop: 224, layout: 'NHWC', ...signed },
  },
  {
    name: 'SqueezeNet 1.1',
    model: 'imagenet/squeezenet1.1.onnx',
    ...photos,
    preprocess: { crop: 224, channels: 'bgr', mean: [104, 117, 123] },
  },
  {
    name: 'ResNet-20',
    model: 'cifar10/resnet20.onnx',
    path: `${shared}/cifar10/test_1000.bin.gz`,
    samples: 100,
    preprocess: { scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  },
];
const profile = loadProfile('generic-int8');

/** Both programs of a network: formats as the file has them, or else those of the profile. */
async function compile(engine, { graph, formats, digest }, spec) {
  const float = compileProgram(graph, null);
  if (formats) return { float, fixed: compileProgram(graph, formats) };
  const header = { model: digest, preprocess: '' };
  const statistics = await calibrate(engine, float, header, spec, { sensitivity: 0 });
  return { float, fixed: compileProgram(graph, await assignFormats(graph, statistics, profile)) };
}

async function seconds(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

async function measure(engine, { name, model, path, samples, preprocess }) {
  const loaded = loadModel(`${shared}/models/${model}.gz`);
  const spec = { path, preprocess, inputs: loaded.graph.inputs, limit: samples };
  const { float, fixed } = await compile(engine, loaded, spec);
  const ratios = { layers: [], outputs: [] };
  for (let round = -1; round < rounds; round++) {
    const both = await seconds(async () => {
      await runSamples(engine, float, spec);
      await runSamples(engine, fixed, spec);
    });
    const layers = await seconds(() => validate(engine, float, fixed, spec));
    const outputs = await seconds(() => validate(engine, float, fixed, spec, { layers: false }));
    if (round < 0) continue;
    ratios.layers.push(layers / both);
    ratios.outputs.push(outputs / both);
  }
  return { network: name, samples, layers: median(ratios.layers), outputs: median(ratios.outputs) };
}

const engine = createEngine({ threads });
const rows = [];
for (const network of networks) {
  const row = await measure(engine, network);
  rows.push(row);
  const times = (ratio) => `${ratio.toFixed(2)} times as long as running both programs`;
  console.log(`${row.network}: validating takes ${times(row.layers)}; outputs only ${times(row.outputs)}`);
}
await engine.dispose();
const result = { node: process.version, threads, rounds, rows };
writeFileSync(`${root}bench/results/validate.json`, `${JSON.stringify(result, null, 1)}\n`);
writePerformance(root);
