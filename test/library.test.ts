/** The library as a program uses it: engine, sessions, cancellation, failing workers, and how it behaves as a package. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import {
  AbortedError,
  calibrate,
  compileProgram,
  createEngine,
  ExecutionError,
  InputError,
  loadModel,
  openDataset,
  parseProgram,
  runSamples,
  validate,
} from '#src/index.js';
import { createPool } from '#src/platform/pool.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const engine = createEngine({ threads: 2 });
afterAll(() => engine.dispose());

/** Two codes in, two out, each round half even((x0 w0 + x1 w1) / 8). */
const text = (weights: string) => `
x = input fixed(8,4) [1,2]
w = constant fixed(8,3) [2,2] = ${weights}
y = gemm x w scaling=shift(3,halfEven) overflow=saturate accumulator=32 accumulatorOverflow=wrap provedBits=20 -> fixed(8,4) [1,2]
output y
`;
const product = (weights: string) => parseProgram(text(weights));
const programText = text('3 -5 7 1');

/** The same with a real input. */
const real = parseProgram(`
x = input f32 [1,2]
q = quantize x round=halfEven overflow=saturate -> fixed(8,4) [1,2]
w = constant fixed(8,3) [2,2] = 3 -5 7 1
y = gemm q w scaling=shift(3,halfEven) overflow=saturate accumulator=32 accumulatorOverflow=wrap provedBits=20 -> fixed(8,4) [1,2]
output y
`);

describe.each(['throughput', 'latency'] as const)('a session in %s mode', (mode) => {
  test('takes integer codes and gives codes and real values', async () => {
    const session = engine.load(product('3 -5 7 1'), { mode });
    const { outputs } = await session.run({ x: Int8Array.of(4, 2) });
    // 4*3 - 2*5 = 2 and 4*7 + 2*1 = 30, of which 2/8 and 30/8 round to 0 and 4; a step is 1/16.
    expect(outputs).toEqual([
      { name: 'y', shape: [1, 2], codes: Int8Array.of(0, 4), values: Float32Array.of(0, 0.25) },
    ]);
    session.dispose();
  });

  test('takes real values, or the codes that they become', async () => {
    const session = engine.load(real, { mode });
    for (const x of [Float32Array.of(0.25, 0.125), Int8Array.of(4, 2), Int32Array.of(4, 2)])
      expect((await session.run({ x })).outputs[0].codes).toEqual(Int8Array.of(0, 4));
    expect((await session.run([Float32Array.of(0.25, 0.125)])).outputs[0].values).toEqual(
      Float32Array.of(0, 0.25),
    );
    session.dispose();
  });

  test('leaves its inputs as they are', async () => {
    const session = engine.load(real, { mode });
    const x = Float32Array.of(0.25, 0.125);
    await session.run({ x });
    expect(x).toEqual(Float32Array.of(0.25, 0.125));
    session.dispose();
  });

  test.each([
    [{ x: Int8Array.of(1) }, 'input "x": wrong number of elements, expected 2, got 1'],
    [{ y: Int8Array.of(1, 2) }, 'input "y": the program has no such input, expected x'],
    [{}, 'input "x": is missing'],
    [
      { x: Int16Array.of(1, 200) },
      'input "x": code outside its format, expected -128 to 127, got 200 at element 1',
    ],
  ])('refuses inputs that do not fit: %j', async (inputs, message) => {
    const session = engine.load(real, { mode });
    const failure = session.run(inputs as { x: Int8Array });
    await expect(failure).rejects.toThrow(InputError);
    await expect(failure).rejects.toThrow(message);
    session.dispose();
  });

  test('runs beside others', async () => {
    const scales = [1, 2, 3, 4, 5];
    const sessions = scales.map((scale) => engine.load(product(`${8 * scale} 0 0 ${-8 * scale}`), { mode }));
    const runs = scales.flatMap((scale, index) =>
      Array.from({ length: 20 }, async (_, x) => {
        const { outputs } = await sessions[index].run({ x: Int8Array.of(x, x) });
        expect(Array.from(outputs[0].codes as Int8Array)).toEqual([scale * x, 0 - scale * x]);
      }),
    );
    await Promise.all(runs);
    for (const session of sessions) session.dispose();
  });

  test('leaves its memory to the next only when its last run is done', async () => {
    const results: Promise<number[]>[] = [];
    for (let scale = 1; scale <= 12; scale++) {
      const session = engine.load(product(`${8 * scale} 0 0 ${8 * scale}`), { mode });
      const runs = [1, 2, 3].map((x) => session.run({ x: Int8Array.of(x, x) }));
      session.dispose();
      for (const run of runs)
        results.push(run.then(({ outputs }) => Array.from(outputs[0].codes as Int8Array)));
      if (scale % 3 === 0) await runs[2];
    }
    const expected = Array.from({ length: 12 }, (_, index) => [1, 2, 3].map((x) => (index + 1) * x)).flat();
    expect(await Promise.all(results)).toEqual(expected.map((code) => [code, code]));
  });

  test('takes nothing for inputs but arrays, in order or by name', async () => {
    const session = engine.load(product('1 0 0 1'), { mode });
    for (const [inputs, got] of [
      [null, 'null'],
      [undefined, 'undefined'],
      [3, '3'],
    ] as [never, string][]) {
      const run = session.run(inputs);
      await expect(run).rejects.toThrow(InputError);
      await expect(run).rejects.toThrow(
        `has no inputs, expected typed arrays, in order or by name: x, got ${got}`,
      );
    }
    session.dispose();
  });

  test('runs nothing after its end', async () => {
    const session = engine.load(product('1 0 0 1'), { mode });
    const before = session.run({ x: Int8Array.of(8, 8) });
    session.dispose();
    expect((await before).outputs[0].codes).toEqual(Int8Array.of(1, 1));
    await expect(session.run({ x: Int8Array.of(8, 8) })).rejects.toThrow(ExecutionError);
  });

  test('runs nothing once its signal is aborted', async () => {
    const session = engine.load(product('1 0 0 1'), { mode });
    const signal = AbortSignal.abort();
    await expect(session.run({ x: Int8Array.of(8, 8) }, { signal })).rejects.toThrow(AbortedError);
    session.dispose();
  });
});

