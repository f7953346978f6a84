/**
 * Programs as ONNX on every validation input of the shared data: `npm run bench:exports -- [filter]`. The integer model must give the
 * program's codes; how many codes the QDQ model gives is counted over the first inputs, with and without ONNX Runtime's optimiser. Writes
 * bench/results/onnx-exports.json; a filter renews only the networks that match.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  assignFormats,
  calibrate,
  compileProgram,
  createEngine,
  exportModel,
  loadModel,
  loadProfile,
  openDataset,
} from 'dynafix';
import { cutIntegerPart } from '../dist/export/onnx/cut.js';
import { qdqModel } from '../dist/export/onnx/qdq-model.js';
import { quantizeValues } from '../dist/formats/convert.js';
import { stepSize } from '../dist/formats/format.js';
import { statisticsHeader } from '../dist/jobs/load-model.js';
import { encodeModel } from '../dist/onnx/write.js';
import { root, shared } from './shared-data.mjs';

const ort = createRequire(import.meta.url)('onnxruntime-node');
const scratch = mkdtempSync(join(tmpdir(), 'dynafix-onnx-'));
const hardware = 'generic-int8';
const qdqSamples = 50;

const signed = { mean: 127.5, std: 127.5 };
const imagenet = { scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const photos = { data: 'imagenet/validation', calibration: 'imagenet/calibration' };
const networks = [
  {
    name: 'MobileNetV2',
    model: 'imagenet/mobilenet_v2_1.0_224',
    ...photos,
    preprocess: { crop: 224, ...signed },
  },
  {
    name: 'SqueezeNet 1.1',
    model: 'imagenet/squeezenet1.1',
    ...photos,
    preprocess: { crop: 224, channels: 'bgr', mean: [104, 117, 123] },
  },
  {
    name: 'ResNet-56',
    model: 'cifar10/resnet56',
    data: 'cifar10/test_1000.bin.gz',
    calibration: 'cifar10/train_3000.bin.gz',
    preprocess: imagenet,
  },
];

const exact = {
  intraOpNumThreads: 1,
  logSeverityLevel: 4,
  extra: { session: { x64quantprecision: '1' } },
};

async function compile(engine, { model: path, calibration, preprocess }) {
  const model = loadModel(`${shared}/models/${path}.onnx.gz`);
  const spec = { path: `${shared}/${calibration}`, inputs: model.graph.inputs, preprocess, limit: 200 };
  const float = compileProgram(model.graph, null);
  const statistics = await calibrate(engine, float, statisticsHeader(model, spec), spec);
  const formats = await assignFormats(model.graph, statistics, loadProfile(hardware), {
    model: model.digest,
  });
  return compileProgram(model.graph, formats, { model: model.digest, hardware });
}

/** How many elements of `right` are not those of `left`. */
function countDifferent(left, right) {
  if (left.length !== right.length) return Math.max(left.length, right.length);
  let count = 0;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) count++;
  return count;
}

async function measure(engine, network) {
  const program = await compile(engine, network);
  const { inputs, outputs } = cutIntegerPart(program);
  const file = join(scratch, 'integer.onnx');
  const { operators } = exportModel(program, 'integer', file);
  const integer = await ort.InferenceSession.create(file, exact);
  const qdq = qdqModel(program);
  const names = outputs.map(({ tensor }) => program.tensors[tensor].name);
  const exposed = { ...qdq.graph, outputs: [...new Set([...qdq.graph.outputs, ...names])] };
  const bytes = encodeModel({ ...qdq, graph: exposed });
  const fused = await ort.InferenceSession.create(bytes, exact);
  const plain = await ort.InferenceSession.create(bytes, { ...exact, graphOptimizationLevel: 'disabled' });
  const session = engine.load(program);
  const spec = { path: `${shared}/${network.data}`, preprocess: network.preprocess };
  const ports = program.inputs.map(({ name, tensor }) => {
    return { name, type: 'float32', shape: program.tensors[tensor].shape };
  });
  const dataset = openDataset({ ...spec, inputs: ports });
  const counts = { integer: 0, fused: 0, plain: 0 };
  const codes = { integer: 0, qdq: 0 };
  for (let sample = 0; sample < dataset.count; sample++) {
    const [elements] = dataset.load(sample);
    const { codes: expected } = await session.run([elements.slice()]);
    const [{ name, tensor }] = inputs;
    const { shape, format } = program.tensors[tensor];
    const { rounding, overflow } = program.instructions.find(({ output }) => output === tensor);
    const given = quantizeValues(elements, shape, format, rounding, overflow);
    const found = await integer.run({ [name]: new ort.Tensor('int8', given, shape) });
    for (const [index, output] of outputs.entries()) {
      counts.integer += countDifferent(expected[index], found[output.name].data);
      codes.integer += expected[index].length;
    }
    if (sample >= qdqSamples) continue;
    const real = { [ports[0].name]: new ort.Tensor('float32', elements, ports[0].shape) };
    for (const [kind, model] of Object.entries({ fused, plain })) {
      const values = await model.run(real);
      for (const [index, { tensor: behind }] of outputs.entries()) {
        const step = stepSize(program.tensors[behind].format);
        const inSteps = values[names[index]].data.map((value) => value / step);
        counts[kind] += countDifferent(expected[index], inSteps);
        if (kind === 'fused') codes.qdq += inSteps.length;
      }
    }
  }
  session.dispose();
  return {
    network: network.name,
    hardware,
    onnxruntime: ort.env.versions.node,
    integer: { samples: dataset.count, codes: codes.integer, different: counts.integer, operators },
    qdq: {
      samples: Math.min(qdqSamples, dataset.count),
      codes: codes.qdq,
      different: { optimised: counts.fused, plain: counts.plain },
    },
  };
}

const resultsFile = join(root, 'bench/results/onnx-exports.json');
const known = existsSync(resultsFile) ? JSON.parse(readFileSync(resultsFile, 'utf8')) : [];
const results = new Map(known.map((result) => [result.network, result]));
const filter = new RegExp(process.argv[2] ?? '.', 'i');
const engine = createEngine({ threads: 1 });
try {
  for (const network of networks.filter(({ name }) => filter.test(name))) {
    const result = await measure(engine, network);
    results.set(network.name, result);
    const ordered = networks.map(({ name }) => results.get(name)).filter((entry) => entry !== undefined);
    writeFileSync(resultsFile, `${JSON.stringify(ordered, null, 1)}\n`);
    const { integer, qdq } = result;
    console.log(
      `${network.name}: integer model ${integer.different} of ${integer.codes} codes differ over ${integer.samples} inputs;`,
      `QDQ ${qdq.different.optimised} optimised, ${qdq.different.plain} plain, of ${qdq.codes}`,
    );
  }
} finally {
  await engine.dispose();
  rmSync(scratch, { recursive: true });
}
