/** Which element an instruction fails at: the one that the oracle names. */
import { ExecutionError } from '../../errors.js';
import { isolate } from '../../program/isolate.js';
import { createOracle } from '../oracle/oracle.js';
import type { Failure } from './failure.js';

/** Runs an instruction that failed in a kernel on the oracle, which throws the ExecutionError that the definition asks for. */
export function failAsOracle({ program, instruction, element, read }: Failure): never {
  const { program: alone, sources } = isolate(program, instruction);
  createOracle(alone).run(sources.map(read));
  throw new ExecutionError({
    where: `instruction "${alone.name}", element ${element}`,
    what: 'fails in the kernels and not by definition',
  });
}
