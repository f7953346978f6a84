/**
 * Random programs on everything that runs programs: oracle, kernels on 1 and 2 workers, exported C. `npm run soak` takes
 * more of them: DYNAFIX_PROGRAMS says how many, DYNAFIX_SEED which, DYNAFIX_RESULT where the result is written.
 */
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, expect } from 'vitest';
import { DynafixError, ExecutionError } from '#src/errors.js';
import type { Elements } from '#src/execute/executor.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { createEngine, type Engine } from '#src/execute/wasm/engine.js';
import type { Program } from '#src/program/program.js';
import { arbitraryInputs, arbitraryProgram } from '../program/arbitrary.js';
import { type Case, compilerTest, runInC } from './c-batch.js';

const COUNT = Number(process.env.DYNAFIX_PROGRAMS ?? 300);
const SEED = Number(process.env.DYNAFIX_SEED ?? Math.floor(Date.now() / 1000));
/** Programs in one C file. */
const BATCH = 100;

const engines = [1, 2].map((threads) => createEngine({ threads }));
afterAll(() => Promise.all(engines.map((engine) => engine.dispose())));

const arbitraryCase: fc.Arbitrary<Case> = arbitraryProgram({ unusual: true, longest: 5 }).chain((program) =>
  fc.tuple(arbitraryInputs(program), arbitraryInputs(program)).map((samples) => ({ program, samples })),
);

/** For each sample the outputs; undefined where the run fails, as an overflow that traps does. */
type Results = (readonly Elements[] | undefined)[];

function runOnOracle({ program, samples }: Case): Results {
  const oracle = createOracle(program);
  return samples.map((inputs) => {
    try {
      return oracle.run(inputs);
    } catch (error) {
      if (error instanceof ExecutionError) return undefined;
      throw error;
    }
  });
}

/** Undefined where the kernels refuse the program. */
async function runOnEngine(engine: Engine, { program, samples }: Case): Promise<Results | undefined> {
  const session = loadSession(engine, program);
  if (session === undefined) return undefined;
  const runs = samples.map((inputs) => session.run(inputs).catch(() => undefined));
  const results = await Promise.all(runs);
  session.dispose();
  return results.map((result) => result?.outputs.map(({ codes, values }) => codes ?? values));
}

function loadSession(engine: Engine, program: Program) {
  try {
    return engine.load(program);
  } catch (error) {
    expect(error).toBeInstanceOf(DynafixError);
    return undefined;
  }
}

/** The indices of cases that do not give the oracle's results everywhere; and how many the kernels ran. */
async function findFailures(cases: readonly Case[]): Promise<{ failures: number[]; onKernels: number }> {
  const inC = runInC(cases).map((runs) =>
    runs.map(({ status, outputs }) => (status === 0 ? outputs : undefined)),
  );
  const failures: number[] = [];
  let onKernels = 0;
  for (const [index, one] of cases.entries()) {
    const expected = runOnOracle(one);
    const onEngines = await Promise.all(engines.map((engine) => runOnEngine(engine, one)));
    if (onEngines.every((results) => results !== undefined)) onKernels++;
    const others = [inC[index], ...onEngines.filter((results) => results !== undefined)];
    if (!others.every((results) => equal(results, expected))) failures.push(index);
  }
  return { failures, onKernels };
}

function equal(left: Results, right: Results): boolean {
  return left.every((outputs, sample) => {
    const others = right[sample];
    if (outputs === undefined || others === undefined) return outputs === others;
    return outputs.every((elements, port) =>
      (elements as Float32Array).every((element, i) => Object.is(element, others[port][i])),
    );
  });
}

compilerTest(
  `${COUNT} random programs with seed ${SEED}: the same bytes on the oracle, the kernels and in C`,
  { timeout: 30_000 + COUNT * 2_000 },
  async () => {
    const cases = fc.sample(arbitraryCase, { numRuns: COUNT, seed: SEED });
    let onKernels = 0;
    for (let first = 0; first < COUNT; first += BATCH) {
      const batch = await findFailures(cases.slice(first, first + BATCH));
      onKernels += batch.onKernels;
      if (batch.failures.length === 0) continue;
      // The same random numbers again, alone, so that the program shrinks.
      const single = fc.asyncProperty(arbitraryCase, async (one) => {
        expect(await findFailures([one])).toMatchObject({ failures: [] });
      });
      await fc.assert(single, { seed: SEED, path: String(first + batch.failures[0]), numRuns: 1 });
      expect.fail(`program ${first + batch.failures[0]} of seed ${SEED} differs among others, but not alone`);
    }
    expect(onKernels).toBeGreaterThan(COUNT / 10);
    const result = { programs: COUNT, onKernels, seed: SEED, node: process.version };
    if (process.env.DYNAFIX_RESULT !== undefined)
      writeFileSync(process.env.DYNAFIX_RESULT, `${JSON.stringify(result, null, 2)}\n`);
  },
);
