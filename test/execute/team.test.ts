/** Runs that several threads share, against the oracle. */
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { AbortedError, ExecutionError } from '#src/errors.js';
import type { Elements } from '#src/execute/executor.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { runPorts } from '#src/execute/ports.js';
import { reserveArena, reserveScratch } from '#src/execute/wasm/arenas.js';
import { createSessionHandle } from '#src/execute/wasm/create-session.js';
import { createEngine } from '#src/execute/wasm/engine.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import { createInstance } from '#src/execute/wasm/instance.js';
import { prepareProgram } from '#src/execute/wasm/prepare.js';
import type { Unit } from '#src/execute/wasm/prepared.js';
import { loadKernels } from '#src/execute/wasm/select-variant.js';
import { createTeam } from '#src/execute/wasm/team-session.js';
import { accessTensors } from '#src/execute/wasm/tensor-access.js';
import { createMemory } from '#src/execute/wasm/webassembly.js';
import { createPool, type WorkerPool } from '#src/platform/pool.js';
import { parseProgram } from '#src/program/parse.js';
import type { Program } from '#src/program/program.js';
import { arbitraryRun, opcodes } from '../program/arbitrary.js';
import { random } from './wasm-cases.js';
import { families } from './wasm-product-cases.js';

interface Deal {
  readonly threads: number;
  readonly seed: number;
}

const deals: fc.Arbitrary<Deal> = fc.record({ threads: fc.integer({ min: 2, max: 4 }), seed: fc.nat() });

/** Stages of units that wait for the same ones. */
function stagesOf(units: readonly Unit[]): number[][] {
  const stages = new Map<number, number[]>();
  for (const [index, { after }] of units.entries()) stages.set(after, [...(stages.get(after) ?? []), index]);
  return [...stages.values()];
}

/** What threads that meet the units of each stage in any order compute, with as many units as there can be. */
function runDealt(program: Program, inputs: readonly Elements[], { threads, seed }: Deal): Elements[] {
  const memory = createMemory();
  const prepared = prepareProgram(program, memory, { threads, grain: 1 });
  const arena = reserveArena(prepared, memory, 0, 'test');
  const members = Array.from({ length: threads }, (_, thread) => {
    const scratch = reserveScratch(prepared, memory, thread, 'test');
    return createInstance(program, prepared, loadKernels(), memory, arena, scratch);
  });
  const next = random(seed);
  const pick = (count: number) => Math.floor(next() * count);
  const tensors = accessTensors(program, prepared, memory, arena);
  tensors.start(inputs);
  for (const stage of stagesOf(prepared.units))
    while (stage.length > 0) {
      const [unit] = stage.splice(pick(stage.length), 1);
      members[pick(threads)].runUnit(unit);
    }
  return program.outputs.map(({ tensor }) => tensors.read(tensor));
}

test.each(opcodes)('%s in any order of its units', (op) => {
  fc.assert(
    fc.property(arbitraryRun({ opcodes: [op], longest: 1 }), deals, ({ program, inputs }, deal) => {
      expect(runDealt(program, inputs, deal)).toEqual(createOracle(program).run(inputs));
    }),
  );
});

test.each(Object.entries(families))('%s in any order of their units', (_, cases) => {
  fc.assert(
    fc.property(cases, deals, ({ program, inputs }, deal) => {
      expect(runDealt(program, inputs, deal)).toEqual(createOracle(program).run(inputs));
    }),
  );
});

test('unusual chains in any order of their units', () => {
  fc.assert(
    fc.property(arbitraryRun({ unusual: true, longest: 5 }), deals, ({ program, inputs }, deal) => {
      expect(runDealt(program, inputs, deal)).toEqual(createOracle(program).run(inputs));
    }),
    { numRuns: 300 },
  );
});

