/** Comparing outputs only: the same figures as with every layer, from fewer runs. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  assignFormats,
  calibrate,
  compileProgram,
  createEngine,
  type FloatSamples,
  loadLabels,
  loadModel,
  loadProfile,
  openDataset,
  type Program,
  runSamples,
  type Summary,
  type ValidateOptions,
  validate,
} from '#src/index.js';

const folder = fileURLToPath(new URL('../../examples/digits/', import.meta.url));
const model = loadModel(join(folder, 'digits.onnx'));
const data = { path: join(folder, 'test-images-idx3-ubyte.gz'), inputs: model.graph.inputs, limit: 120 };
const labels = loadLabels({ file: join(folder, 'test-labels-idx1-ubyte.gz') }, openDataset(data));
const engine = createEngine({ threads: 2 });
const float = compileProgram(model.graph, null);
let fixed: Program;
let full: Summary;

const compare = (options: ValidateOptions) => validate(engine, float, fixed, data, { labels, ...options });

/** A summary without what time decides and without layers. */
function figures({ seconds, imagesPerSecond, layers, ...others }: Summary) {
  return others;
}

beforeAll(async () => {
  const header = { model: model.digest, preprocess: 'null' };
  const statistics = await calibrate(engine, float, header, data);
  const formats = await assignFormats(model.graph, statistics, loadProfile('generic-int8'));
  fixed = compileProgram(model.graph, formats);
  full = await compare({});
});
afterAll(() => engine.dispose());

test('outputs alone give the figures that all layers give', async () => {
  const summary = await compare({ layers: false });
  expect(figures(summary)).toEqual(figures(full));
  expect(full.layers.length).toBeGreaterThan(3);
  expect(summary.layers).toEqual([]);
});

test('tells how much the output of the class that float chooses changes', async () => {
  const chosen: { class: number; value: number }[] = [];
  await runSamples(engine, float, data, {
    onSample({ outputs: [{ values }] }, index) {
      const value = Math.max(...values);
      chosen[index] = { class: values.indexOf(value), value };
    },
  });
  const changes: number[] = [];
  await runSamples(engine, fixed, data, {
    onSample({ outputs: [{ values }] }, index) {
      changes[index] = Math.abs(values[chosen[index].class] - chosen[index].value);
    },
  });
  changes.sort((a, b) => a - b);
  const half = changes.length / 2;
  expect(full.topChange).toEqual({
    median: (changes[half - 1] + changes[half]) / 2,
    largest: changes.at(-1),
  });
});

test('float results of earlier calls serve again, and what is missing is added', async () => {
  const references: FloatSamples = new Map();
  const indices = Array.from({ length: data.limit }, (_, index) => index);
  await compare({ layers: false, references, indices: indices.slice(0, 50) });
  expect([...references.keys()]).toEqual(indices.slice(0, 50));
  expect(figures(await compare({ layers: false, references }))).toEqual(figures(full));
  expect([...references.keys()]).toEqual(indices);
  expect(figures(await compare({ layers: false, references }))).toEqual(figures(full));
});

test('references are what outputs are compared with', async () => {
  const references: FloatSamples = new Map();
  await compare({ layers: false, references });
  await runSamples(engine, fixed, data, {
    onSample({ codes }, index) {
      const [[name]] = references.get(index)!.values;
      const { mantissa, fractionBits } = fixed.tensors[fixed.outputs[0].codes].format!;
      const step = (mantissa as number) * 2 ** -(fractionBits as number);
      const values = Float32Array.from(codes[0] as Int8Array, (code) => code * step);
      references.set(index, { ...references.get(index)!, values: new Map([[name, values]]) });
    },
  });
  const { outputs } = await compare({ layers: false, references });
  expect(outputs).toMatchObject([{ sqnr: null, maxError: 0 }]);
});
