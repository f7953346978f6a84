/**
 * One sample through the fixed program, beside its float reference: errors of layers, cumulative (everything upstream
 * fixed) and isolated (after each layer its output is replaced by the quantised float reference).
 */
import { ProgramError } from '../errors.js';
import type { Elements, Executor, InstructionCounters, Observer, Tensors } from '../execute/executor.js';
import { type RunResult, runPorts } from '../execute/ports.js';
import { quantizeValues } from '../formats/convert.js';
import { at, codeRange, type Format, stepSize } from '../formats/format.js';
import type { Program } from '../program/program.js';
import { elementCount } from '../program/shapes.js';
import { compareCodes, compareValues, type ErrorSums } from './metrics.js';

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

function compareLayer(reference: Float32Array, elements: Elements, format: Format | null): ErrorSums {
  if (format === null) return compareValues(reference, elements as Float32Array);
  const scale = { step: stepSize(format), zeroPoint: at(format.zeroPoint, 0), ...codeRange(format) };
  return compareCodes(reference, elements as ArrayLike<number>, scale);
}

/** Calls `compare` after the instruction of each layer, with the layer's index and its output. */
function observeLayers(
  { instructions }: Program,
  layers: readonly Layer[],
  compare: (index: number, output: number, tensors: Tensors) => void,
): Observer {
  const layerOf = new Map(layers.map(({ instruction }, index) => [instruction, index]));
  return (instruction, tensors) => {
    const index = layerOf.get(instruction);
    if (index !== undefined) compare(index, instructions[instruction].output, tensors);
  };
}

/** `references` belong to the layers, which are layers of `fixed`; `inputs` to its ports. */
export function compareOutputs(
  fixed: Executor,
  layers: readonly Layer[],
  references: readonly Float32Array[],
  inputs: readonly Elements[],
): OutputComparison {
  const cumulative: ErrorSums[] = [];
  const observe = observeLayers(fixed.program, layers, (index, output, { read }) => {
    cumulative[index] = compareLayer(references[index], read(output), layers[index].format);
  });
  return { cumulative, ...timed(fixed, inputs, observe) };
}

/** The same with every layer by itself, too. `counted` runs the same program and counts; `fixed` is the one on the clock. */
export function compareLayers(
  fixed: Executor,
  counted: Executor,
  layers: readonly Layer[],
  references: readonly Float32Array[],
  inputs: readonly Elements[],
): LayerComparison {
  const { cumulative, result } = compareOutputs(counted, layers, references, inputs);
  const isolated: ErrorSums[] = [];
  const observe = observeLayers(fixed.program, layers, (index, output, { read, write }) => {
    const { format } = layers[index];
    const values = references[index];
    isolated[index] = compareLayer(values, read(output), format);
    write(output, format === null ? values : nearestCodes(values, format));
  });
  const { seconds } = timed(fixed, inputs, observe);
  const counters = layers.map(({ instruction }) => result.counters?.[instruction] ?? null);
  return { cumulative, isolated, counters, result, seconds };
}

/** Float references as codes: nearest, ties to even, saturated. The common case of one power-of-two scale is inlined. */
function nearestCodes(values: Float32Array, format: Format): Elements {
  if (
    typeof format.fractionBits !== 'number' ||
    format.mantissa !== 1 ||
    format.zeroPoint !== 0 ||
    format.bits > 16
  ) {
    return quantizeValues(values, [values.length], format, 'halfEven', 'saturate');
  }
  const { low, high } = codeRange(format);
  const scale = 2 ** format.fractionBits;
  const codes = new Int16Array(values.length);
  for (let index = 0; index < values.length; index++) {
    const scaled = Math.min(Math.max(values[index] * scale, low), high);
    // Adding and subtracting 1.5 * 2^52 rounds a small float64 to the nearest integer, ties to even.
    codes[index] = scaled + 6755399441055744 - 6755399441055744;
  }
  return codes;
}