describe('long work', () => {
  const model = loadModel(join(root, 'examples/digits/digits.onnx'));
  const program = compileProgram(model.graph, null);
  const data = { path: join(root, 'examples/digits/test-images-idx3-ubyte.gz'), inputs: model.graph.inputs };
  const header = { model: model.digest, preprocess: 'null' };

  test.each([
    ['calibrate', (options: object) => calibrate(engine, program, header, data, options)],
    ['validate', (options: object) => validate(engine, program, program, data, options)],
    ['runSamples', (options: object) => runSamples(engine, program, data, options)],
  ])('%s tells its progress and stops when it is aborted', async (_, work) => {
    const controller = new AbortController();
    const seen: number[] = [];
    const onProgress = (done: number, total: number) => {
      expect(total).toBe(openDataset(data).count);
      seen.push(done);
      if (done >= 40) controller.abort();
    };
    await expect(work({ signal: controller.signal, onProgress })).rejects.toThrow(AbortedError);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBeLessThan(100);
  });

  test('the engine goes on after an abort', async () => {
    expect(await runSamples(engine, program, { ...data, limit: 3 })).toMatchObject({ samples: 3 });
  });
});

describe('workers', () => {
  const task = new URL('fixtures/exit-task.mjs', import.meta.url);

  test('one that dies fails its task alone; another takes its place', async () => {
    const pool = createPool(1);
    await expect(pool.run(task, 'exit')).rejects.toThrow(ExecutionError);
    expect(await pool.run(task, 'one')).toBe('answer to one');
    await pool.close();
  });

  test('a task that cannot be loaded fails', async () => {
    const pool = createPool(1);
    await expect(pool.run(new URL('none.mjs', task), 'one')).rejects.toThrow(ExecutionError);
    await pool.close();
  });

  test('a disposed engine fails what is asked of it', async () => {
    const disposed = createEngine({ threads: 1 });
    const session = disposed.load(product('1 0 0 1'));
    await disposed.dispose();
    await expect(session.run({ x: Int8Array.of(8, 8) })).rejects.toThrow(ExecutionError);
    for (const mode of ['throughput', 'latency'] as const)
      expect(() => disposed.load(product('1 0 0 1'), { mode })).toThrow('the engine is disposed');
  });
});

describe('as a package', () => {
  const folder = mkdtempSync(join(root, 'build', 'library-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Runs a script that finds `dynafix` as a user's script does. */
  function script(name: string, text: string) {
    writeFileSync(join(folder, name), text);
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, name)], {
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  }

  test('require works, prints nothing, and a process with idle workers ends by itself', () => {
    const text = `
      const { createEngine, parseProgram } = require('dynafix');
      const listeners = () => ['SIGINT', 'SIGTERM', 'uncaughtException', 'exit'].map((name) => process.listenerCount(name));
      const before = String(listeners());
      const program = parseProgram(${JSON.stringify(programText)});
      const session = createEngine().load(program);
      session.run({ x: Int8Array.of(4, 2) }).then(({ outputs }) => {
        if (String(outputs[0].codes) !== '0,4') throw new Error(String(outputs[0].codes));
        if (String(listeners()) !== before) throw new Error('there are new listeners');
      });
    `;
    expect(script('require.cjs', text)).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('a process that waits for a result waits', () => {
    const text = `
      import { createEngine, parseProgram } from 'dynafix';
      const session = createEngine({ threads: 1 }).load(parseProgram(${JSON.stringify(programText)}));
      const results = await Promise.all([1, 2, 3].map((x) => session.run({ x: Int8Array.of(8 * x, 0) })));
      process.stdout.write(String(results.map(({ outputs }) => outputs[0].codes[0])));
    `;
    expect(script('import.mjs', text)).toEqual({ status: 0, stdout: '3,6,9', stderr: '' });
  });

  test.each(['1-inspect.mjs', '2-quantize.mjs', '3-run-program.mjs'])('examples/%s runs', (name) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'examples', name)], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).not.toBe('');
  });
});
