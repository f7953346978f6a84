/** Compares outputs of instructions with float values, and replaces them, by calls that measures.ts prepared. */
import { ExecutionError } from '../../errors.js';
import type { Program } from '../../program/program.js';
import { elementCount } from '../../shape.js';
import type { ErrorSums, Measure } from '../executor.js';
import type { PlacedMeasures, Step } from './prepared.js';
import type { Memory } from './webassembly.js';

/** Measures in the arena at `arena`; `bind` gives what makes a call and returns what its kernel does. */
export function createMeasure(
  program: Program,
  { reference, sums, calls }: PlacedMeasures,
  memory: Memory,
  arena: number,
  bind: (step: Step) => () => number,
): Measure {
  const callsOf = new Map(
    calls.map(({ compare, replace }) => [
      compare.instruction,
      { compare: bind(compare), replace: bind(replace) },
    ]),
  );
  const lengthOf = (instruction: number) =>
    elementCount(program.tensors[program.instructions[instruction].output].shape);
  return {
    compare(instruction, values): ErrorSums {
      new Float32Array(memory.buffer, arena + reference, values.length).set(values);
      callsOf.get(instruction)!.compare();
      const [signal, noise, maxError, clipped] = new Float64Array(memory.buffer, arena + sums, 4);
      return { signal, noise, maxError, clipped, count: lengthOf(instruction) };
    },
    replace(instruction) {
      const failed = callsOf.get(instruction)!.replace();
      if (!failed) return;
      const { name } = program.tensors[program.instructions[instruction].output];
      throw new ExecutionError({
        where: `tensor "${name}"`,
        what: `its float reference is not a number in element ${failed - 1}`,
      });
    },
  };
}
