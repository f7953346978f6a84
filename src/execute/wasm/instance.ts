/** Running prepared programs: kernels bound to one memory and one arena. */
import type { Program } from '../../program/program.js';
import type { Executor, Observer, Replay } from '../executor.js';
import { type Failure, failLater } from './failure.js';
import type { Kernel } from './kernels.js';
import { createMeasure } from './measure.js';
import { failObservation, resetObservations, takeObservations, withoutRows } from './observations.js';
import type { Prepared, Step } from './prepared.js';
import { accessTensors } from './tensor-access.js';
import { type Call, instantiate, type KernelSet } from './variants.js';
import type { Memory } from './webassembly.js';

interface BoundStep {
  readonly instruction: number;
  readonly first: number;
  readonly kernel: Kernel;
  readonly call: Call;
  readonly args: readonly number[];
}

/** One thread's kernels. */
export interface WasmInstance
  extends Required<Pick<Executor, 'run' | 'counters' | 'takeObservations'>>,
    Pick<Executor, 'measure'>,
    Pick<Replay, 'tensors' | 'runInstruction'> {
  /** Runs one of the prepared units. Throws an ExecutionError where an overflow traps. */
  runUnit(unit: number): void;
}

/**
 * Binds a prepared program to the arena at `arena` of the memory that holds its constants. Threads that use the same arena differ in
 * `scratch`, which is added to the addresses of scratch. The program's constants may lack their data. `fail` throws the error for an
 * element that fails.
 */
export function createInstance(
  program: Program,
  prepared: Prepared,
  kernels: KernelSet,
  memory: Memory,
  arena: number,
  scratch = 0,
  fail: (failure: Failure) => never = failLater,
): WasmInstance {
  const functions = instantiate(kernels, memory);
  const bind = ({ instruction, first, kernel, args, ...masks }: Step): BoundStep => ({
    instruction,
    first,
    kernel,
    call: functions[kernel],
    args: args.map((arg, index) => {
      if (((masks.arena >> index) & 1) === 0) return arg;
      return (masks.scratch >> index) & 1 ? arg + arena + scratch : arg + arena;
    }),
  });
  const steps = prepared.steps.map(bind);
  const tensors = accessTensors(program, prepared, memory, arena);
  const { observations, measures } = prepared;
  if (observations !== undefined) resetObservations(memory.buffer, arena, observations);

  const runStep = ({ call, args, instruction, first, kernel }: BoundStep) => {
    const failed = call(...args);
    if (!failed) return;
    if (kernel === 'observe_f32_f64') {
      const [x, state] = args;
      const values = new Float32Array(memory.buffer, x, failed);
      failObservation(observations!, state - arena, failed - 1, values[failed - 1]);
    }
    fail({ program, instruction, element: first + Math.abs(failed) - 1, read: tensors.read });
  };
  const stepsOf = new Map<number, BoundStep[]>();
  for (const step of steps) {
    const list = stepsOf.get(step.instruction);
    if (list === undefined) stepsOf.set(step.instruction, [step]);
    else list.push(step);
  }
  const runInstruction = (index: number) => {
    for (const step of stepsOf.get(index) ?? []) runStep(step);
  };
  const runObserved = (observe: Observer) => {
    for (let instruction = 0; instruction < program.instructions.length; instruction++) {
      runInstruction(instruction);
      observe(instruction, tensors);
    }
  };
  return {
    tensors,
    runInstruction,
    runUnit(unit) {
      const { first, end } = prepared.units[unit];
      for (let step = first; step < end; step++) runStep(steps[step]);
    },
    run(inputs, observe) {
      tensors.start(inputs);
      if (observe === undefined) for (const step of steps) runStep(step);
      else runObserved(observe);
      return program.outputs.map(({ tensor }) => tensors.read(tensor));
    },
    counters: tensors.counters,
    measure:
      measures &&
      createMeasure(program, measures, memory, arena, (step) => {
        const { call, args } = bind(step);
        return () => call(...args) ?? 0;
      }),
    takeObservations() {
      if (observations === undefined) return [];
      for (const { kernel, call, args } of steps)
        if (kernel === 'observe_f32_f64') call(...withoutRows(args));
      return takeObservations(memory.buffer, arena, observations);
    },
  };
}
