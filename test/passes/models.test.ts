import { describe, expect } from 'vitest';
import { readModel } from '#src/onnx/read.js';
import { prepareGraph } from '#src/passes/index.js';
import { shared, sharedTest } from '../shared.js';
import { expectSameOutputs } from './check.js';

const models = [
  'models/imagenet/mobilenet_v2_1.0_224.onnx.gz',
  'models/imagenet/mobilenet_v1_0.75_192.onnx.gz',
  'models/imagenet/mobilenet_v1_0.25_128.onnx.gz',
  'models/imagenet/squeezenet1.1.onnx.gz',
  'models/imagenet/inception_v3.onnx.gz',
  'models/cifar10/resnet20.onnx.gz',
  'models/cifar10/resnet56.onnx.gz',
  'models/cifar10/resnet8_mlperf.onnx.gz',
  'models/cifar10/winml_tutorial_cnn.onnx.gz',
  'models/mlperf-tiny/kws_float.onnx.gz',
  'models/mlperf-tiny/vww_96_float.onnx.gz',
  'models/mlperf-tiny/ad01_float.onnx.gz',
  'models/mnist/mnist-8.onnx.gz',
  'models/mnist/mlp_bn_pytorch.onnx.gz',
  'models/mnist/mlp_onnxmlir.onnx.gz',
  'models/mnist/opt-mnist.onnx.gz',
  'models/mnist/tiny14x14.onnx.gz',
  'models/face/pfld.onnx.gz',
  'models/misc/yamnet_256.onnx.gz',
  'models/misc/super_resolution.onnx.gz',
  'models/misc/mobilenet_v2_0.35_128_flowers.onnx.gz',
  'models/misc/ppocr_cls.onnx.gz',
  'models/detect/blazeface_front_128.onnx.gz',
  'vectors/onnx/light/light_resnet50.onnx',
  'vectors/onnx/light/light_inception_v1.onnx',
  'vectors/onnx/light/light_inception_v2.onnx',
  'vectors/onnx/light/light_squeezenet.onnx',
  'vectors/onnx/light/light_shufflenet.onnx',
  'vectors/onnx/light/light_densenet121.onnx',
];

const shapes: Record<string, Record<string, number[]>> = {
  'models/misc/ppocr_cls.onnx.gz': { x: [1, 3, 48, 192] },
};

describe('every float network is prepared and computes what onnxruntime computes from the file', () => {
  for (const model of models)
    sharedTest(model, async () => {
      const read = readModel(shared(model), { shapes: shapes[model] }).graph;
      const { graph } = prepareGraph(read, { verifyEach: true });
      const left = new Set(graph.nodes.map(({ operator }) => operator));
      for (const name of [
        'BatchNormalization',
        'Identity',
        'Dropout',
        'Constant',
        'Shape',
        'Sum',
        'Clip',
        'MatMul',
      ])
        expect(left).not.toContain(name);
      for (const { outputs } of graph.nodes) expect(graph.types.has(outputs[0]), outputs[0]).toBe(true);
      await expectSameOutputs(read, graph, { tolerance: 1e-5 });
    });
});

sharedTest('resnet20 loses all that its exporter added', () => {
  const { graph } = prepareGraph(readModel(shared('models/cifar10/resnet20.onnx.gz')).graph);
  const counts: Record<string, number> = {};
  for (const { operator } of graph.nodes) counts[operator] = (counts[operator] ?? 0) + 1;
  // The Slices that stay take every other row, then every other column, in two shortcuts; Pad adds channels there.
  expect(counts).toEqual({ Conv: 19, Add: 9, Slice: 4, Pad: 2, GlobalAveragePool: 1, Flatten: 1, Gemm: 1 });
  expect(graph.nodes.filter(({ clamp }) => clamp !== undefined)).toHaveLength(19);
});
