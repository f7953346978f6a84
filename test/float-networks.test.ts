/** Float inference on our kernels against onnxruntime on every float network. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect } from 'vitest';
import { compileProgram } from '#src/compile/compile.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import { loadModel } from '#src/jobs/load-model.js';
import { elementCount } from '#src/shape.js';
import { shared, sharedTest } from './shared.js';

/** Largest difference allowed, relative to the largest output; the scale of the random inputs, and their symbolic shapes. */
const networks: Record<string, { tolerance: number; scale?: number; shapes?: Record<string, number[]> }> = {
  'models/imagenet/mobilenet_v1_0.25_128.onnx.gz': { tolerance: 2e-6 },
  'models/imagenet/mobilenet_v1_0.75_192.onnx.gz': { tolerance: 2e-5 },
  'models/imagenet/mobilenet_v2_1.0_224.onnx.gz': { tolerance: 1e-5 },
  'models/imagenet/squeezenet1.1.onnx.gz': { tolerance: 1e-5, scale: 100 },
  'models/imagenet/inception_v3.onnx.gz': { tolerance: 1e-5 },
  'models/cifar10/resnet20.onnx.gz': { tolerance: 2e-6 },
  'models/cifar10/resnet56.onnx.gz': { tolerance: 2e-6 },
  'models/cifar10/resnet8_mlperf.onnx.gz': { tolerance: 1e-5, scale: 100 },
  'models/cifar10/winml_tutorial_cnn.onnx.gz': { tolerance: 5e-6 },
  'models/mlperf-tiny/kws_float.onnx.gz': { tolerance: 1e-5, scale: 30 },
  'models/mlperf-tiny/vww_96_float.onnx.gz': { tolerance: 1e-5 },
  'models/mlperf-tiny/ad01_float.onnx.gz': { tolerance: 2e-6, scale: 20 },
  'models/mnist/mlp_bn_pytorch.onnx.gz': { tolerance: 2e-6 },
  'models/mnist/mlp_onnxmlir.onnx.gz': { tolerance: 2e-6 },
  'models/mnist/mnist-8.onnx.gz': { tolerance: 2e-6, scale: 100 },
  'models/mnist/opt-mnist.onnx.gz': { tolerance: 2e-6, scale: 100 },
  'models/mnist/tiny14x14.onnx.gz': { tolerance: 2e-6, scale: 100 },
  'models/face/pfld.onnx.gz': { tolerance: 2e-6 },
  'models/misc/ppocr_cls.onnx.gz': { tolerance: 1e-5, shapes: { x: [1, 3, 48, 192] } },
  'models/misc/espcn_subpixel.onnx.gz': { tolerance: 1e-5 },
  'models/misc/mobilenet_v2_0.35_128_flowers.onnx.gz': { tolerance: 1e-5 },
  'models/detect/ultraface_rfb_320.onnx.gz': { tolerance: 1e-5 },
  'models/detect/yunet_n_320.onnx.gz': { tolerance: 1e-5, scale: 100 },
  'models/detect/fastestdet_352.onnx.gz': { tolerance: 1e-5 },
  'models/detect/blazeface_front_128.onnx.gz': { tolerance: 1e-5 },
  // It keeps local maxima: inputs must be large enough that no two neighbours are nearly equal.
  'models/detect/mlsd_tiny_320.onnx.gz': { tolerance: 5e-5, scale: 300 },
  'models/misc/yamnet_256.onnx.gz': { tolerance: 2e-6 },
  'models/misc/super_resolution.onnx.gz': { tolerance: 5e-6 },
  'vectors/onnx/light/light_resnet50.onnx': { tolerance: 2e-6 },
  'vectors/onnx/light/light_inception_v1.onnx': { tolerance: 2e-6 },
};

/** Values between -scale and scale from a linear congruential generator: the same in every run. */
function noise(length: number, scale: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * scale;
  });
}

for (const [file, { tolerance, scale = 1, shapes = {} }] of Object.entries(networks)) {
  sharedTest(`${file} agrees with onnxruntime within ${tolerance} of the largest output`, async () => {
    const path = shared(file);
    const program = compileProgram(loadModel(path, shapes).graph, null);
    const inputs = program.inputs.map(({ tensor }) =>
      noise(elementCount(program.tensors[tensor].shape), scale),
    );
    const outputs = createWasmExecutor(program).run(inputs);

    const bytes = readFileSync(path);
    const options: InferenceSession.SessionOptions = { intraOpNumThreads: 1, logSeverityLevel: 4 };
    const session = await InferenceSession.create(file.endsWith('.gz') ? gunzipSync(bytes) : bytes, options);
    const feeds = program.inputs.map(({ name, tensor }, index) => {
      return [name, new Tensor('float32', inputs[index], program.tensors[tensor].shape)] as const;
    });
    const expected = await session.run(Object.fromEntries(feeds));
    for (const [index, { name }] of program.outputs.entries()) {
      const truth = expected[name].data as Float32Array;
      const largest = truth.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const error = truth.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - Number(outputs[index][i]))),
        0,
      );
      expect(outputs[index].length).toBe(truth.length);
      expect(error / largest).toBeLessThan(tolerance);
    }
    await session.release();
  });
}
