/** What a session takes: its memory is as large as it says, and further workers add what it says. */
import { execFileSync } from 'node:child_process';
import { afterAll, expect, test } from 'vitest';
import { growMemory } from '#src/execute/wasm/constants.js';
import { createEngine } from '#src/execute/wasm/engine.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import { arenaBytes } from '#src/execute/wasm/prepare.js';
import type { MemoryUse } from '#src/execute/wasm/session.js';
import { webAssembly } from '#src/execute/wasm/webassembly.js';
import { layerProgram } from '#src/jobs/bench/layer.js';
import { parseProgram } from '#src/program/parse.js';
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

/** What the session's figures say, in whole pages. */
function announced({ constants, arena, furtherWorker }: MemoryUse): number {
  return Math.ceil((constants + arena + (THREADS - 1) * furtherWorker) / PAGE) * PAGE;
}

test('a session that ends while runs wait takes no more memory', async () => {
  const fresh = createEngine({ threads: THREADS });
  const session = fresh.load(pointwise);
  const runs = Array.from({ length: 20 * THREADS }, () => session.run([input]));
  session.dispose();
  await Promise.all(runs);
  expect(session.handle.memory.buffer.byteLength).toBeLessThanOrEqual(announced(session.memoryUse));
  await fresh.dispose();
});

test('the memory holds an arena for each worker from the start, and runs add nothing', async () => {
  // An engine of its own: memory of an ended session would serve this one.
  const fresh = createEngine({ threads: THREADS });
  const { memoryUse, handle, run } = fresh.load(pointwise);
  expect(memoryUse.furtherWorker).toBe(memoryUse.arena);
  expect(handle.memory.buffer.byteLength).toBe(announced(memoryUse));
  // All at once, so that every worker takes part.
  await Promise.all(Array.from({ length: 20 * THREADS }, () => run([input])));
  expect(handle.memory.buffer.byteLength).toBe(announced(memoryUse));
  await fresh.dispose();
});

test('a program whose arenas do not fit the memory is refused before it runs', () => {
  const large = parseProgram(`
    x = input f32 [16]
    padded = pad x before=[0] after=[399999984] value=0 -> f32 [400000000]
    y = slice padded starts=[0] steps=[1] -> f32 [16]
    output y
  `);
  // Two arenas of 1526 MiB fit 4096 MiB, three do not; threads that share a run have one arena.
  expect(() => engine.load(large)).toThrow(
    `program "${large.name}" (threads: 3): the program needs too much memory, expected at most 4096 MiB, got 4578 MiB`,
  );
  engine.load(large, { mode: 'latency' }).dispose();
});

test('memory that another thread grows meanwhile serves both', () => {
  const { Memory } = webAssembly;
  const memory = new Memory({ initial: 1, maximum: 3, shared: true });
  const contended = {
    get buffer() {
      return memory.buffer;
    },
    grow(pages: number) {
      if (pages > 0) memory.grow(2);
      return memory.grow(pages);
    },
  };
  growMemory(contended, 3 * PAGE, 'test');
  expect(memory.buffer.byteLength).toBe(3 * PAGE);
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
