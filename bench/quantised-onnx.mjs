/**
 * Quantised ONNX networks, made here from float ones, on dynafix and on ONNX Runtime: every integer tensor of every image is
 * compared. Activations are u8 with the zero points that their ranges ask for, weights s8 per channel, all scales float32 and no
 * powers of two. `node bench/quantised-onnx.mjs [images]`; needs the shared data.
 */
import { createRequire } from 'node:module';
import { compileProgram, createWasmExecutor, loadModel, openDataset } from 'dynafix';
import { runPorts } from '../dist/execute/ports.js';
import { prepareModel } from '../dist/lift/prepare.js';
import { decodeModel } from '../dist/onnx/read.js';
import { shared } from './shared-data.mjs';

const require = createRequire(import.meta.url);
const { onnx } = require('onnx-proto');
const ort = require('onnxruntime-node');

const images = Number(process.argv[2] ?? 32);

const signed = { mean: 127.5, std: 127.5 };
const networks = [
  {
    name: 'MobileNetV2',
    model: `${shared}/models/imagenet/mobilenet_v2_1.0_224.onnx.gz`,
    spec: { path: `${shared}/imagenet/validation`, preprocess: { crop: 224, ...signed } },
  },
  {
    name: 'ResNet-20',
    model: `${shared}/models/cifar10/resnet20.onnx.gz`,
    spec: {
      path: `${shared}/cifar10/test_1000.bin.gz`,
      preprocess: { scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    },
  },
];

const types = { 1: Float32Array, 2: Uint8Array, 3: Int8Array, 6: Int32Array, 7: BigInt64Array };
const [FLOAT, UINT8, INT8, INT32, INT64] = [1, 2, 3, 6, 7];

/** Smallest and largest of every value of the float program over a few samples; 0 is among them. */
function observe(program, samples) {
  const ranges = new Map();
  const note = (name, values) => {
    const range = ranges.get(name) ?? { low: 0, high: 0 };
    for (const value of values) {
      if (value < range.low) range.low = value;
      if (value > range.high) range.high = value;
    }
    ranges.set(name, range);
  };
  const executor = createWasmExecutor(program, { retain: true });
  for (const sample of samples) {
    note(program.inputs[0].name, sample);
    executor.run([sample], (index, tensors) => {
      const { output } = program.instructions[index];
      note(program.tensors[output].name, tensors.read(output));
    });
  }
  return ranges;
}

function attributeProto([name, { kind, value }]) {
  if (kind === 'ints') return { name, type: 7, ints: value };
  if (kind === 'string') return { name, type: 3, s: new TextEncoder().encode(value) };
  return kind === 'int' ? { name, type: 2, i: value } : { name, type: 1, f: value };
}

const movements = new Set(['Reshape', 'Flatten', 'Slice', 'Pad']);

/** Bytes of a ModelProto of QDQ pairs (`style` qdq) or of QLinear operators (qlinear). */
function quantisedModel(graph, ranges, style) {
  const nodes = [];
  const initializer = new Map();
  const constant = (name, dims, dataType, values) => {
    const array = types[dataType].from(values);
    initializer.set(name, { name, dims, dataType, rawData: new Uint8Array(array.buffer) });
    return name;
  };
  const emit = (opType, input, output, attribute = [], domain = '') =>
    nodes.push({ opType, domain, input, output: [output], name: `${opType}:${output}`, attribute });
  const quantities = new Map();
  const quantity = (value, given) => {
    const { low, high } = ranges.get(value) ?? {};
    const scale = given?.scale ?? Math.fround((high - low) / 255);
    const zeroPoint = given?.zeroPoint ?? Math.min(255, Math.max(0, Math.round(-low / scale)));
    quantities.set(value, { scale, zeroPoint });
    constant(`${value}/scale`, [], FLOAT, [scale]);
    constant(`${value}/zero`, [], UINT8, [zeroPoint]);
  };
  const by = (value) => [`${value}/scale`, `${value}/zero`];
  const triple = (value) => [`${value}/codes`, ...by(value)];
  const quantize = (value) => emit('QuantizeLinear', [value, ...by(value)], `${value}/codes`);
  const real = (value) => {
    emit('DequantizeLinear', triple(value), `${value}/real/${nodes.length}`);
    return nodes.at(-1).output[0];
  };

  /** Codes, scales and zero points per output channel (axis 0), and the bias at the sums' position. */
  const weights = (value, biasName, input) => {
    const { shape, data: values } = graph.constants.get(value);
    const channels = shape[0];
    const size = values.length / channels;
    const scales = Array.from({ length: channels }, (_, channel) => {
      const largest = values
        .subarray(channel * size, (channel + 1) * size)
        .reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      return Math.fround(Math.max(largest, 1e-6) / 127);
    });
    const codes = Array.from(values, (entry, i) => Math.round(entry / scales[Math.floor(i / size)]));
    constant(`${value}/codes`, shape, INT8, codes);
    constant(`${value}/scale`, [channels], FLOAT, scales);
    constant(`${value}/zero`, [channels], INT8, new Array(channels).fill(0));
    if (!biasName) return { weights: triple(value) };
    const steps = scales.map((scale) => Math.fround(scale * quantities.get(input).scale));
    const bias = Array.from(graph.constants.get(biasName).data, (entry, i) => Math.round(entry / steps[i]));
    constant(`${biasName}/codes`, [channels], INT32, bias);
    constant(`${biasName}/scale`, [channels], FLOAT, steps);
    return { weights: triple(value), bias: `${biasName}/codes`, biasScale: `${biasName}/scale` };
  };

  const axis0 = [{ name: 'axis', type: 2, i: 0 }];
  const clamped = (node, output) => {
    if (!node.clamp) return;
    const [low, high] = [node.clamp.low, node.clamp.high];
    nodes.at(-1).output = [`${output}/raw`];
    const limits = [constant(`${output}/low`, [], FLOAT, [low])];
    if (Number.isFinite(high)) limits.push(constant(`${output}/high`, [], FLOAT, [high]));
    emit('Clip', [`${output}/raw`, ...limits], output);
  };
  const copyConstants = (inputs) => {
    for (const name of inputs) {
      const tensor = graph.constants.get(name);
      if (tensor) constant(name, tensor.shape, tensor.type === 'int64' ? INT64 : FLOAT, tensor.data);
    }
  };

  for (const { name } of graph.inputs) {
    quantity(name);
    quantize(name);
  }
  for (const node of graph.nodes) {
    const { operator, inputs, outputs } = node;
    const [x] = inputs;
    const [y] = outputs;
    const attributes = Object.entries(node.attributes).map(attributeProto);
    if (operator === 'Softmax') {
      emit(operator, [real(x)], y, attributes);
      continue;
    }
    quantity(y, movements.has(operator) ? quantities.get(x) : undefined);
    if (movements.has(operator)) {
      copyConstants(inputs.slice(1));
      if (style === 'qdq') {
        emit(operator, [real(x), ...inputs.slice(1)], y, attributes);
        quantize(y);
      } else {
        const rest = operator === 'Pad' ? [inputs[1], `${y}/zero`] : inputs.slice(1);
        emit(operator, [`${x}/codes`, ...rest], `${y}/codes`, attributes);
      }
      continue;
    }
    const product = operator === 'Conv' || operator === 'Gemm' ? weights(inputs[1], inputs[2], x) : undefined;
    if (style === 'qlinear') {
      const codes = `${y}/codes`;
      if (operator === 'Conv')
        emit(
          'QLinearConv',
          [...triple(x), ...product.weights, ...by(y), ...(product.bias ? [product.bias] : [])],
          codes,
          attributes,
        );
      else if (operator === 'Gemm')
        emit(
          'QGemm',
          [...triple(x), ...product.weights, product.bias, ...by(y)],
          codes,
          [{ name: 'transB', type: 2, i: 1 }],
          'com.microsoft',
        );
      else if (operator === 'Add')
        emit('QLinearAdd', [...triple(x), ...triple(inputs[1]), ...by(y)], codes, [], 'com.microsoft');
      else if (operator === 'GlobalAveragePool')
        emit(
          'QLinearGlobalAveragePool',
          [...triple(x), ...by(y)],
          codes,
          [{ name: 'channels_last', type: 2, i: 0 }],
          'com.microsoft',
        );
      else throw new Error(`no QLinear operator for ${operator}`);
      continue;
    }
    const operands = product ? [real(x)] : inputs.map(real);
    if (product) {
      emit('DequantizeLinear', product.weights, `${inputs[1]}/real`, axis0);
      operands.push(`${inputs[1]}/real`);
      if (product.bias) {
        emit('DequantizeLinear', [product.bias, product.biasScale], `${inputs[2]}/real`, axis0);
        operands.push(`${inputs[2]}/real`);
      }
    }
    emit(operator, operands, y, attributes);
    clamped(node, y);
    quantize(y);
  }
  const integers = nodes.flatMap(({ output }) => output).filter((name) => name.endsWith('/codes'));
  const port = (name, elemType, shape) => ({
    name,
    type: {
      tensorType: { elemType, ...(shape && { shape: { dim: shape.map((dimValue) => ({ dimValue })) } }) },
    },
  });
  const model = {
    irVersion: 8,
    producerName: 'dynafix bench',
    opsetImport: [
      { domain: '', version: 13 },
      { domain: 'com.microsoft', version: 1 },
    ],
    graph: {
      name: style,
      node: nodes,
      initializer: [...initializer.values()],
      input: graph.inputs.map(({ name, shape }) => port(name, FLOAT, shape)),
      output: integers.map((name) => port(name, UINT8)),
    },
  };
  return onnx.ModelProto.encode(onnx.ModelProto.create(model)).finish();
}

/** Elements that differ, per tensor, over all samples; and the same for tensors in front of which all agree. */
async function compare(bytes, samples, level) {
  const prepared = prepareModel(decodeModel(bytes, 'model').graph);
  const program = compileProgram(prepared.graph, prepared.formats);
  const executor = createWasmExecutor(program);
  const session = await ort.InferenceSession.create(bytes, {
    graphOptimizationLevel: level,
    logSeverityLevel: 4,
    extra: { session: { x64quantprecision: '1' } },
  });
  const [{ name, tensor }] = program.inputs;
  const { shape } = program.tensors[tensor];
  const differing = new Map();
  const first = new Map();
  let elements = 0;
  let largest = 0;
  for (const sample of samples) {
    const expected = await session.run({ [name]: new ort.Tensor('float32', sample, shape) });
    let agrees = true;
    for (const output of runPorts(executor, [sample]).outputs) {
      const codes = expected[output.name].data;
      let count = 0;
      for (let i = 0; i < codes.length; i++) {
        if (codes[i] === output.codes[i]) continue;
        count++;
        largest = Math.max(largest, Math.abs(codes[i] - output.codes[i]));
      }
      elements += codes.length;
      if (count === 0) continue;
      differing.set(output.name, (differing.get(output.name) ?? 0) + count);
      if (agrees) first.set(output.name, (first.get(output.name) ?? 0) + 1);
      agrees = false;
    }
  }
  await session.release();
  return { tensors: program.outputs.length, elements, largest, differing, first };
}

for (const { name, model, spec } of networks) {
  const { graph } = loadModel(model);
  const dataset = openDataset({ ...spec, inputs: graph.inputs });
  const samples = Array.from({ length: images }, (_, i) => dataset.load(i)[0]);
  const ranges = observe(compileProgram(graph, null), samples.slice(0, 8));
  for (const style of ['qdq', 'qlinear']) {
    const bytes = quantisedModel(graph, ranges, style);
    for (const level of style === 'qdq' ? ['all', 'disabled'] : ['all']) {
      const { tensors, elements, largest, differing, first } = await compare(bytes, samples, level);
      const count = [...differing.values()].reduce((a, b) => a + b, 0);
      console.log(
        `${name} ${style}, ONNX Runtime optimisation ${level}: ${tensors} tensors x ${samples.length} images, ${elements} codes,`,
        `${count} differ in ${differing.size} tensors, at most by ${largest}`,
      );
      for (const [tensor, times] of first) console.log(`  first difference in ${times} images: ${tensor}`);
    }
  }
}
