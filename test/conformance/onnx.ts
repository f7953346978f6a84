/** ONNX's backend tests: folders of a model and its data sets, and the light networks. */
import { existsSync, readdirSync } from 'node:fs';
import { float32, type Tensor } from '#src/graph/tensor.js';
import { readModel } from '#src/onnx/read.js';
import { elementCount } from '#src/shape.js';
import { type Case, readModelCase, readTensorFile } from '../operators/vectors.js';
import type { Kind, Outcome, Report } from './kind.js';
import { network, type OnnxOptions, operatorsOf, runOnnxCase } from './onnx-case.js';

/** Runs a model over each of its data sets, up to the first that does not pass. */
export function runDataSets(
  name: string,
  modelPath: string,
  sets: readonly string[],
  options?: OnnxOptions,
): Report {
  let error = 0;
  const [first] = sets.length > 0 ? sets : [undefined];
  const model = readModelCase(name, modelPath, first);
  if (model === undefined)
    return { operators: '', outcome: { status: 'outside', reason: 'values that are not tensors' } };
  const operators = operatorsOf(model).join('+');
  if (sets.length === 0)
    return { operators, outcome: { status: 'outside', reason: 'published without expected outputs' } };
  for (const set of sets) {
    const outcome: Outcome = runOnnxCase(modelPath, readModelCase(name, modelPath, set)!, options);
    if (outcome.status !== 'passed') return { operators, outcome };
    error = Math.max(error, outcome.error);
  }
  return { operators, outcome: { status: 'passed', error } };
}

/** Paths of the data sets beside a model. */
export function dataSetsIn(folder: string): string[] {
  const sets = readdirSync(folder).filter((entry) => /^test_data_set_\d+$/.test(entry));
  return sets.sort().map((set) => `${folder}/${set}`);
}

/** Folders `NAME/model.onnx` with `NAME/test_data_set_N/{input,output}_K.pb`. */
export function modelFolders(kind: string): Kind {
  return {
    kind,
    find: (folder) =>
      readdirSync(folder)
        .filter((name) => existsSync(`${folder}/${name}/model.onnx`))
        .sort(),
    run(folder, name) {
      const path = `${folder}/${name}`;
      return runDataSets(name, `${path}/model.onnx`, dataSetsIn(path));
    },
  };
}

/**
 * Networks with constant weights, `NAME.onnx` beside `NAME_output_0.pb`. Their inputs are those of ONNX's test runner: 0,
 * 1/n, 2/n, ... in the input's shape, n being the number of elements.
 */
export const lightNetworks: Kind = {
  kind: 'onnx/light',
  find: (folder) =>
    readdirSync(folder)
      .filter((file) => existsSync(`${folder}/${file.replace(/\.onnx$/, '_output_0.pb')}`))
      .filter((file) => file.endsWith('.onnx'))
      .map((file) => file.replace(/\.onnx$/, ''))
      .sort(),
  run(folder, name) {
    const modelPath = `${folder}/${name}.onnx`;
    const { inputs, outputs } = readModel(modelPath).graph;
    const { tensor } = readTensorFile(`${folder}/${name}_output_0.pb`);
    const example: Case = {
      ...readModelCase(name, modelPath, undefined)!,
      inputs: new Map(inputs.map(({ name, shape }) => [name, ramp(shape)])),
      outputs: new Map([[outputs[0], tensor]]),
    };
    const outcome = runOnnxCase(modelPath, example, network);
    return { operators: operatorsOf(example).join('+'), outcome };
  },
};

function ramp(shape: readonly number[]): Tensor {
  const count = elementCount(shape);
  return float32(
    shape,
    Float32Array.from({ length: count }, (_, i) => i / count),
  );
}