describe('workers as a team', () => {
  const engines = [1, 2, 3, 4].map((threads) => createEngine({ threads }));
  afterAll(() => Promise.all(engines.map((engine) => engine.dispose())));
  const four = engines[3];

  test('give what the oracle gives, however many they are', async () => {
    const property = fc.asyncProperty(arbitraryRun({ unusual: true }), async ({ program, inputs }) => {
      const expected = runPorts(createOracle(program), inputs);
      for (const engine of engines) {
        const session = engine.load(program, { mode: 'latency' });
        for (const result of await Promise.all([session.run(inputs), session.run(inputs)]))
          expect(result).toEqual(expected);
        session.dispose();
      }
    });
    await fc.assert(property, { numRuns: 25 });
  });

  /** Instructions that take a while: y = erf(erf(... x)). */
  const chain = (length: number, elements: number) =>
    parseProgram(
      [
        `x = input f32 [${elements}]`,
        ...Array.from(
          { length },
          (_, i) => `y${i} = unary ${i === 0 ? 'x' : `y${i - 1}`} function=erf -> f32 [${elements}]`,
        ),
        `output y${length - 1}`,
      ].join('\n'),
    );
  const ramp = (elements: number) => Float32Array.from({ length: elements }, (_, i) => i / elements - 0.5);

  test('share large layers and give what one gives', async () => {
    const program = chain(4, 100_003);
    const [expected] = createWasmExecutor(program).run([ramp(100_003)]);
    const session = four.load(program, { mode: 'latency' });
    for (let i = 0; i < 3; i++)
      expect((await session.run([ramp(100_003)])).outputs[0].values).toEqual(expected);
    session.dispose();
  });

  test('stop in the middle of a run that is aborted, and run the next', async () => {
    const elements = 30_000;
    const program = chain(200, elements);
    const session = engines[1].load(program, { mode: 'latency' });
    const controller = new AbortController();
    const first = session.run([ramp(elements)], controller);
    const second = session.run([ramp(elements)]);
    setTimeout(() => controller.abort(), 5);
    await expect(first).rejects.toThrow(AbortedError);
    const [expected] = createWasmExecutor(program).run([ramp(elements)]);
    expect((await second).outputs[0].values).toEqual(expected);
    session.dispose();
  });

  test('report the first element that fails, whoever meets it', async () => {
    const elements = 70_000;
    const program = parseProgram(`
      x = input f32 [${elements}]
      y = quantize x round=halfEven overflow=saturate -> fixed(8,4) [${elements}]
      output y
    `);
    const session = four.load(program, { mode: 'latency' });
    const bad = ramp(elements).with(69_999, Number.NaN).with(20_001, Number.NaN).with(55_000, Number.NaN);
    for (let i = 0; i < 5; i++)
      await expect(session.run([bad])).rejects.toThrow('element 20001: not a number has no code');
    expect((await session.run([ramp(elements)])).outputs[0].codes).toHaveLength(elements);
    session.dispose();
  });

  test('report what fails where a thread is late from the run before', async () => {
    // Few units: a thread that has not left the run before takes the one that fails.
    const program = parseProgram(`
      x = input f32 [70]
      y = quantize x round=halfEven overflow=trap -> fixed(8,4) [70]
      output y
    `);
    const session = four.load(program, { mode: 'latency' });
    const good = new Float32Array(70).fill(0.5);
    const bad = good.with(33, 1000);
    const failures = new Set<string>();
    for (let i = 0; i < 500; i++) {
      await session.run([good]);
      failures.add(await session.run([bad]).then(String, (error) => error.message));
    }
    expect([...failures]).toEqual([
      'instruction "y/quantize", element 33: does not fit fixed(8,4), got 1000',
    ]);
    session.dispose();
  });

  test('inputs that are gone before their turn comes fail their run, not the next one', async () => {
    const program = chain(20, 9_000);
    const session = four.load(program, { mode: 'latency' });
    const gone = ramp(9_000);
    const runs = [session.run([ramp(9_000)]), session.run([gone]), session.run([ramp(9_000)])];
    structuredClone(gone, { transfer: [gone.buffer] });
    const [first, second, third] = await Promise.allSettled(runs);
    expect(second).toMatchObject({ reason: expect.any(ExecutionError) });
    expect(third).toEqual(first);
    const [expected] = createWasmExecutor(program).run([ramp(9_000)]);
    expect(third).toMatchObject({ value: { outputs: [{ values: expected }] } });
    session.dispose();
  });

  test('sessions of both kinds run beside each other', async () => {
    const engine = engines[1];
    const work = [1, 2, 3, 4, 5, 6].map(async (length) => {
      const program = chain(length, 9_000);
      const mode = length % 2 === 0 ? 'latency' : 'throughput';
      const session = engine.load(program, { mode });
      const [expected] = createWasmExecutor(program).run([ramp(9_000)]);
      const runs = Array.from({ length: 5 }, () => session.run([ramp(9_000)]));
      session.dispose();
      for (const { outputs } of await Promise.all(runs)) expect(outputs[0].values).toEqual(expected);
    });
    await Promise.all(work);
  });

  test('one that dies with a unit in hand fails the run, not the next one', async () => {
    // Long enough that it comes before the others have run every unit.
    const program = chain(400, 20_000);
    const pool = createPool(3);
    const handle = createSessionHandle(program, createMemory(), { threads: 3 });
    const deadly = new URL('../fixtures/leave-team-task.mjs', import.meta.url);
    let deaths = 1;
    const run: WorkerPool['run'] = (worker, task) => pool.run(deaths-- > 0 ? deadly : worker, task);
    const team = createTeam({ ...pool, run }, handle);
    await expect(team.run([ramp(20_000)])).rejects.toThrow(/worker thread: stopped unexpectedly/);
    const [expected] = createWasmExecutor(program).run([ramp(20_000)]);
    expect((await team.run([ramp(20_000)])).outputs[0].values).toEqual(expected);
    await pool.close();
  });

  test('an engine that ends fails the runs of its teams', async () => {
    const engine = createEngine({ threads: 2 });
    const session = engine.load(chain(400, 20_000), { mode: 'latency' });
    const runs = [1, 2].map(() => expect(session.run([ramp(20_000)])).rejects.toThrow(ExecutionError));
    setTimeout(() => engine.dispose(), 5);
    await Promise.all(runs);
  });
});
