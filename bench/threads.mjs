/**
 * Scaling of two workers, each sample on one (throughput) or on both (latency), against that of two independent streams of dot products
 * in the same rounds: `node bench/threads.mjs PROGRAM...`. Ratios are medians of per-round ratios.
 */
import { availableParallelism } from 'node:os';
import { createEngine, readProgram } from 'dynafix';

const worker = new URL('../dist/jobs/bench/stream-worker.js', import.meta.url);
const task = { kind: 'integers', count: 2e9 };

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

await measure(process.argv.slice(2));

async function measure(programs) {
  const rounds = Number(process.env.ROUNDS ?? 9);
  const threads = Number(process.env.THREADS ?? Math.min(2, availableParallelism()));
  const one = createEngine({ threads: 1 });
  const all = createEngine({ threads });
  for (const path of programs) {
    const program = readProgram(path);
    const inputs = program.inputs.map(({ tensor }) => {
      const { shape } = program.tensors[tensor];
      const length = shape.reduce((product, extent) => product * extent, 1);
      return Float32Array.from({ length }, (_, index) => ((index * 2654435761) % 256) / 64 - 2);
    });
    const single = one.load(program);
    const throughput = all.load(program);
    const latency = all.load(program, { mode: 'latency' });
    const images = 2 * threads;
    const subjects = {
      'one stream': () => one.pool.run(worker, task),
      'a stream per thread': () =>
        Promise.all(Array.from({ length: threads }, () => all.pool.run(worker, task))),
      'one worker': async () => {
        for (let i = 0; i < images; i++) await single.run(inputs);
      },
      throughput: () => Promise.all(Array.from({ length: images }, () => throughput.run(inputs))),
      latency: async () => {
        for (let i = 0; i < images; i++) await latency.run(inputs);
      },
    };
    const times = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]));
    for (let round = -3; round < rounds; round++)
      for (const [name, run] of Object.entries(subjects)) {
        const start = performance.now();
        await run();
        if (round >= 0) times[name].push(performance.now() - start);
      }
    const ratio = (a, b, factor = 1) =>
      median(times[a].map((time, round) => (factor * time) / times[b][round]));
    const scalings = times['one stream'].map(
      (time, round) => (threads * time) / times['a stream per thread'][round],
    );
    const share = (name) =>
      median(times['one worker'].map((time, round) => time / times[name][round] / scalings[round]));
    console.log(
      `${path.split('/').at(-1)}: one worker ${(median(times['one worker']) / images).toFixed(1)} ms per image; ` +
        `scaling of streams ${ratio('one stream', 'a stream per thread', threads).toFixed(2)}, ` +
        ['throughput', 'latency']
          .map((name) => `${name} ${ratio('one worker', name).toFixed(2)} (share ${share(name).toFixed(2)})`)
          .join(', '),
    );
    for (const session of [single, throughput, latency]) session.dispose();
  }
  await Promise.all([one.dispose(), all.dispose()]);
}
