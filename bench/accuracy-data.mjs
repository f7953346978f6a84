/** Opens the networks of bench/accuracy.mjs: model, samples, labels, and what the configurations of a network share. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadLabels, loadModel, openDataset } from 'dynafix';
import { writeSeededNetwork } from './seeded-network.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const shared = process.env.DYNAFIX_SHARED_DATA ?? join(root, '../shared/data');

function modelPath({ model, seed }, folder) {
  if (model) return `${shared}/models/${model}.onnx.gz`;
  const path = join(folder, `${seed}.onnx`);
  writeSeededNetwork(`${shared}/vectors/onnx/light/${seed}.onnx`, path, `${shared}/imagenet/calibration`);
  return path;
}

/** What `quantize` calibrates with and leaves out of the score where a network has no calibration inputs. */
const HELD_OUT = 100;

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
  return {
    model,
    data,
    calibration,
    labels: network.labels && loadLabels({ ...labels, file: file && `${shared}/${file}` }, openDataset(data)),
    output: join(folder, 'out'),
    references: new Map(),
    layers: false,
  };
}
