/**
 * Accuracy of every labelled network of the shared data under each configuration: `npm run accuracy [filter]`. A configuration is
 * the same for all networks; calibration on calibration inputs only, once per network, as is the float run that all are compared with.
 * Results go to bench/results/accuracy.json, of which docs/accuracy.md is made; a filter, a pattern that the configuration and the
 * network's name match, renews only some.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEngine, loadLabels, loadModel, loadProfile, openDataset, quantize } from 'dynafix';
import { configurations } from './accuracy-configurations.mjs';
import { networks } from './accuracy-networks.mjs';
import { percent, pooled, table } from './accuracy-tables.mjs';
import { writeSeededNetwork } from './seeded-network.mjs';
import { measureTflite, published, tfliteNetworks, tfliteTable } from './tflite-accuracy.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const shared = process.env.DYNAFIX_SHARED_DATA ?? join(root, '../shared/data');
const scratch = mkdtempSync(join(tmpdir(), 'dynafix-accuracy-'));
const threads = 2;

function modelPath({ model, seed }) {
  if (model) return `${shared}/models/${model}.onnx.gz`;
  const path = join(scratch, `${seed}.onnx`);
  writeSeededNetwork(`${shared}/vectors/onnx/light/${seed}.onnx`, path, `${shared}/imagenet/calibration`);
  return path;
}

/** What all configurations of a network share: its data, and in `output` and `references` what the first one computes. */
function openNetwork(network) {
  const model = loadModel(modelPath(network));
  const spec = (path, limit) => ({
    path: `${shared}/${path}`,
    inputs: model.graph.inputs,
    preprocess: network.preprocess,
    raw: network.raw,
    limit,
  });
  const data = spec(network.data, network.limit);
  const { file, ...labels } = network.labels ?? {};
  return {
    model,
    data,
    calibration: network.calibration && spec(network.calibration, network.calibrationLimit),
    labels: network.labels && loadLabels({ ...labels, file: file && `${shared}/${file}` }, openDataset(data)),
    output: join(scratch, 'out'),
    references: new Map(),
  };
}

async function measure(engine, network, opened, { name, profile, options }) {
  const start = performance.now();
  const summary = await quantize(engine, {
    ...opened,
    profile: loadProfile(profile),
    layers: false,
    ...options,
  });
  return {
    network: network.name,
    notes: network.notes ?? '',
    configuration: name,
    wallSeconds: (performance.now() - start) / 1000,
    ...summary,
    layers: undefined,
  };
}

const resultsFile = join(root, 'bench/results/accuracy.json');
const results = existsSync(resultsFile) ? JSON.parse(readFileSync(resultsFile, 'utf8')) : [];

/** Puts a result in the place of the last one of the same network and configuration, and writes both files. */
function record(result) {
  const same = (row) => row.network === result.network && row.configuration === result.configuration;
  const index = results.findIndex(same);
  if (index < 0) results.push(result);
  else results[index] = result;
  const place = ({ configuration, network }) => {
    const list = configuration === published ? tfliteNetworks : networks;
    return list.findIndex(({ name }) => name === network);
  };
  const sections = [...configurations.map(({ name }) => name), published];
  const section = ({ configuration }) => sections.indexOf(configuration);
  results.sort((a, b) => section(a) - section(b) || place(a) - place(b));
  mkdirSync(join(root, 'bench/results'), { recursive: true });
  writeFileSync(resultsFile, `${JSON.stringify(results, null, 1)}\n`);
  const texts = sections.map((name) => {
    const rows = results.filter((row) => row.configuration === name);
    const text = name === published ? tfliteTable(rows) : `${table(rows)}\n\n${pooled(rows)}`;
    return rows.length === 0 ? '' : `## ${name}\n\n${text}\n`;
  });
  const introduction = readFileSync(join(root, 'bench/accuracy-introduction.md'), 'utf8');
  writeFileSync(join(root, 'docs/accuracy.md'), `${introduction}\n${texts.join('\n')}`);
}

const filter = new RegExp(process.argv[2] ?? '.', 'i');
const engine = createEngine({ threads });
for (const network of networks) {
  const chosen = configurations.filter(({ name }) => filter.test(`${name} ${network.name}`));
  if (chosen.length === 0) continue;
  const opened = openNetwork(network);
  for (const configuration of chosen) {
    const result = await measure(engine, network, opened, configuration);
    record(result);
    const { float, fixed, agreement, outputs, wallSeconds } = result;
    const figures = `float ${percent(float?.top1)} fixed ${percent(fixed?.top1)} agreement ${percent(agreement)}`;
    console.log(
      `${configuration.name} ${network.name}: ${figures} SQNR ${outputs[0].sqnr?.toFixed(1)} in ${wallSeconds.toFixed(0)} s`,
    );
  }
  rmSync(opened.output, { recursive: true });
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
