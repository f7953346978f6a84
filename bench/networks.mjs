/** Whole networks of the shared data, as works of `dynafix bench`. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { networkGroup } from '../dist/jobs/bench/network.js';
import { writeSeededNetwork } from './seeded-network.mjs';
import { root, shared } from './shared-data.mjs';

const images = `${shared}/imagenet/calibration`;

const seeded = { crop: 224, offset: -118, scale: 1 / 58 };
const signed = (size) => ({ resize: size, crop: size, mean: 127.5, std: 127.5 });

/** `seed`: a graph whose weights are seeded here; `model`: a published network. */
const networks = [
  { name: 'ResNet-50', seed: 'light_resnet50', extras: ['load', 'memory', 'calibrate', 'hardware'] },
  { name: 'Inception-v1', seed: 'light_inception_v1' },
  {
    name: 'Inception-v3',
    model: 'inception_v3',
    preprocess: { resize: 299, crop: 299, scale: 1 / 255 },
    extras: ['load', 'memory'],
  },
  { name: 'MobileNetV1', model: 'mobilenet_v1_0.75_192', preprocess: signed(192) },
  {
    name: 'MobileNetV2',
    model: 'mobilenet_v2_1.0_224',
    preprocess: signed(224),
    extras: ['hardware'],
  },
  {
    name: 'SqueezeNet',
    model: 'squeezenet1.1',
    preprocess: { crop: 224, channels: 'bgr', mean: [104, 117, 123] },
  },
  { name: 'VGG-19', seed: 'light_vgg19', extras: ['memory'] },
  { name: 'AlexNet', seed: 'light_bvlc_alexnet' },
  { name: 'DenseNet-121', seed: 'light_densenet121' },
];

/** Kept in build/ for as long as the script that seeds them stays the same. */
function findSeeded(seed) {
  const script = readFileSync(join(root, 'bench/seeded-network.mjs'));
  const version = createHash('sha256').update(script).digest('hex').slice(0, 8);
  const path = join(root, `build/seeded/${seed}-${version}.onnx`);
  if (existsSync(path)) return path;
  mkdirSync(join(root, 'build/seeded'), { recursive: true });
  writeSeededNetwork(`${shared}/vectors/onnx/light/${seed}.onnx`, path, images);
  return path;
}

/** None where the shared data is absent. */
export function workGroups(settings) {
  if (!existsSync(shared)) return [];
  return networks.map(({ name, seed, model, preprocess = seeded, extras }) =>
    networkGroup(
      {
        name,
        model: seed ? () => findSeeded(seed) : `${shared}/models/imagenet/${model}.onnx.gz`,
        data: { path: images, preprocess, limit: 2 },
        extras,
      },
      settings,
    ),
  );
}
