/** Accuracy of published 8-bit TFLite networks beside that of their float twins, for bench/accuracy.mjs. */
import { compileProgram, loadLabels, loadModel, openDataset, runSamples, validate } from 'dynafix';

/** The heading under which the rows stand in docs/accuracy.md. */
export const published = 'TFLite, 8 bits as published';

const photos = { data: 'imagenet/validation', labelFile: 'imagenet/validation.txt', labelOffset: 1 };
const signed = { mean: 127.5, std: 127.5 };

/** `codes`: the pixels are the codes of the input, as users of these networks feed them; `twin` has its own preprocessing. */
export const tfliteNetworks = [
  {
    name: 'MobileNetV2 1.0',
    model: 'imagenet/tf2_mobilenet_v2_1.0_224_ptq',
    ...photos,
    codes: { crop: 224 },
    twin: { model: 'imagenet/mobilenet_v2_1.0_224.onnx', preprocess: { crop: 224, ...signed } },
  },
  {
    name: 'MobileNetV1 0.25',
    model: 'imagenet/mobilenet_v1_0.25_128_quant',
    ...photos,
    codes: { resize: 128, crop: 128 },
    twin: {
      model: 'imagenet/mobilenet_v1_0.25_128.onnx',
      preprocess: { resize: 128, crop: 128, ...signed },
    },
  },
  {
    name: 'ResNet-8',
    model: 'mlperf-tiny/ic_resnet8_int8',
    data: 'cifar10/test_1000.bin.gz',
    codes: {},
    twin: { model: 'mlperf-tiny/ic_resnet8_float.tflite', preprocess: { layout: 'NHWC' } },
  },
  {
    name: 'keyword spotting',
    model: 'mlperf-tiny/kws_int8',
    data: 'keywords',
    labelPattern: '(\\d+)\\.bin$',
    raw: { type: 'int8', shape: [1, 49, 10, 1] },
    preprocess: { offset: -83, scale: 0.5847029 },
    twin: {
      model: 'mlperf-tiny/kws_float.tflite',
      preprocess: { offset: -83, scale: 0.5847029 },
    },
  },
  {
    name: 'visual wake words',
    model: 'mlperf-tiny/vww_96_int8',
    data: 'imagenet/validation',
    unlabelled: true,
    limit: 200,
    codes: { resize: 96, crop: 96 },
    twin: {
      model: 'mlperf-tiny/vww_96_float.tflite',
      preprocess: { resize: 96, crop: 96, scale: 1 / 255, layout: 'NHWC' },
    },
  },
];

/** The real values for which pixels stand where they are the codes of a model's input. */
function pixelsAsCodes({ graph, formats }, geometry) {
  const { mantissa, fractionBits, zeroPoint, signed: isSigned } = formats.tensors[graph.inputs[0].name];
  const offset = (isSigned ? -128 : 0) - zeroPoint;
  return { ...geometry, layout: 'NHWC', offset, scale: mantissa * 2 ** -fractionBits };
}

function greatest(values) {
  return values.reduce((best, value, index) => (value > values[best] ? index : best), 0);
}

/** Share of samples whose class a float model finds. */
async function scoreTwin(engine, shared, network, labels, limit) {
  const { model: file, preprocess } = network.twin;
  const { graph } = loadModel(`${shared}/models/${file}.gz`);
  const data = {
    path: `${shared}/${network.data}`,
    inputs: graph.inputs,
    preprocess,
    raw: network.raw,
    limit,
  };
  let right = 0;
  await runSamples(engine, compileProgram(graph, null), data, {
    onSample({ outputs: [{ values }] }, index) {
      if (greatest(values) === labels[index]) right++;
    },
  });
  return right / labels.length;
}

/** The summary of an integer network, with the float twin's share under `twin`. `most`: at most as many samples. */
export async function measureTflite(engine, shared, network, most) {
  const model = loadModel(`${shared}/models/${network.model}.tflite.gz`);
  const limit = Math.min(network.limit ?? Infinity, most ?? Infinity);
  const spec = {
    path: `${shared}/${network.data}`,
    inputs: model.graph.inputs,
    preprocess: network.preprocess ?? pixelsAsCodes(model, network.codes),
    raw: network.raw,
    limit: Number.isFinite(limit) ? limit : undefined,
  };
  const file = network.labelFile && `${shared}/${network.labelFile}`;
  const source = { file, offset: network.labelOffset, pattern: network.labelPattern };
  const labels = network.unlabelled ? undefined : loadLabels(source, openDataset(spec));
  const float = compileProgram(model.graph, null);
  const summary = await validate(engine, float, compileProgram(model.graph, model.formats), spec, {
    labels,
    layers: false,
  });
  const twin = labels && (await scoreTwin(engine, shared, network, labels, spec.limit));
  return { ...summary, twin };
}
