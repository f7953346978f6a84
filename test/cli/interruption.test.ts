/** Long work that is sharded, interrupted, killed and resumed: the same bytes as without, and nothing half-written. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodeStatistics } from '#src/calibrate/file.js';
import { createNoise } from '#src/calibrate/noise.js';
import { loadModel } from '#src/jobs/load-model.js';
import { dynafix, folderOfTests, json, listAll, model, temporaryFolder } from './command-line.js';

const folder = folderOfTests();

/** An idx file of 28 x 28 images of noise. */
function writeImages(name: string, count: number): string {
  const path = join(folder, name);
  const pixels = new Uint8Array(count * 784);
  let state = 1;
  for (let i = 0; i < pixels.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    pixels[i] = state >>> 24;
  }
  const header = Uint8Array.of(0, 0, 8, 3, 0, 0, count >> 8, count & 255, 0, 0, 0, 28, 0, 0, 0, 28);
  writeFileSync(path, Buffer.concat([header, pixels]));
  return path;
}

const COUNT = 2000;
const all = writeImages('a-idx3-ubyte', COUNT);
const whole = join(folder, 'whole.pb');
await json(['calibrate', model, '--data', all, '-o', whole]);
const expected = readFileSync(whole);

const hidden = (path: string) => listAll(path).filter((name) => name.endsWith('.part'));

test('there are statistics of every value whose elements are its own', () => {
  const { graph } = loadModel(model);
  const own = graph.nodes.filter(({ operator }) => operator !== 'Flatten');
  const names = [...graph.inputs.map(({ name }) => name), ...own.flatMap(({ outputs }) => outputs)];
  expect(names.length).toBeGreaterThan(5);
  expect([...decodeStatistics(expected).tensors.keys()].sort()).toEqual(names.sort());
});

test('statistics do not depend on the number of threads', async () => {
  const path = join(temporaryFolder(), 's.pb');
  await json(['calibrate', model, '--data', all, '--threads', '1', '-o', path]);
  expect(readFileSync(path).equals(expected)).toBe(true);
});

test('shards merge to the bytes of one run, in any order', async () => {
  const out = temporaryFolder();
  const once = join(out, 'once.pb');
  // Each shard would choose samples of its own for sensitivities.
  const words = ['calibrate', model, '--sensitivity', '0'];
  await json([...words, '--data', all, '-o', once]);
  const shards: string[] = [];
  const bytes = readFileSync(all);
  for (const [index, [from, to]] of [
    [0, 300],
    [300, 301],
    [301, COUNT],
  ].entries()) {
    const [images, shard] = [join(out, `${index}-idx3-ubyte`), join(out, `${index}.pb`)];
    const count = to - from;
    const header = Uint8Array.of(0, 0, 8, 3, 0, 0, count >> 8, count & 255, 0, 0, 0, 28, 0, 0, 0, 28);
    writeFileSync(images, Buffer.concat([header, bytes.subarray(16 + 784 * from, 16 + 784 * to)]));
    await json([...words, '--data', images, '-o', shard]);
    shards.push(shard);
  }
  for (const order of [shards, shards.toReversed()]) {
    const merged = join(out, 'merged.pb');
    await json(['calibrate', '--merge', ...order, '-o', merged]);
    expect(readFileSync(merged).equals(readFileSync(once))).toBe(true);
  }
});

test('calibration goes on after an interruption and after a kill', async () => {
  const out = temporaryFolder();
  const path = join(out, 's.pb');
  // Seconds of work, so that it is caught at it on any machine.
  const count = 12_000;
  const many = writeImages('many-idx3-ubyte', count);
  const words = ['calibrate', model, '--data', many, '--threads', '1', '-o', path];
  const watched = [...words, '--checkpoint', '0'];
  const finished = () => decodeStatistics(new Uint8Array(readFileSync(path))).samples.length;

  const interrupted = await dynafix(watched, { kill: { signal: 'SIGINT', when: () => existsSync(path) } });
  expect(interrupted).toEqual({ exit: 130, stdout: '', stderr: '' });
  const first = finished();
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThan(count);
  expect(hidden(out)).toEqual([]);

  const size = readFileSync(path).length;
  const grown = () => readFileSync(path).length > size;
  const killed = await dynafix(watched, { kill: { signal: 'SIGKILL', when: grown } });
  expect(killed.exit).toBe('SIGKILL');
  const second = finished();
  expect(second).toBeGreaterThan(first);
  expect(second).toBeLessThan(count);

  expect(await json(words)).toMatchObject({ samples: count });
  const once = join(out, 'once.pb');
  await json(['calibrate', model, '--data', many, '-o', once]);
  expect(readFileSync(path).equals(readFileSync(once))).toBe(true);
});

test('killed at any moments, again and again, it ends with the bytes of an undisturbed run', async () => {
  const out = temporaryFolder();
  const path = join(out, 's.pb');
  const words = ['calibrate', model, '--data', all, '--sensitivity', '40', '-o', path];
  const once = join(out, 'once.pb');
  await json([...words.slice(0, -1), once]);
  const random = createNoise(String(Date.now()));
  for (let attempt = 0; attempt < 6; attempt++) {
    const from = performance.now();
    const delay = 1000 + 1000 * random();
    const when = () => performance.now() > from + delay;
    await dynafix([...words, '--checkpoint', '0'], { kill: { signal: 'SIGKILL', when } });
    // Whatever is there is whole.
    if (existsSync(path)) decodeStatistics(new Uint8Array(readFileSync(path)));
  }
  await json(words);
  expect(readFileSync(path).equals(readFileSync(once))).toBe(true);
});

test('a finished calibration runs nothing again', async () => {
  const path = join(temporaryFolder(), 's.pb');
  writeFileSync(path, expected);
  expect(await json(['calibrate', model, '--data', all, '-o', path])).toMatchObject({ samples: COUNT });
  expect(readFileSync(path).equals(expected)).toBe(true);
});

test('quantize ends with 130 and leaves whole files only', async () => {
  const out = join(temporaryFolder(), 'out');
  const words = ['quantize', model, '--data', all, '--threads', '1', '-o', out];
  const when = () => existsSync(join(out, 'model.integer.onnx'));
  const interrupted = await dynafix(words, { kill: { signal: 'SIGINT', when } });
  expect(interrupted).toEqual({ exit: 130, stdout: '', stderr: '' });
  expect(listAll(out)).toEqual([
    'formats.json',
    'model.integer.onnx',
    'model.program',
    'model.qdq.onnx',
    'refined.onnx',
    'statistics.pb',
  ]);
});
