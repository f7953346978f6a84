/**
 * Accuracy of every network of the shared data under every configuration, in docs/accuracy.md: `npm run accuracy`.
 *
 *     --filter PATTERN   only rows whose configuration and network match, and those again
 *     --limit N          at most N samples; results and tables go to build/ instead
 *     --jobs N           networks at a time, each in a process of its own; default: one per core
 *
 * A row is kept in bench/results/accuracy.json as soon as it is made; without a filter only those are made that the present code and
 * configuration have not made yet, so that a run that was stopped goes on. Networks are calibrated once for all configurations, on
 * calibration inputs only, and so is the float network run.
 */
import { fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { configurations } from './accuracy-configurations.mjs';
import { networks } from './accuracy-networks.mjs';
import { describeMaking, openResults } from './accuracy-results.mjs';
import { describeRow, renderTables } from './accuracy-tables.mjs';
import { root } from './shared-data.mjs';
import { published, tfliteNetworks } from './tflite-accuracy.mjs';

const { values } = parseArgs({
  options: { filter: { type: 'string' }, limit: { type: 'string' }, jobs: { type: 'string' } },
});
const limit = values.limit === undefined ? undefined : Number(values.limit);
const files =
  limit === undefined
    ? { rows: join(root, 'bench/results/accuracy.json'), tables: join(root, 'docs/accuracy.md') }
    : { rows: join(root, `build/accuracy-${limit}.json`), tables: join(root, `build/accuracy-${limit}.md`) };
const results = openResults(files.rows);
const filter = values.filter === undefined ? undefined : new RegExp(values.filter, 'i');

/** Every row that there is to make: the network, the configuration and what makes it. */
const wanted = [
  ...networks.flatMap((network) =>
    configurations
      .filter(({ name }) => network.only?.includes(name) ?? true)
      .map((configuration) => [network, configuration]),
  ),
  ...tfliteNetworks.map((network) => [network, { name: published }]),
].map(([network, configuration]) => ({
  network: network.name,
  configuration: configuration.name,
  made: describeMaking(network, configuration),
}));

function isChosen({ network, configuration, made }) {
  return filter
    ? filter.test(`${configuration} ${network}`)
    : !results.isCurrent(network, configuration, made);
}

/** Jobs of one network each, those first that took longest. */
function planJobs(chosen) {
  const jobs = new Map();
  for (const { network, configuration } of chosen) {
    const key = `${network} ${configuration === published}`;
    if (!jobs.has(key)) jobs.set(key, { network, names: [], limit });
    jobs.get(key).names.push(configuration);
  }
  const seconds = ({ network, names }) =>
    results.rows
      .filter((row) => row.network === network && names.includes(row.configuration))
      .reduce((sum, { wallSeconds }) => sum + wallSeconds, 0);
  return [...jobs.values()].sort((a, b) => seconds(b) - seconds(a));
}

function render() {
  const introduction = readFileSync(join(root, 'bench/accuracy-introduction.md'), 'utf8');
  const greedy = JSON.parse(readFileSync(join(root, 'bench/results/greedy.json'), 'utf8'));
  writeFileSync(files.tables, `${introduction}\n${renderTables(results.rows, greedy)}`);
}

function runJob(job, threads) {
  return new Promise((resolve, reject) => {
    const child = fork(join(root, 'bench/accuracy-worker.mjs'));
    child.send({ ...job, threads });
    child.on('message', (row) => {
      const { made } = wanted.find(
        (one) => one.network === row.network && one.configuration === row.configuration,
      );
      results.record({ ...row, made });
      render();
      console.log(describeRow(row));
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${job.network}: the process ended with ${code}`));
    });
  });
}

const jobs = planJobs(wanted.filter(isChosen));
const lanes = Math.min(Number(values.jobs ?? availableParallelism()), jobs.length);
const threads = Math.max(1, Math.floor(availableParallelism() / Math.max(1, lanes)));
const failures = [];
await Promise.all(
  Array.from({ length: lanes }, async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      await runJob(job, threads).catch(({ message }) => failures.push(message));
    }
  }),
);
render();
for (const failure of failures) console.error(failure);
if (failures.length > 0) process.exitCode = 1;
