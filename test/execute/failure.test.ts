/** Where several elements fail, every way of running a program names the one that the oracle names. */
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { createEngine, type SessionOptions } from '#src/execute/wasm/engine.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import { fixed } from '#src/formats/format.js';
import type { Accumulator } from '#src/program/instructions.js';
import type { Program } from '#src/program/program.js';
import { programOf, proved } from '../programs.js';

const engine = createEngine({ threads: 2 });
afterAll(() => engine.dispose());

const [DEPTH, OUTPUTS] = [5, 11];

function product(rows: number, weights: Int8Array, trap: 'accumulator' | 'code'): Program {
  const narrow: Partial<Accumulator> = { bits: 17, overflow: 'trap', provedBits: 0 };
  return programOf(
    {
      x: { shape: [rows, DEPTH], format: fixed(8, 4) },
      w: { shape: [OUTPUTS, DEPTH], format: fixed(8, 3), data: weights },
      y: { shape: [rows, OUTPUTS], format: fixed(8, 0) },
    },
    [
      {
        op: 'gemm',
        clamp: null,
        arithmetic: {
          accumulator: { ...proved, ...(trap === 'accumulator' && narrow) },
          requantize: {
            style: 'shift',
            shift: 8,
            rounding: 'floor',
            overflow: trap === 'code' ? 'trap' : 'saturate',
          },
        },
        inputs: ['x', 'w'],
        output: 'y',
      },
    ],
  );
}

const codes = (length: number) =>
  fc
    .array(fc.integer({ min: -128, max: 127 }), { minLength: length, maxLength: length })
    .map((list) => Int8Array.from(list));

type Run = (x: Int8Array) => unknown;

const onEngine =
  (options: SessionOptions) =>
  (program: Program): Run => {
    const session = engine.load(program, options);
    return (x) => session.run([x]).finally(() => session.dispose());
  };

test.each<[string, (program: Program) => Run]>([
  ['throughput mode', onEngine({ mode: 'throughput' })],
  ['throughput mode with counters', onEngine({ mode: 'throughput', counters: true })],
  ['latency mode', onEngine({ mode: 'latency' })],
  [
    'this thread, the program released',
    (program) => {
      const executor = createWasmExecutor(structuredClone(program), { release: true });
      return (x) => executor.run([x]);
    },
  ],
])('%s', async (_, open) => {
  const cases = fc.record({
    x: codes(40 * DEPTH),
    weights: codes(OUTPUTS * DEPTH),
    trap: fc.constantFrom('accumulator' as const, 'code' as const),
  });
  let failed = 0;
  await fc.assert(
    fc.asyncProperty(cases, async ({ x, weights, trap }) => {
      const program = product(40, weights, trap);
      const run = open(program);
      const oracle = createOracle(program);
      let expected: unknown;
      try {
        oracle.run([x]);
      } catch (error) {
        expected = error;
        failed++;
      }
      const result = (async () => run(x))();
      if (expected === undefined) await result;
      else await expect(result).rejects.toThrow((expected as Error).message);
    }),
    { numRuns: 20 },
  );
  expect(failed).toBeGreaterThan(0);
});
