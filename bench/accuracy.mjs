/**
 * Accuracy of every labelled network of the shared data under each built-in profile: `npm run accuracy [filter]`.
 * One configuration per profile, the same for all networks; calibration on calibration inputs only. Results go to
 * bench/results/accuracy.json, of which docs/accuracy.md is made; a filter renews only the networks that match.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEngine, loadLabels, loadModel, loadProfile, openDataset, quantize } from 'dynafix';
import { writeSeededNetwork } from './seeded-network.mjs';
import { measureTflite, published, tfliteNetworks, tfliteTable } from './tflite-accuracy.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const shared = process.env.DYNAFIX_SHARED_DATA ?? join(root, '../shared/data');
const scratch = mkdtempSync(join(tmpdir(), 'dynafix-accuracy-'));
const profiles = ['generic-int8', 'generic-int16'];
const threads = 2;

const signed = { mean: 127.5, std: 127.5 };
const imagenetStatistics = { scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const photos = { data: 'imagenet/validation', calibration: 'imagenet/calibration' };
const labelled = { ...photos, labels: { file: `${shared}/imagenet/validation.txt` } };
const cifar = {
  data: 'cifar10/test_1000.bin.gz',
  calibration: 'cifar10/train_3000.bin.gz',
  calibrationLimit: 200,
};
const background = { file: `${shared}/imagenet/validation.txt`, offset: 1 };
const seeded = {
  ...photos,
  calibrationLimit: 50,
  limit: 50,
  preprocess: { crop: 224, offset: -118, scale: 1 / 58 },
};

/** Networks, their data and preprocessing; `notes` go into the table. */
const networks = [
  {
    name: 'MobileNetV2',
    model: 'imagenet/mobilenet_v2_1.0_224',
    ...labelled,
    labels: background,
    preprocess: { crop: 224, ...signed },
    notes: 'deq',
  },
  {
    name: 'MobileNetV1 0.75',
    model: 'imagenet/mobilenet_v1_0.75_192',
    ...labelled,
    labels: background,
    preprocess: { resize: 192, crop: 192, ...signed },
    notes: 'deq, trained quantised',
  },
  {
    name: 'MobileNetV1 0.25',
    model: 'imagenet/mobilenet_v1_0.25_128',
    ...labelled,
    labels: background,
    preprocess: { resize: 128, crop: 128, ...signed },
    notes: 'deq, trained quantised',
  },
  {
    name: 'SqueezeNet 1.1',
    model: 'imagenet/squeezenet1.1',
    ...labelled,
    preprocess: { crop: 224, channels: 'bgr', mean: [104, 117, 123] },
  },
  { name: 'ResNet-20', model: 'cifar10/resnet20', ...cifar, labels: {}, preprocess: imagenetStatistics },
  { name: 'ResNet-56', model: 'cifar10/resnet56', ...cifar, labels: {}, preprocess: imagenetStatistics },
  { name: 'ResNet-8', model: 'cifar10/resnet8_mlperf', ...cifar, labels: {}, preprocess: {} },
  { name: 'WinML CNN', model: 'cifar10/winml_tutorial_cnn', ...cifar, labels: {}, preprocess: signed },
  { name: 'mnist-8', model: 'mnist/mnist-8', data: 'mnist', labels: {}, preprocess: {} },
  {
    name: 'keyword spotting',
    model: 'mlperf-tiny/kws_float',
    data: 'keywords',
    labels: { pattern: '(\\d+)\\.bin$' },
    raw: { type: 'int8', shape: [1, 1, 49, 10] },
    preprocess: { offset: -83, scale: 0.5847029 },
    notes: 'deq',
  },
  {
    name: 'Inception-v3',
    model: 'imagenet/inception_v3',
    ...photos,
    calibrationLimit: 50,
    limit: 50,
    preprocess: { resize: 299, crop: 299, scale: 1 / 255 },
    notes: 'deq, no labels',
  },
  { name: 'ResNet-50 graph', seed: 'light_resnet50', ...seeded, notes: 'seeded weights' },
  { name: 'Inception-v1 graph', seed: 'light_inception_v1', ...seeded, notes: 'seeded weights' },
];

function modelPath({ model, seed }) {
  if (model) return `${shared}/models/${model}.onnx.gz`;
  const path = join(scratch, `${seed}.onnx`);
  writeSeededNetwork(`${shared}/vectors/onnx/light/${seed}.onnx`, path, `${shared}/imagenet/calibration`);
  return path;
}

async function measure(engine, network, hardware) {
  const model = loadModel(modelPath(network));
  const spec = (path, limit) => ({
    path: `${shared}/${path}`,
    inputs: model.graph.inputs,
    preprocess: network.preprocess,
    raw: network.raw,
    limit,
  });
  const data = spec(network.data, network.limit);
  const calibration = network.calibration && spec(network.calibration, network.calibrationLimit);
  const labels = network.labels && loadLabels(network.labels, openDataset(data));
  const start = performance.now();
  const summary = await quantize(engine, {
    model,
    profile: loadProfile(hardware),
    data,
    calibration,
    labels,
    output: join(scratch, 'out'),
  });
  return {
    network: network.name,
    notes: network.notes ?? '',
    hardware,
    wallSeconds: (performance.now() - start) / 1000,
    ...summary,
    layers: undefined,
  };
}

