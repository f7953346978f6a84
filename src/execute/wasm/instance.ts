/** Running prepared programs: kernels bound to one memory and one arena. */
import { ExecutionError } from '../../errors.js';
import type { Program } from '../../program/program.js';
import type { Executor, Observer } from '../executor.js';
import type { Prepared } from './prepared.js';
import { accessTensors } from './tensor-access.js';
import { type Call, instantiate, type KernelSet } from './variants.js';
import type { Memory } from './webassembly.js';

interface BoundStep {
  readonly instruction: number;
  readonly first: number;
  readonly call: Call;
  readonly args: readonly number[];
}

/** One thread's kernels. */
export interface WasmInstance extends Required<Pick<Executor, 'run' | 'counters'>> {
  /** Runs one of the prepared units. Throws an ExecutionError where an overflow traps. */
  runUnit(unit: number): void;
}

/**
 * Binds a prepared program to the arena at `arena` of the memory that holds its constants. Threads that use the same arena differ in
 * `scratch`, which is added to the addresses of scratch. The program's constants may lack their data.
 */
export function createInstance(
  program: Program,
  prepared: Prepared,
  kernels: KernelSet,
  memory: Memory,
  arena: number,
  scratch = 0,
): WasmInstance {
  const functions = instantiate(kernels, memory);
  const steps: BoundStep[] = prepared.steps.map(({ instruction, first, kernel, args, ...masks }) => ({
    instruction,
    first,
    call: functions[kernel],
    args: args.map((arg, index) => {
      if (((masks.arena >> index) & 1) === 0) return arg;
      return (masks.scratch >> index) & 1 ? arg + arena + scratch : arg + arena;
    }),
  }));
  const tensors = accessTensors(program, prepared, memory, arena);

  const runObserved = (observe: Observer) => {
    let next = 0;
    for (let instruction = 0; instruction < program.instructions.length; instruction++) {
      for (; next < steps.length && steps[next].instruction === instruction; next++)
        runStep(program, steps[next]);
      observe(instruction, tensors);
    }
  };
  return {
    runUnit(unit) {
      const { first, end } = prepared.units[unit];
      for (let step = first; step < end; step++) runStep(program, steps[step]);
    },
    run(inputs, observe) {
      tensors.start(inputs);
      if (observe === undefined) for (const step of steps) runStep(program, step);
      else runObserved(observe);
      return program.outputs.map(({ tensor }) => tensors.read(tensor));
    },
    counters: tensors.counters,
  };
}

function runStep(program: Program, { call, args, instruction, first }: BoundStep): void {
  const failed = call(...args);
  if (!failed) return;
  const { name, op } = program.instructions[instruction];
  if (failed > 0 && op === 'quantize')
    throw new ExecutionError({
      where: `instruction "${name}" (quantize)`,
      what: `element ${first + failed - 1} is not a number and has no code`,
    });
  throw new ExecutionError({
    where: `instruction "${name}", element ${first + Math.abs(failed) - 1}`,
    what: 'overflows where the program forbids it',
  });
}
