/**
 * Widths chosen by one mixed-integer program against widths chosen greedily, on networks of the shared data: `npm run bench:greedy --
 * [filter]`. The greedy choice widens, again and again, the layer (what it reads, its weights, or both) whose predicted saving of noise per
 * multiplication is greatest, as long as the budget of `generic-mixed` allows. Both get the best positions of their widths and are
 * quantised with recovery; where both are the same, once. Writes bench/results/greedy.json; a filter renews only the networks that match.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assignFormats, createEngine, loadProfile, quantize, readStatistics } from 'dynafix';
import { PERCENTILE } from '../dist/assign/fraction-bits.js';
import { describeNetwork, prepareInputs } from '../dist/assign/network.js';
import { createProblem } from '../dist/assign/problem.js';
import { DEFAULT_STEPS, weightNoiseLeft } from '../dist/recover/steps.js';
import { openNetwork } from './accuracy-data.mjs';
import { networks } from './accuracy-networks.mjs';
import { root } from './shared-data.mjs';

const profile = loadProfile('generic-mixed');
const share = profile.budgets.wideMacShare;
const results = join(root, 'bench/results/greedy.json');
const samples = 650;
const left = weightNoiseLeft(DEFAULT_STEPS);

/** Layers as the greedy choice sees them: multiplications, and the choices of what they read and of their weights. */
function describeLayers(graph, statistics) {
  const options = { method: 'leastSquares', percentile: PERCENTILE, weightNoiseLeft: left };
  const inputs = prepareInputs(describeNetwork(graph, statistics, options), { ...profile, budgets: {} });
  const { variables } = createProblem(inputs);
  const layers = inputs.demands
    .filter(({ kind }) => kind === 'product')
    .map(({ weights, output, ...demand }) => {
      const { shape } = weights.tensor;
      const positions = graph.types.get(output).shape.reduce((a, b) => a * b, 1) / shape[0];
      return {
        count: positions * shape.reduce((a, b) => a * b, 1),
        input: variables.value(demand.inputs[0]),
        weights: variables.weights(weights.name).cap,
      };
    });
  return { layers, groups: inputs.groups, values: variables.value };
}

function saving(choice) {
  const least = (bits) =>
    Math.min(...choice.states.flatMap((state, index) => (state.bits === bits ? [choice.cost(index)] : [])));
  return least(8) - least(16);
}

/** The choices that get 16 bits. */
function widenGreedily(layers) {
  const wide = new Set();
  const isWide = ({ input, weights }) => wide.has(input) || wide.has(weights);
  const total = layers.reduce((sum, { count }) => sum + count, 0);
  const used = () => layers.filter(isWide).reduce((sum, { count }) => sum + count, 0);
  for (;;) {
    const before = used();
    let best;
    for (const { input, weights } of layers) {
      for (const added of [[input], [weights], [input, weights]]) {
        const fresh = added.filter((choice) => !wide.has(choice));
        if (fresh.length === 0) continue;
        for (const choice of fresh) wide.add(choice);
        const after = used();
        for (const choice of fresh) wide.delete(choice);
        const saved = fresh.reduce((sum, choice) => sum + saving(choice), 0);
        if (after > share * total || saved <= 0) continue;
        const ratio = saved / Math.max(after - before, 1e-9);
        if (best === undefined || ratio > best.ratio) best = { ratio, fresh };
      }
    }
    if (best === undefined) return wide;
    for (const choice of best.fresh) wide.add(choice);
  }
}

/** A pin for every value and for the weights of every layer; values that no layer reads cost no multiplication. */
function pinWidths({ layers, groups, values }, wide) {
  const read = new Set(layers.map(({ input }) => input));
  const pins = [...groups.keys()].map((name) => {
    const choice = values(name);
    return { tensors: name, bits: !read.has(choice) || wide.has(choice) ? 16 : 8 };
  });
  const weights = new Map(layers.map(({ weights }) => [weights.subject, wide.has(weights) ? 16 : 8]));
  return [...pins, ...[...weights].map(([tensors, bits]) => ({ tensors, bits }))];
}

async function measure(engine, network, folder) {
  const opened = openNetwork(network, folder, samples);
  const run = async (chosen) => {
    const options = { ...opened, profile: chosen, prices: false, layers: false };
    const { prediction, outputs, macs } = await quantize(engine, options);
    return { predictedNoise: prediction.noise, sqnr: outputs[0].sqnr, wideMacShare: macs.wide / macs.all };
  };
  const program = await run(profile);
  const { graph } = opened.model;
  const statistics = readStatistics(join(opened.output, 'statistics.pb'));
  const described = describeLayers(graph, statistics);
  const pinned = { ...profile, budgets: {}, pins: pinWidths(described, widenGreedily(described.layers)) };
  const formats = async (chosen) => {
    const { tensors, constants } = await assignFormats(graph, statistics, chosen, { weightNoiseLeft: left });
    return JSON.stringify([tensors, constants]);
  };
  const same = (await formats(profile)) === (await formats(pinned));
  return { network: network.name, samples, program, greedy: same ? program : await run(pinned) };
}

const filter = new RegExp(process.argv[2] ?? '.', 'i');
const rows = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : [];
const engine = createEngine();
for (const network of networks.filter(
  ({ labels, calibration, name }) => labels && calibration && filter.test(name),
)) {
  const folder = mkdtempSync(join(tmpdir(), 'dynafix-greedy-'));
  const row = await measure(engine, network, folder).finally(() => rmSync(folder, { recursive: true }));
  const index = rows.findIndex((one) => one.network === row.network);
  rows.splice(index < 0 ? rows.length : index, index < 0 ? 0 : 1, row);
  writeFileSync(results, `${JSON.stringify(rows, null, 2)}\n`);
  const text = ({ predictedNoise, sqnr, wideMacShare }) =>
    `${(-10 * Math.log10(predictedNoise)).toFixed(2)} dB predicted, ${sqnr.toFixed(2)} measured, ${(100 * wideMacShare).toFixed(1)} % wide`;
  console.log(`${row.network}: program ${text(row.program)}; greedy ${text(row.greedy)}`);
}
await engine.dispose();