const percent = (share, digits = 2) => (share === undefined ? '' : (100 * share).toFixed(digits));
const signedPoints = (value) => `${value > 0 ? '+' : ''}${value.toFixed(2)}`;

/** Half the width of the 95 % interval of a difference of paired shares, in points. */
function interval({ rightToWrong, wrongToRight, samples }) {
  const difference = (rightToWrong - wrongToRight) / samples;
  const variance = (rightToWrong + wrongToRight) / samples - difference ** 2;
  return 196 * Math.sqrt(variance / samples);
}

function table(rows) {
  const lines = rows.map((row) => {
    const { network, notes, samples, float, fixed, agreement, outputs, size, wallSeconds } = row;
    const loss = float
      ? `${signedPoints(100 * (fixed.top1 - float.top1))} ± ${interval(row).toFixed(2)}`
      : '';
    const changes = float ? `${row.rightToWrong} / ${row.wrongToRight}` : '';
    const sqnr = outputs[0].sqnr === null ? 'exact' : outputs[0].sqnr.toFixed(1);
    const cells = [
      network,
      notes,
      samples,
      percent(float?.top1),
      percent(fixed?.top1),
      loss,
      changes,
      percent(agreement),
      sqnr,
      (size.fixedBytes / 1e6).toFixed(2),
      wallSeconds.toFixed(0),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const heading =
    '| network | notes | samples | float top-1 % | fixed top-1 % | difference, 95 % interval | right to wrong / wrong to right | agreement % | output SQNR dB | size MB | seconds |';
  return [heading, `|${' --- |'.repeat(11)}`, ...lines].join('\n');
}

function pooled(rows) {
  const scored = rows.filter(({ float }) => float);
  if (scored.length === 0) return 'No labelled inputs.';
  const total = scored.reduce((sum, { samples }) => sum + samples, 0);
  const share = (kind) => scored.reduce((sum, row) => sum + row[kind].top1 * row.samples, 0) / total;
  return `Pooled over ${total} labelled inputs: float ${percent(share('float'))} %, fixed ${percent(share('fixed'))} % (${signedPoints(100 * (share('fixed') - share('float')))} points).`;
}

const resultsFile = join(root, 'bench/results/accuracy.json');
const results = existsSync(resultsFile) ? JSON.parse(readFileSync(resultsFile, 'utf8')) : [];

/** Puts a result in the place of the last one of the same network and profile, and writes both files. */
function record(result) {
  const same = ({ network, hardware }) => network === result.network && hardware === result.hardware;
  const index = results.findIndex(same);
  if (index < 0) results.push(result);
  else results[index] = result;
  const place = (row) => {
    const list = row.hardware === published ? tfliteNetworks : networks;
    return list.findIndex(({ name }) => name === row.network);
  };
  const sections = [...profiles, published];
  results.sort((a, b) => sections.indexOf(a.hardware) - sections.indexOf(b.hardware) || place(a) - place(b));
  mkdirSync(join(root, 'bench/results'), { recursive: true });
  writeFileSync(resultsFile, `${JSON.stringify(results, null, 1)}\n`);
  const texts = sections.map((hardware) => {
    const rows = results.filter((row) => row.hardware === hardware);
    const text = hardware === published ? tfliteTable(rows) : `${table(rows)}\n\n${pooled(rows)}`;
    return rows.length === 0 ? '' : `## ${hardware}\n\n${text}\n`;
  });
  const introduction = readFileSync(join(root, 'bench/accuracy-introduction.md'), 'utf8');
  writeFileSync(join(root, 'docs/accuracy.md'), `${introduction}\n${texts.join('\n')}`);
}

const filter = new RegExp(process.argv[2] ?? '.', 'i');
const engine = createEngine({ threads });
for (const network of networks.filter(({ name }) => filter.test(name))) {
  for (const hardware of profiles) {
    const result = await measure(engine, network, hardware);
    record(result);
    rmSync(join(scratch, 'out'), { recursive: true });
    const { float, fixed, agreement, outputs, wallSeconds } = result;
    const figures = `float ${percent(float?.top1)} fixed ${percent(fixed?.top1)} agreement ${percent(agreement)}`;
    console.log(
      `${hardware} ${network.name}: ${figures} SQNR ${outputs[0].sqnr?.toFixed(1)} in ${wallSeconds.toFixed(0)} s`,
    );
  }
}
for (const network of tfliteNetworks.filter(({ name }) => filter.test(`${published} ${name}`))) {
  const result = await measureTflite(engine, shared, network);
  record(result);
  const { twin, fixed, agreement, wallSeconds } = result;
  const figures = `float twin ${percent(twin)} integer ${percent(fixed?.top1)} agreement ${percent(agreement)}`;
  console.log(`${published} ${network.name}: ${figures} in ${wallSeconds.toFixed(0)} s`);
}
await engine.dispose();
rmSync(scratch, { recursive: true });
