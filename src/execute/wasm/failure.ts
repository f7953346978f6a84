/**
 * Where an instruction fails. A kernel reports an element that it meets first, in an order of its own; the oracle, run on the same
 * inputs, says which it is by definition. It is loaded only then.
 */
import { DeferredError } from '../../errors.js';
import type { Program } from '../../program/program.js';
import type { Elements } from '../executor.js';
import type { Prepared } from './prepared.js';

/** What a kernel reported. */
export interface Failure {
  readonly program: Program;
  readonly instruction: number;
  /** An element of the output that fails, not always the first. */
  readonly element: number;
  /** Gives the inputs of the instruction, of which those of `constantsOfFailures` have their data. */
  readonly read: (tensor: number) => Elements;
}

/** Kernels that report an element. */
export const REPORTING = /^(accumulate|addSums|quantize|rescale(Counted)?_)/;

/** Constants that the oracle needs where an instruction may fail: where it traps, or a register of the style `doubling` may be too narrow. */
export function constantsOfFailures({ instructions, tensors }: Program, { steps }: Prepared): Set<number> {
  const reporting = new Set(
    steps.filter(({ kernel }) => REPORTING.test(kernel)).map(({ instruction }) => instruction),
  );
  const failing = instructions.filter(
    (instruction, index) => reporting.has(index) && mentions(instruction, ['trap', 'doubling']),
  );
  return new Set(
    failing.flatMap(({ inputs }) => inputs.filter((input) => tensors[input].data !== undefined)),
  );
}

function mentions(value: unknown, words: readonly string[]): boolean {
  if (typeof value === 'string') return words.includes(value);
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value) && typeof value[0] === 'number') return false;
  return Object.values(value).some((part) => mentions(part, words));
}

/** Throws an error that becomes the oracle's once a worker gives it away: see `settleError`. */
export function failLater(failure: Failure): never {
  const { program, instruction, element, read } = failure;
  const { name, inputs } = program.instructions[instruction];
  const kept = new Map(
    inputs.filter((input) => program.tensors[input].data === undefined).map((input) => [input, read(input)]),
  );
  const where = `instruction "${name}", element ${element}`;
  throw new DeferredError({ where, what: 'overflows or has no code' }, async () => {
    const { failAsOracle } = await import('./fail-as-oracle.js');
    return failAsOracle({ ...failure, read: (tensor) => kept.get(tensor)! });
  });
}
