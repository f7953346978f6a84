/** Every built-in profile, through the main job: on the digits that ship and on a residual network for photographs. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { differenceText, lockstep } from '#src/execute/lockstep.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { bindInputs } from '#src/execute/ports.js';
import { createEngine } from '#src/execute/wasm/engine.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import { BUILT_IN_PROFILES, loadProfile } from '#src/hardware/profile.js';
import { type DatasetSpec, openDataset } from '#src/inputs/dataset.js';
import { type LoadedModel, loadModel } from '#src/jobs/load-model.js';
import { quantize } from '#src/jobs/quantize.js';
import { readProgram } from '#src/program/file.js';
import { calibrationImages, model as digits, testImages } from '../cli/command-line.js';
import { shared, sharedTest } from '../shared.js';

const engine = createEngine({ threads: 1 });
afterAll(() => engine.dispose());

/** Quantises for a profile; both executors give the same bytes of every tensor. Statistics in `output` are taken over. */
async function quantizeFor(
  name: string,
  model: LoadedModel,
  { data, calibration, output }: { data: DatasetSpec; calibration: DatasetSpec; output: string },
) {
  const profile = loadProfile(name);
  const options = { sensitivity: 0, layers: false, prices: false };
  const summary = await quantize(engine, { model, profile, data, calibration, output, ...options });
  const program = readProgram(join(output, 'model.program'));
  const inputs = bindInputs(program, openDataset(data).load(0));
  const difference = lockstep(createOracle(program), createWasmExecutor(program), inputs);
  expect(difference && differenceText(difference)).toBeUndefined();
  return summary;
}

/** Decibels that a profile's widths reach at least: few on 8 bits, many on 16. */
const leastSqnr = (name: string) => (/int16$/.test(name) ? 55 : 15);

describe('digits', () => {
  const model = loadModel(digits);
  const { inputs } = model.graph;
  const data = { path: testImages, inputs, limit: 100 };
  const calibration = { path: calibrationImages, inputs, limit: 100 };
  const output = mkdtempSync(join(tmpdir(), 'dynafix-'));

  const sqnr = new Map<string, number>();

  test.each(BUILT_IN_PROFILES)('%s', async (name) => {
    const { agreement, outputs, hardware } = await quantizeFor(name, model, { data, calibration, output });
    expect(hardware).toBe(name);
    expect(agreement).toBeGreaterThanOrEqual(0.97);
    expect(outputs[0].sqnr).toBeGreaterThan(leastSqnr(name));
    sqnr.set(name, outputs[0].sqnr!);
  });

  test.each([
    ['generic-mixed', 'generic-int8'],
    ['dpu-mixed', 'dpu-int8'],
    ['kneron-mixed', 'kneron-int8'],
    ['tflite-mixed', 'tflite-int8-single'],
  ])('%s gains 4 dB over %s', (mixed, narrow) => {
    expect(sqnr.get(mixed)! - sqnr.get(narrow)!).toBeGreaterThan(4);
  });
});

sharedTest.each(BUILT_IN_PROFILES)('ResNet-8 for %s', async (name) => {
  const model = loadModel(shared('models/cifar10/resnet8_mlperf.onnx.gz'));
  const { inputs } = model.graph;
  const data = { path: shared('cifar10/test_1000.bin.gz'), inputs, limit: 20 };
  const calibration = { path: shared('cifar10/train_3000.bin.gz'), inputs, limit: 50 };
  const output = mkdtempSync(join(tmpdir(), 'dynafix-'));
  const { outputs } = await quantizeFor(name, model, { data, calibration, output });
  expect(outputs[0].sqnr).toBeGreaterThan(leastSqnr(name));
});
