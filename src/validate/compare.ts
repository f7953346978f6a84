/**
 * One sample through the fixed program, beside its float reference: errors of layers, cumulative (everything upstream
 * fixed) and isolated (after each layer its output is replaced by the quantised float reference).
 */
import { ProgramError } from '../errors.js';
import type { Elements, ErrorSums, Executor, InstructionCounters, Observer } from '../execute/executor.js';
import { type RunResult, runPorts } from '../execute/ports.js';
import type { Format } from '../formats/format.js';
import type { Program } from '../program/program.js';
import { elementCount } from '../shape.js';

/** A layer of the fixed program and the tensor of the float program that it is compared with. */
export interface Layer {
  /** Index of the instruction in the fixed program. */
  readonly instruction: number;
  /** Name and operator of the ONNX node. */
  readonly name: string;
  readonly operator: string;
  readonly format: Format | null;
  readonly floatInstruction: number;
  /** Name of the tensor that the float instruction computes. */
  readonly reference: string;
}

/**
 * Pairs every instruction of the fixed program that computes an ONNX node with its float counterpart. Throws a ProgramError
 * where the float program has no such value or one of another size.
 */
export function pairLayers(float: Program, fixed: Program): Layer[] {
  const references = new Map(
    float.instructions.map(({ output }, index) => [float.tensors[output].name, index]),
  );
  return fixed.instructions.flatMap((instruction, index) => {
    if (instruction.node === '') return [];
    const { name, shape, format } = fixed.tensors[instruction.output];
    const floatInstruction = references.get(name);
    if (floatInstruction === undefined) {
      throw new ProgramError({
        where: `tensor "${name}"`,
        what: 'the model has no such value: is the program made from it?',
      });
    }
    const reference = float.tensors[float.instructions[floatInstruction].output];
    if (elementCount(shape) !== elementCount(reference.shape)) {
      throw new ProgramError({
        where: `tensor "${name}"`,
        what: 'the program has another shape than the model',
        expected: `[${reference.shape}]`,
        got: `[${shape}]`,
      });
    }
    return [
      {
        instruction: index,
        name: instruction.node,
        operator: instruction.operator,
        format,
        floatInstruction,
        reference: name,
      },
    ];
  });
}

export interface OutputComparison {
  /** Errors of each layer, everything upstream fixed. */
  readonly cumulative: readonly ErrorSums[];
  readonly result: RunResult;
  /** Time in the executor alone, without the comparisons. */
  readonly seconds: number;
}

export interface LayerComparison extends OutputComparison {
  readonly isolated: readonly ErrorSums[];
  /** What each layer's instruction counted with everything upstream fixed. */
  readonly counters: readonly (InstructionCounters | null)[];
}

/** Runs an executor on the clock, without the time that the observer takes. */
export function timed(
  executor: Executor,
  inputs: readonly Elements[],
  observe: Observer,
): { result: RunResult; seconds: number } {
  let outside = 0;
  const start = performance.now();
  const result = runPorts(executor, inputs, (instruction, tensors) => {
    const before = performance.now();
    observe(instruction, tensors);
    outside += performance.now() - before;
  });
  return { result, seconds: (performance.now() - start - outside) / 1000 };
}

/** Calls `measure` after the instruction of each layer, with the layer's index. */
function observeLayers(
  layers: readonly Layer[],
  measure: (instruction: number, index: number) => void,
): Observer {
  const layerOf = new Map(layers.map(({ instruction }, index) => [instruction, index]));
  return (instruction) => {
    const index = layerOf.get(instruction);
    if (index !== undefined) measure(instruction, index);
  };
}

/** `references` belong to the layers, of which `fixed` measures the outputs; `inputs` to its ports. */
export function compareOutputs(
  fixed: Executor,
  layers: readonly Layer[],
  references: readonly Float32Array[],
  inputs: readonly Elements[],
): OutputComparison {
  const cumulative: ErrorSums[] = [];
  const observe = observeLayers(layers, (instruction, index) => {
    cumulative[index] = fixed.measure!.compare(instruction, references[index]);
  });
  return { cumulative, ...timed(fixed, inputs, observe) };
}

/** The same with every layer by itself, too. `counted` runs the same program and counts; both measure; `fixed` is on the clock. */
export function compareLayers(
  fixed: Executor,
  counted: Executor,
  layers: readonly Layer[],
  references: readonly Float32Array[],
  inputs: readonly Elements[],
): LayerComparison {
  const { cumulative, result } = compareOutputs(counted, layers, references, inputs);
  const isolated: ErrorSums[] = [];
  const observe = observeLayers(layers, (instruction, index) => {
    isolated[index] = fixed.measure!.compare(instruction, references[index]);
    fixed.measure!.replace(instruction);
  });
  const { seconds } = timed(fixed, inputs, observe);
  const counters = layers.map(({ instruction }) => result.counters?.[instruction] ?? null);
  return { cumulative, isolated, counters, result, seconds };
}
