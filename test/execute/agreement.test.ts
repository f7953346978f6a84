/** The fast executor against the oracle, on random programs. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Elements, Executor } from '#src/execute/executor.js';
import { differenceText, lockstep } from '#src/execute/lockstep.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import type { Program } from '#src/program/program.js';
import { arbitraryRun, opcodes } from '../program/arbitrary.js';

/** Every instruction, and the outputs that `run` gives. */
function expectAgreement(program: Program, wasm: Executor, inputs: readonly Elements[]): void {
  const oracle = createOracle(program);
  const difference = lockstep(oracle, wasm, inputs);
  expect(difference && differenceText(difference)).toBeUndefined();
  expect(wasm.run(inputs)).toEqual(oracle.run(inputs));
}

test.each(opcodes)('%s alone', (op) => {
  fc.assert(
    fc.property(arbitraryRun({ opcodes: [op], longest: 1 }), ({ program, inputs }) => {
      expectAgreement(program, createWasmExecutor(program), inputs);
    }),
  );
});

test('chains of instructions', () => {
  fc.assert(
    fc.property(arbitraryRun({ longest: 6 }), ({ program, inputs }) => {
      expectAgreement(program, createWasmExecutor(program), inputs);
    }),
    { numRuns: 200 },
  );
});

test('unusual programs, with and without counters', () => {
  fc.assert(
    fc.property(arbitraryRun({ unusual: true, longest: 3 }), ({ program, inputs }) => {
      expectAgreement(program, createWasmExecutor(program), inputs);
      expectAgreement(program, createWasmExecutor(program, { counters: true }), inputs);
    }),
    { numRuns: 300 },
  );
});
