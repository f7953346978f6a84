/** Where several elements fail, every way of running a program names the one that the oracle names. */
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { createEngine } from '#src/execute/wasm/engine.js';
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

test.each([
  ['throughput', false],
  ['throughput', true],
  ['latency', false],
] as const)('in %s mode, counters %s', async (mode, counters) => {
  const cases = fc.record({
    x: codes(40 * DEPTH),
    weights: codes(OUTPUTS * DEPTH),
    trap: fc.constantFrom('accumulator' as const, 'code' as const),
  });
  let failed = 0;
  await fc.assert(
    fc.asyncProperty(cases, async ({ x, weights, trap }) => {
      const program = product(40, weights, trap);
      const session = engine.load(program, { mode, counters });
      const oracle = createOracle(program);
      let expected: unknown;
      try {
        oracle.run([x]);
      } catch (error) {
        expected = error;
        failed++;
      }
      const run = session.run([x]);
      if (expected === undefined) await run;
      else await expect(run).rejects.toThrow((expected as Error).message);
      session.dispose();
    }),
    { numRuns: 20 },
  );
  expect(failed).toBeGreaterThan(0);
});
