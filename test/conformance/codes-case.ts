/** A program on codes against published codes, on both executors. */
import { ProgramError } from '#src/errors.js';
import type { Elements, Executor } from '#src/execute/executor.js';
import { differenceText, lockstep } from '#src/execute/lockstep.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { bindInputs, runPorts } from '#src/execute/ports.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import type { Program } from '#src/program/program.js';
import type { Outcome } from './kind.js';

/** The WASM executor, where it runs the program: what it refuses, the oracle runs alone. */
function createWasm(program: Program): Executor | undefined {
  try {
    return createWasmExecutor(program);
  } catch (error) {
    if (error instanceof ProgramError && error.message.includes('the oracle does')) return undefined;
    throw error;
  }
}

/** Runs the program, whose first output is to be exactly these codes. */
export function runCodes(
  program: Program,
  inputs: readonly Elements[],
  expected: ArrayLike<number | bigint>,
): Outcome {
  const feeds = bindInputs(program, inputs);
  const oracle = createOracle(program);
  const wasm = createWasm(program);
  const difference = wasm && lockstep(oracle, wasm, feeds);
  if (difference) return { status: 'mismatch', reason: differenceText(difference) };
  const [codes] = runPorts(oracle, feeds).codes;
  if (codes?.length !== expected.length) {
    const reason = `${codes?.length} codes instead of ${expected.length}`;
    return { status: 'mismatch', reason };
  }
  const wrong = Array.from(codes as ArrayLike<number | bigint>, Number).flatMap((code, index) =>
    code === Number(expected[index]) ? [] : [index],
  );
  if (wrong.length === 0) return { status: 'passed', error: 0 };
  const [first] = wrong;
  const reason = `${wrong.length} of ${expected.length} codes differ, at ${first} ${codes[first]} is not ${expected[first]}`;
  return { status: 'mismatch', reason };
}
