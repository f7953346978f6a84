/** One network of bench/accuracy.mjs in a process of its own: takes its name and those of configurations, sends a row for each. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createEngine, DynafixError, loadProfile, quantize } from 'dynafix';
import { configurations } from './accuracy-configurations.mjs';
import { openNetwork } from './accuracy-data.mjs';
import { networks } from './accuracy-networks.mjs';
import { root, shared } from './shared-data.mjs';
import { measureTflite, published, tfliteNetworks } from './tflite-accuracy.mjs';

/** What is kept of a summary. */
const KEPT = [
  'samples',
  'float',
  'fixed',
  'rightToWrong',
  'wrongToRight',
  'agreement',
  'topChange',
  'outputs',
  'size',
  'macs',
  'recovery',
  'exports',
  'seconds',
  'threads',
  'variant',
  'digest',
  'calibration',
];

function pick(summary) {
  return Object.fromEntries(KEPT.map((field) => [field, summary[field]]));
}

/** A row; where a network cannot be quantised, with the error instead of results. */
async function attempt(work) {
  const start = performance.now();
  const row = {};
  try {
    Object.assign(row, await work());
  } catch (error) {
    if (!(error instanceof DynafixError)) throw error;
    row.error = error.message;
  }
  return { wallSeconds: (performance.now() - start) / 1000, ...row };
}

async function* measureNetwork(engine, name, names, folder, limit) {
  const network = networks.find((one) => one.name === name);
  const opened = openNetwork(network, folder, limit);
  for (const { name, profile, options } of configurations.filter((one) => names.includes(one.name))) {
    const measure = async () =>
      pick(await quantize(engine, { ...opened, profile: loadProfile(profile), ...options }));
    yield { configuration: name, ...(await attempt(measure)) };
  }
}

async function* measurePublished(engine, name, limit) {
  const network = tfliteNetworks.find((one) => one.name === name);
  const measure = async () => {
    const { twin, ...summary } = await measureTflite(engine, shared, network, limit);
    return { ...pick(summary), twin };
  };
  yield { configuration: published, ...(await attempt(measure)) };
}

async function measure({ network, names, threads, limit }) {
  const engine = createEngine({ threads });
  const folder = join(root, 'build/accuracy', `${network} ${names[0]}`.replaceAll(/\W+/g, '-'));
  // A run that was stopped leaves its files.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const rows = names.includes(published)
    ? measurePublished(engine, network, limit)
    : measureNetwork(engine, network, names, folder, limit);
  for await (const row of rows) process.send({ network, ...row });
  await engine.dispose();
  rmSync(folder, { recursive: true });
}

process.once('message', (job) => measure(job).finally(() => process.disconnect()));
