/** What the float program computes of a sample: the side that fixed programs of the same model are compared with. */
import type { Elements, Executor } from '../execute/executor.js';
import { type Layer, timed } from './compare.js';
import { topClasses } from './metrics.js';

export interface FloatSample {
  /** By the names of the tensors. */
  readonly values: ReadonlyMap<string, Float32Array>;
  /** The five classes with the largest outputs; empty where the network does not classify. */
  readonly top: readonly number[];
  /** Output of the first of them: a probability after a Softmax. */
  readonly topValue?: number;
  /** Time in the executor alone. */
  readonly seconds: number;
}

/** Float results by the index of the sample. */
export type FloatSamples = Map<number, FloatSample>;

/** Runs the float program and keeps what `layers` are compared with. */
export function runReference(
  float: Executor,
  layers: readonly Layer[],
  inputs: readonly Elements[],
): FloatSample {
  const { instructions, tensors } = float.program;
  const wanted = new Set(layers.map(({ floatInstruction }) => floatInstruction));
  const values = new Map<string, Float32Array>();
  const { result, seconds } = timed(float, inputs, (instruction, { read }) => {
    if (!wanted.has(instruction)) return;
    const { output } = instructions[instruction];
    values.set(tensors[output].name, read(output) as Float32Array);
  });
  const top = topClasses(result);
  return { values, top, topValue: result.outputs[0]?.values[top[0]], seconds };
}
