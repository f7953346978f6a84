import { expect } from 'vitest';
import { compileProgram } from '#src/compile/compile.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { loadModel } from '#src/jobs/load-model.js';
import { shared, sharedTest } from '../shared.js';

/** The first output for one sample [H, W, C] of made-up pixels, given in the layout that the model wants. */
function outputs(path: string, [height, width, channels]: number[], scale: number): Float32Array {
  const program = compileProgram(loadModel(shared(`models/${path}`)).graph, null);
  const { shape } = program.tensors[program.inputs[0].tensor];
  const channelsFirst = shape.length === 4 && shape[1] === channels && shape[3] !== channels;
  const sample = new Float32Array(height * width * channels);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++) {
        const place = channelsFirst ? (c * height + y) * width + x : (y * width + x) * channels + c;
        sample[place] = Math.sin(0.37 * y + 0.73 * x * (c + 1)) * scale;
      }
  return createOracle(program).run([sample])[0] as Float32Array;
}

// The ONNX models are other people's conversions of the same networks.
sharedTest.each([
  ['mlperf-tiny/kws_float', 'mlperf-tiny/kws_float', [49, 10, 1], 30],
  ['mlperf-tiny/ad01_float', 'mlperf-tiny/ad01_float', [1, 640, 1], 1],
  ['mlperf-tiny/vww_96_float', 'mlperf-tiny/vww_96_float', [96, 96, 3], 1],
  ['mlperf-tiny/ic_resnet8_float', 'cifar10/resnet8_mlperf', [32, 32, 3], 100],
] as const)('%s.tflite computes what its ONNX twin computes', (tflite, onnx, size, scale) => {
  const ours = outputs(`${tflite}.tflite.gz`, [...size], scale);
  const theirs = outputs(`${onnx}.onnx.gz`, [...size], scale);
  const largest = Math.max(...theirs.map(Math.abs));
  const errors = ours.map((value, index) => Math.abs(value - theirs[index]));
  expect(Math.max(...errors) / largest).toBeLessThan(1e-5);
});
