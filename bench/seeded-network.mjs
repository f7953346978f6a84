/**
 * Networks of which only the graph is published (their weights are ConstantOfShape): He-normal weights from a seeded generator,
 * BatchNormalization statistics from one pass over images. Good for speed, memory, bit-exactness and SQNR; not for accuracy.
 */
import { compileProgram } from '../dist/compile/compile.js';
import { createWasmExecutor } from '../dist/execute/wasm/executor.js';
import { openDataset } from '../dist/inputs/dataset.js';
import { readModel } from '../dist/onnx/read.js';
import { writeModel } from '../dist/onnx/write.js';
import { runPasses } from '../dist/passes/index.js';
import { normaliseGemm } from '../dist/passes/normalise-gemm.js';
import { rulePass } from '../dist/passes/pass.js';
import { removeNoOps } from '../dist/passes/remove-no-ops.js';
import { replaceBatchNorm } from '../dist/passes/replace-batch-norm.js';
import { splitVariadic } from '../dist/passes/split-variadic.js';

/** mulberry32, as a source of standard normal numbers. */
function createGaussian(seed) {
  const uniform = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

const float32 = (shape, data) => ({ type: 'float32', shape, data });
const count = (shape) => shape.reduce((product, size) => product * size, 1);

/** Replaces the constants of a model of which only the graph is known. */
function fillWeights(model, seed) {
  const gaussian = createGaussian(seed);
  const { graph } = runPasses(model.graph, []);
  const constants = new Map(graph.constants);
  for (const { operator, inputs } of graph.nodes) {
    const weights = constants.get(inputs[1]);
    if (operator === 'Conv' || operator === 'Gemm') {
      const fanIn = count(weights.shape.slice(1));
      const deviation = Math.sqrt(operator === 'Conv' ? 2 / fanIn : 1 / fanIn);
      constants.set(
        inputs[1],
        float32(
          weights.shape,
          Float32Array.from({ length: count(weights.shape) }, () => gaussian() * deviation),
        ),
      );
      const bias = constants.get(inputs[2]);
      if (bias) constants.set(inputs[2], float32(bias.shape, new Float32Array(count(bias.shape))));
    }
    if (operator === 'BatchNormalization') {
      const size = count(constants.get(inputs[1]).shape);
      for (const [index, value] of [1, 0, 0, 1].entries())
        constants.set(inputs[index + 1], float32([size], new Float32Array(size).fill(value)));
    }
  }
  return { ...model, graph: { ...graph, constants } };
}

/** Sets mean and variance of every BatchNormalization to those of its input over the images. */
function fitBatchNorm(model, images) {
  const norms = model.graph.nodes.filter(({ operator }) => operator === 'BatchNormalization');
  if (norms.length === 0) return model;
  const list = [removeNoOps, splitVariadic, normaliseGemm, replaceBatchNorm].map((rule) =>
    rulePass(rule.name, rule),
  );
  const program = compileProgram(runPasses(model.graph, list).graph, null);
  const executor = createWasmExecutor(program);
  const names = new Set(norms.map(({ outputs }) => outputs[0]));
  const sums = new Map();
  for (const image of images) {
    executor.run(image, (index, { read, write }) => {
      const { output, inputs } = program.instructions[index];
      const { name, shape } = program.tensors[output];
      if (!names.has(name)) return;
      const values = read(inputs[0]);
      const channels = shape.at(-1);
      const rows = values.length / channels;
      const total = sums.get(name) ?? {
        mean: new Float64Array(channels),
        square: new Float64Array(channels),
      };
      sums.set(name, total);
      const mean = new Float64Array(channels);
      const square = new Float64Array(channels);
      for (let i = 0; i < values.length; i++) {
        mean[i % channels] += values[i] / rows;
        square[i % channels] += values[i] ** 2 / rows;
      }
      for (let c = 0; c < channels; c++) {
        total.mean[c] += mean[c] / images.length;
        total.square[c] += square[c] / images.length;
      }
      write(
        output,
        values.map(
          (value, i) =>
            (value - mean[i % channels]) / Math.sqrt(square[i % channels] - mean[i % channels] ** 2 + 1e-5),
        ),
      );
    });
  }
  const constants = new Map(model.graph.constants);
  for (const { inputs, outputs } of norms) {
    const { mean, square } = sums.get(outputs[0]);
    constants.set(inputs[3], float32([mean.length], Float32Array.from(mean)));
    constants.set(
      inputs[4],
      float32(
        [mean.length],
        Float32Array.from(mean, (value, c) => square[c] - value * value),
      ),
    );
  }
  return { ...model, graph: { ...model.graph, constants } };
}

/** Writes the seeded network made from the graph at `source` to `target`. */
export function writeSeededNetwork(source, target, imageFolder, { seed = 1, images = 8 } = {}) {
  const model = fillWeights(readModel(source), seed);
  const spec = {
    path: imageFolder,
    inputs: model.graph.inputs,
    preprocess: { crop: 224, scale: 1 / 58, offset: -118 },
    limit: images,
  };
  const dataset = openDataset(spec);
  const samples = Array.from({ length: dataset.count }, (_, index) => dataset.load(index));
  writeModel(target, fitBatchNorm(model, samples));
}
