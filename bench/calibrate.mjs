/**
 * Whole calibrations against float inference of the same images on as many threads, decoding included in both, interleaved:
 * `node bench/calibrate.mjs MODEL IMAGES [threads]`, for a network of 224x224 images.
 */
import { calibrate, compileProgram, createEngine, loadModel } from 'dynafix';
import { median } from '../dist/jobs/bench/rows.js';
import { runSamples } from '../dist/jobs/run.js';

const [model, path, threads = '1'] = process.argv.slice(2);
const { graph, digest } = loadModel(model);
const float = compileProgram(graph, null);
const preprocess = { crop: 224, offset: -118, scale: 1 / 58 };
const spec = { path, preprocess, inputs: graph.inputs, limit: 16 * Number(threads) };
const engine = createEngine({ threads: Number(threads) });
const ratios = [];
for (let round = -1; round < 5; round++) {
  const start = performance.now();
  await runSamples(engine, float, spec);
  const middle = performance.now();
  await calibrate(engine, float, { model: digest, preprocess: '' }, spec, { sensitivity: 0 });
  if (round >= 0) ratios.push((middle - start) / (performance.now() - middle));
}
console.log(`calibrate is ${median(ratios).toFixed(3)}x as fast as float inference alone`);
await engine.dispose();
