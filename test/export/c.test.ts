/** Real networks as C: compiled with every warning and sanitizer, they give the oracle's bytes. */
import { describe, expect } from 'vitest';
import { assignFormats } from '#src/assign/assign.js';
import { calibrate } from '#src/calibrate/calibrate.js';
import { compileProgram } from '#src/compile/compile.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { bindInputs } from '#src/execute/ports.js';
import { createEngine } from '#src/execute/wasm/engine.js';
import { loadProfile } from '#src/hardware/profile.js';
import { openDataset } from '#src/inputs/dataset.js';
import { loadModel } from '#src/jobs/load-model.js';
import { digits } from '../cli/command-line.js';
import { shared, sharedTest } from '../shared.js';
import { compilerTest, runInC } from './c-batch.js';

interface Network {
  readonly model: string;
  readonly data: string;
  readonly preprocess: object;
}

/** Calibrates, assigns and compiles on a few samples; the first three are run. */
async function expectSameInC({ model, data, preprocess }: Network, hardware: string): Promise<void> {
  const { graph, digest } = loadModel(model);
  const spec = { path: data, preprocess, inputs: graph.inputs, limit: 5 };
  const engine = createEngine({ threads: 1 });
  const header = { model: digest, preprocess: '' };
  const statistics = await calibrate(engine, compileProgram(graph, null), header, spec);
  await engine.dispose();
  const formats = await assignFormats(graph, statistics, loadProfile(hardware));
  const program = compileProgram(graph, formats);
  const dataset = openDataset(spec);
  const samples = [0, 1, 2].map((index) => bindInputs(program, dataset.load(index)));
  const [runs] = runInC([{ program, samples }]);
  const oracle = createOracle(program);
  expect(runs).toEqual(samples.map((inputs) => ({ status: 0, outputs: oracle.run(inputs) })));
}

const example: Network = {
  model: digits('digits.onnx'),
  data: digits('test-images-idx3-ubyte.gz'),
  preprocess: {},
};

describe.each(['generic-int8', 'generic-int16'])('%s', (hardware) => {
  compilerTest('the digits', () => expectSameInC(example, hardware));

  const networks: readonly Network[] = [
    { model: 'mnist/mnist-8', data: 'mnist', preprocess: {} },
    {
      model: 'cifar10/resnet20',
      data: 'cifar10/test_1000.bin.gz',
      preprocess: { scale: 1 / 128, offset: -128 },
    },
  ];
  for (const { model, data, preprocess } of networks) {
    sharedTest(model, () =>
      expectSameInC({ model: shared(`models/${model}.onnx.gz`), data: shared(data), preprocess }, hardware),
    );
  }
});
