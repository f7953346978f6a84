/** What a session takes: its memory is as large as it says, and further workers add what it says. */
import { execFileSync } from 'node:child_process';
import { afterAll, expect, test } from 'vitest';
import { createEngine } from '#src/execute/wasm/engine.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import { arenaBytes } from '#src/execute/wasm/prepare.js';
import { layerProgram } from '#src/jobs/bench/layer.js';
import { constantBytes } from '#src/program/program.js';

const PAGE = 64 * 1024;
const THREADS = 3;
const engine = createEngine({ threads: THREADS });
afterAll(() => engine.dispose());

const layer = { kind: 'int8', size: 14, channels: 128, outputs: 128, stride: 1 } as const;
const pointwise = layerProgram({ ...layer, kernel: 1 });
const square = layerProgram({ ...layer, kernel: 3 });
const input = new Uint8Array(14 * 14 * 128);

test.each([
  ['a product of 8 x 8 bits: its weights in 16 bits', pointwise, 2],
  ['minimal filtering with tiles of 4: 36 transformed weights of 16 bits for 9', square, 8],
])('%s', (_, program, growth) => {
  const session = engine.load(program);
  const { constants, arena } = session.memoryUse;
  const weights = constantBytes(program);
  expect(constants).toBeGreaterThan(weights);
  // Records of channels, tables of taps and tiles.
  expect(constants).toBeLessThan(growth * weights + 16 * 1024);
  // Transformed input and sums of one call.
  expect(arena).toBeLessThan(arenaBytes(program) + 512 * 1024);
  session.dispose();
});

test('each worker that runs adds an arena to the memory, and nothing else does', async () => {
  // An engine of its own: memory of an ended session would serve this one.
  const fresh = createEngine({ threads: THREADS });
  const session = fresh.load(pointwise);
  const { constants, arena, furtherWorker } = session.memoryUse;
  expect(furtherWorker).toBe(arena);
  // All at once, so that every worker takes part.
  await Promise.all(Array.from({ length: 20 * THREADS }, () => session.run([input])));
  const { byteLength } = session.handle.memory.buffer;
  const most = constants + arena + (THREADS - 1) * furtherWorker;
  expect(byteLength).toBeGreaterThanOrEqual(constants + arena);
  expect(byteLength).toBeLessThanOrEqual(Math.ceil(most / PAGE) * PAGE);
  await fresh.dispose();
});

const emulate = `
  const [folder] = process.argv.slice(-1);
  const { layerProgram } = await import(new URL('jobs/bench/layer.js', folder));
  const { planProgram } = await import(new URL('execute/wasm/prepare.js', folder));
  const layer = { kind: 'int8', size: 1, channels: 4096, outputs: 4096, kernel: 1, stride: 1 };
  const program = layerProgram(layer);
  const [instruction] = program.instructions;
  const { accumulator, requantize } = instruction.arithmetic;
  const emulated = { ...accumulator, bits: 24, provedBits: 0, overflow: 'saturate' };
  const instructions = [{ ...instruction, arithmetic: { accumulator: emulated, requantize } }];
  const { prepared } = planProgram({ ...program, instructions }, 'simd', {});
  console.log(prepared.steps[0].kernel);
`;

test('to plan a layer of 16 million weights whose accumulator is emulated takes no 64 MiB of objects', () => {
  const dist = new URL('../../dist/', import.meta.url).href;
  const words = ['--max-old-space-size=64', '--input-type=module', '-e', emulate, '--', dist];
  expect(execFileSync(process.execPath, words, { encoding: 'utf8' })).toBe('accumulate_i16_i32_i32\n');
});

test('a released program gives its memory back at once, and runs on', async () => {
  const kept = engine.load(square);
  const copy = structuredClone(square);
  const released = engine.load(copy, { release: true });
  const other = structuredClone(square);
  const executor = createWasmExecutor(other, { release: true });
  for (const { tensors } of [copy, other])
    expect(tensors.map(({ data }) => data?.length)).toEqual([undefined, 0, 128, undefined]);
  const [expected, got] = await Promise.all([kept.run([input.fill(3)]), released.run([input.fill(3)])]);
  expect(got).toEqual(expected);
  expect(executor.run([input])).toEqual(expected.outputs.map(({ codes }) => codes));
  kept.dispose();
  released.dispose();
});
