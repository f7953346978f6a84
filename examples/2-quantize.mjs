/** The main job from a script: `node examples/2-quantize.mjs`. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEngine, loadLabels, loadModel, loadProfile, openDataset, quantize } from 'dynafix';

const digits = (name) => fileURLToPath(new URL(`digits/${name}`, import.meta.url));
const model = loadModel(digits('digits.onnx'));
const data = { path: digits('test-images-idx3-ubyte.gz'), inputs: model.graph.inputs };
const calibration = { ...data, path: digits('calibration-images-idx3-ubyte.gz') };
const labels = loadLabels({}, openDataset(data), 10);
const output = mkdtempSync(join(tmpdir(), 'dynafix-'));

const engine = createEngine({ threads: 2 });
const summary = await quantize(engine, {
  model,
  profile: loadProfile('generic-int8'),
  data,
  calibration,
  labels,
  output,
});
console.log(`top-1 ${summary.float.top1} float, ${summary.fixed.top1} fixed; report: ${output}/report.html`);
await engine.dispose();
