/** The main job on a small graph, in process: calibrate, assign, compile, and compare what comes out. */
import { expect } from 'vitest';
import { assignFormats } from '#src/assign/assign.js';
import { finishObservation } from '#src/calibrate/observation.js';
import { observedValues } from '#src/calibrate/observed-values.js';
import type { Statistics } from '#src/calibrate/statistics.js';
import { compileProgram } from '#src/compile/compile.js';
import type { Executor } from '#src/execute/executor.js';
import { differenceText, lockstep } from '#src/execute/lockstep.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { runPorts } from '#src/execute/ports.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import type { Graph } from '#src/graph/graph.js';
import { loadProfile } from '#src/hardware/profile.js';
import { prepareGraph } from '#src/passes/index.js';
import { decodeProgram, encodeProgram } from '#src/program/file.js';
import type { Program } from '#src/program/program.js';
import { verifyProgram } from '#src/program/verify.js';
import { elementCount } from '#src/shape.js';
import { noise } from '../graph/build.js';

export const profiles = ['generic-int8', 'generic-int16'] as const;
export type ProfileName = (typeof profiles)[number];

const SAMPLES = 4;

/** Runs both executors in lockstep and returns the fast one. */
export function expectAgreement(program: Program, samples: readonly Float32Array[][]): Executor {
  verifyProgram(program);
  const oracle = createOracle(program);
  const wasm = createWasmExecutor(program);
  for (const sample of samples) {
    const difference = lockstep(oracle, wasm, sample);
    expect(difference && differenceText(difference)).toBeUndefined();
  }
  return wasm;
}

/** The statistics that calibration would write for the samples. */
function collectStatistics(float: Program, samples: readonly Float32Array[][]): Statistics {
  const executor = createWasmExecutor(float, { observed: observedValues(float) });
  for (const sample of samples) executor.run(sample);
  const tensors = executor.takeObservations!().map(
    (entry) => [entry.name, finishObservation(entry)] as const,
  );
  return { model: '', preprocess: '', samples: [], tensors: new Map(tensors) };
}

export interface Quantized {
  /** After all passes. */
  readonly graph: Graph;
  readonly program: Program;
  /** Signal to noise ratio of each output against float, over all samples; Infinity where they are equal. */
  readonly decibels: readonly number[];
}

/**
 * Compiles a graph for a built-in profile, calibrated on the noise that it is then run on, whose input number i is scaled
 * by `scales[i]`. Checks on the way that programs are legal, survive their file, and run alike on both executors.
 */
export async function quantizeGraph(
  before: Graph,
  profile: ProfileName,
  scales: readonly number[] = [],
): Promise<Quantized> {
  const { graph } = prepareGraph(before, { verifyEach: true });
  const samples = Array.from({ length: SAMPLES }, (_, sample) =>
    graph.inputs.map(({ shape }, port) =>
      noise(elementCount(shape), 17 * sample + port + 1).map((value) => value * (scales[port] ?? 1)),
    ),
  );
  const float = expectAgreement(compileProgram(graph, null), samples);
  const statistics = collectStatistics(float.program, samples);
  const formats = await assignFormats(graph, statistics, loadProfile(profile));
  const program = compileProgram(graph, formats);
  const executor = expectAgreement(program, samples);
  expect(decodeProgram(encodeProgram(program), 'program')).toEqual(program);
  const signal = program.outputs.map(() => 0);
  const error = program.outputs.map(() => 0);
  for (const sample of samples) {
    const expected = runPorts(float, sample).outputs;
    for (const [port, { name, shape, values }] of runPorts(executor, sample).outputs.entries()) {
      expect({ name, shape }).toEqual({ name: expected[port].name, shape: graph.types.get(name)!.shape });
      for (const [i, value] of expected[port].values.entries()) {
        signal[port] += value ** 2;
        error[port] += (value - values[i]) ** 2;
      }
    }
  }
  return {
    graph,
    program,
    decibels: signal.map((power, i) => (error[i] === 0 ? Infinity : 10 * Math.log10(power / error[i]))),
  };
}
