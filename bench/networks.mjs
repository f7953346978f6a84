/**
 * Whole networks on one thread, side by side in one process with ONNX Runtime, interleaved round by round: `npm run bench [filter]`.
 * No V8 flags. Ratios are medians of per-round ratios; times on a shared machine mean little by themselves.
 * Without a filter it writes bench/results/networks-node<version>.json and docs/performance.md.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  assignFormats,
  calibrate,
  compileProgram,
  createEngine,
  createWasmExecutor,
  loadModel,
  loadProfile,
  openDataset,
} from 'dynafix';
import node from 'onnxruntime-node';
import * as web from 'onnxruntime-web';
import { qlinearModel } from './qlinear-model.mjs';
import { writeSeededNetwork } from './seeded-network.mjs';
import { median } from './stream.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const shared = process.env.DYNAFIX_SHARED_DATA ?? join(root, '../shared/data');
const scratch = mkdtempSync(join(tmpdir(), 'dynafix-bench-'));
const rounds = Number(process.env.ROUNDS ?? 9);
const preprocess = { crop: 224, offset: -118, scale: 1 / 58 };

const networks = [
  { name: 'ResNet-50', seed: 'light_resnet50' },
  { name: 'Inception-v1', seed: 'light_inception_v1' },
  { name: 'MobileNetV2', model: 'imagenet/mobilenet_v2_1.0_224' },
];

async function prepare({ model, seed }) {
  let path = `${shared}/models/${model}.onnx.gz`;
  if (seed) {
    path = join(scratch, `${seed}.onnx`);
    writeSeededNetwork(`${shared}/vectors/onnx/light/${seed}.onnx`, path, `${shared}/imagenet/calibration`);
  }
  const { graph, digest } = loadModel(path);
  const float = compileProgram(graph, null);
  const spec = { path: `${shared}/imagenet/calibration`, preprocess, inputs: graph.inputs, limit: 8 };
  const engine = createEngine({ threads: 2 });
  const statistics = await calibrate(engine, float, { model: digest, preprocess: '' }, spec);
  await engine.dispose();
  const fixed = (hardware) => compileProgram(graph, assignFormats(graph, statistics, loadProfile(hardware)));
  return {
    float,
    int8: fixed('generic-int8'),
    int16: fixed('generic-int16'),
    input: openDataset(spec).load(0),
  };
}

/** A function that runs the model once in ONNX Runtime. */
async function session(ort, bytes, name, input, options) {
  const created = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3, ...options });
  const feeds = { [name]: new ort.Tensor('float32', input, [1, 3, 224, 224]) };
  return () => created.run(feeds);
}

/** Runs every subject once per round and returns the milliseconds of each. */
async function interleave(subjects) {
  const times = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]));
  for (let round = -2; round < rounds; round++) {
    for (const [name, run] of Object.entries(subjects)) {
      const start = performance.now();
      await run();
      if (round >= 0) times[name].push(performance.now() - start);
    }
  }
  return times;
}

const threads = { intraOpNumThreads: 1, interOpNumThreads: 1 };
web.env.wasm.numThreads = 1;
const rows = [];
for (const network of networks.filter(({ name }) => new RegExp(process.argv[2] ?? '.', 'i').test(name))) {
  const { float, int8, int16, input } = await prepare(network);
  const bytes = qlinearModel(int8);
  const name = int8.inputs[0].name;
  const executors = {
    float: createWasmExecutor(float),
    int8: createWasmExecutor(int8),
    int16: createWasmExecutor(int16),
  };
  const exact = { ...threads, extra: { session: { x64quantprecision: '1' } } };
  const times = await interleave({
    'dynafix int8': () => executors.int8.run(input),
    'onnxruntime-web int8': await session(web, bytes, name, input[0], { executionProviders: ['wasm'] }),
    'dynafix int16': () => executors.int16.run(input),
    'onnxruntime-node int8': await session(node, bytes, name, input[0], threads),
    'dynafix float': () => executors.float.run(input),
    'onnxruntime-node int8, exact mode': await session(node, bytes, name, input[0], exact),
  });
  for (const [subject, samples] of Object.entries(times)) {
    const ratioTo = Object.fromEntries(
      Object.keys(times)
        .filter((other) => other !== subject)
        .map((other) => [other, median(samples.map((time, round) => times[other][round] / time))]),
    );
    rows.push({
      work: network.name,
      subject,
      threads: 1,
      median: median(samples),
      best: Math.min(...samples),
      unit: 'ms',
      ratioTo,
    });
    console.log(
      `${network.name.padEnd(16)} ${subject.padEnd(34)} median ${median(samples).toFixed(1)} ms, best ${Math.min(...samples).toFixed(1)}; dynafix int8 is ${(1 / (ratioTo['dynafix int8'] ?? 1)).toFixed(2)}x as fast`,
    );
  }
}
rmSync(scratch, { recursive: true });

/** The table of docs/performance.md: speeds relative to ours in int8. */
function table() {
  const names = [...new Set(rows.map(({ subject }) => subject))].filter(
    (subject) => subject !== 'dynafix int8',
  );
  const lines = [...new Set(rows.map(({ work }) => work))].map((work) => {
    const ours = rows.find((row) => row.work === work && row.subject === 'dynafix int8');
    const cells = names.map((name) => ours.ratioTo[name].toFixed(2));
    return `| ${[work, ours.median.toFixed(1), ...cells].join(' | ')} |`;
  });
  const heading = ['network', 'dynafix int8, median ms', ...names.map((name) => `against ${name}`)];
  return [`| ${heading.join(' | ')} |`, `|${' --- |'.repeat(heading.length)}`, ...lines].join('\n');
}

if (process.argv[2] === undefined) {
  mkdirSync(join(root, 'bench/results'), { recursive: true });
  const version = process.versions.node.split('.')[0];
  const result = { cpu: cpus()[0].model, node: process.version, rows };
  writeFileSync(
    join(root, `bench/results/networks-node${version}.json`),
    `${JSON.stringify(result, null, 1)}\n`,
  );
  const introduction = readFileSync(join(root, 'bench/performance-introduction.md'), 'utf8');
  writeFileSync(
    join(root, 'docs/performance.md'),
    `${introduction}\n${cpus()[0].model}, Node ${process.version}.\n\n${table()}\n`,
  );
}
process.exit(0);
