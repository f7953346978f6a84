/** Real networks in integers: the kernels on workers give the oracle's bytes, whatever the number of threads. */
import { expect } from 'vitest';
import { assignFormats } from '#src/assign/assign.js';
import { calibrate } from '#src/calibrate/calibrate.js';
import { encodeStatistics } from '#src/calibrate/file.js';
import { compileProgram } from '#src/compile/compile.js';
import { lockstep } from '#src/execute/lockstep.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { createEngine } from '#src/execute/wasm/engine.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import { loadProfile } from '#src/hardware/profile.js';
import { type DatasetSpec, openDataset } from '#src/inputs/dataset.js';
import { loadModel } from '#src/jobs/load-model.js';
import { runSamples } from '#src/jobs/run.js';
import { decodeProgram, encodeProgram } from '#src/program/file.js';
import { shared, sharedTest } from './shared.js';

interface Network {
  readonly model: string;
  readonly data: string;
  readonly preprocess: DatasetSpec['preprocess'];
  /** Default 7. */
  readonly limit?: number;
}

const networks: readonly Network[] = [
  { model: 'mnist/mnist-8', data: 'mnist', preprocess: {} },
  {
    model: 'cifar10/resnet20',
    data: 'cifar10/test_1000.bin.gz',
    preprocess: { scale: 1 / 128, offset: -128 },
  },
  {
    model: 'imagenet/mobilenet_v1_0.25_128',
    data: 'imagenet/calibration',
    preprocess: { crop: 128, mean: 127.5, std: 127.5 },
  },
  {
    model: 'detect/yunet_n_320',
    data: 'coco',
    preprocess: { resize: [320, 320], channels: 'bgr' },
    limit: 2,
  },
  {
    model: 'detect/fastestdet_352',
    data: 'coco',
    preprocess: { resize: [352, 352], scale: 1 / 255 },
    limit: 2,
  },
];

for (const { model, data, preprocess, limit = 7 } of networks) {
  for (const hardware of ['generic-int8', 'generic-int16']) {
    sharedTest(
      `${model} for ${hardware}: oracle, kernels and 1, 2, 3 workers agree in every byte`,
      async () => {
        const { graph, digest } = loadModel(shared(`models/${model}.onnx.gz`));
        const spec = { path: shared(data), preprocess, inputs: graph.inputs, limit };
        const float = compileProgram(graph, null);
        const files = new Set<string>();
        const digests = new Set<string>();
        for (const threads of [1, 2, 3]) {
          const engine = createEngine({ threads });
          const statistics = await calibrate(engine, float, { model: digest, preprocess: '' }, spec, {
            sensitivity: 0,
          });
          files.add(Buffer.from(encodeStatistics(statistics)).toString('base64'));
          const formats = await assignFormats(graph, statistics, loadProfile(hardware));
          const program = decodeProgram(encodeProgram(compileProgram(graph, formats)), 'program');
          digests.add((await runSamples(engine, program, spec)).digest!);
          await engine.dispose();
          if (threads > 1) continue;
          const sample = openDataset(spec).load(0);
          expect(lockstep(createOracle(program), createWasmExecutor(program), sample)).toBeUndefined();
        }
        expect(files.size).toBe(1);
        expect(digests.size).toBe(1);
      },
    );
  }
}
