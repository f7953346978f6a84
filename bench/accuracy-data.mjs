/** Opens the networks of bench/accuracy.mjs: model, samples, labels, and what the configurations of a network share. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadLabels, loadModel, openDataset } from 'dynafix';
import { writeSeededNetwork } from './seeded-network.mjs';
import { shared } from './shared-data.mjs';

function modelPath({ model, seed }, folder) {
  if (model) return `${shared}/models/${model}.onnx.gz`;
  const path = join(folder, `${seed}.onnx`);
  writeSeededNetwork(`${shared}/vectors/onnx/light/${seed}.onnx`, path, `${shared}/imagenet/calibration`);
  return path;
}

/** What `quantize` calibrates with and leaves out of the score where a network has no calibration inputs. */
const HELD_OUT = 100;

/** Pictures as files of the float32 values that the network reads, in the same order, so that all configurations decode once. */
function decodePictures(spec, folder) {
  const dataset = openDataset(spec);
  mkdirSync(folder);
  for (let index = 0; index < dataset.count; index++) {
    writeFileSync(join(folder, `${String(index).padStart(6, '0')}.bin`), dataset.load(index)[0]);
  }
  const [{ shape }] = spec.inputs;
  return { path: folder, inputs: spec.inputs, raw: { type: 'float32', shape } };
}

/**
 * Options of `quantize` for a network. The folder keeps the statistics and `references` the float results that the first
 * configuration computes, for the others. `limit`: at most as many samples are scored.
 */
export function openNetwork(network, folder, limit = Infinity) {
  const model = loadModel(modelPath(network, folder));
  const spec = (path, most = Infinity) => ({
    path: `${shared}/${path}`,
    inputs: model.graph.inputs,
    preprocess: network.preprocess,
    raw: network.raw,
    limit: Number.isFinite(most) ? most : undefined,
  });
  const calibration = network.calibration && spec(network.calibration, network.calibrationLimit);
  const data = spec(network.data, Math.min(network.limit ?? Infinity, limit));
  if (!network.calibration && data.limit !== undefined) data.limit += HELD_OUT;
  const { file, ...labels } = network.labels ?? {};
  const source = { ...labels, file: file && `${shared}/${file}` };
  const pictures = network.data.startsWith('imagenet/');
  return {
    model,
    data: pictures ? decodePictures(data, join(folder, 'data')) : data,
    calibration: pictures ? decodePictures(calibration, join(folder, 'calibration')) : calibration,
    labels: network.labels && loadLabels(source, openDataset(data)),
    output: join(folder, 'out'),
    references: new Map(),
    layers: false,
    prices: false,
  };
}
