/**
 * One sample through the float program and the fixed program: errors of every layer, cumulative (everything upstream
 * fixed) and isolated (after each layer its output is replaced by the quantised float reference).
 */
import { ProgramError } from '../errors.js';
import type { Elements, Executor, InstructionCounters, Observer } from '../execute/executor.js';
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
      },
    ];
  });
}

export interface SampleComparison {
  readonly layers: readonly ErrorSums[];
  readonly isolated: readonly ErrorSums[];
  /** What each layer's instruction counted with everything upstream fixed. */
  readonly counters: readonly (InstructionCounters | null)[];
  readonly float: RunResult;
  readonly fixed: RunResult;
  /** Time in the executors alone, without the comparisons. */
  readonly seconds: { readonly float: number; readonly fixed: number };
}

/** Runs an executor on the clock, without the time that the observer takes. */
function timed(
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

/**
 * `inputs` belong to the ports of both programs; `layers` index the instructions of the fixed one. `counted` runs the
 * fixed program, too, and counts; `fixed` is the one on the clock.
 */
export function compareSample(
  float: Executor,
  fixed: Executor,
  counted: Executor,
  layers: readonly Layer[],
  inputs: readonly Elements[],
): SampleComparison {
  const wanted = new Set(layers.map((layer) => layer.floatInstruction));
  const references = new Map<number, Float32Array>();
  const reference = timed(float, inputs, (instruction, { read }) => {
    if (wanted.has(instruction)) {
      references.set(instruction, read(float.program.instructions[instruction].output) as Float32Array);
    }
  });
  const layerOf = new Map(layers.map((layer, index) => [layer.instruction, index]));
  const cumulative: ErrorSums[] = [];
  const simulated = runPorts(counted, inputs, (instruction, { read }) => {
    const index = layerOf.get(instruction);
    if (index === undefined) return;
    const { floatInstruction, format } = layers[index];
    const { output } = fixed.program.instructions[instruction];
    cumulative[index] = compareLayer(references.get(floatInstruction)!, read(output), format);
  });
  const isolated: ErrorSums[] = [];
  const { seconds } = timed(fixed, inputs, (instruction, { read, write }) => {
    const index = layerOf.get(instruction);
    if (index === undefined) return;
    const { floatInstruction, format } = layers[index];
    const { output } = fixed.program.instructions[instruction];
    const values = references.get(floatInstruction)!;
    isolated[index] = compareLayer(values, read(output), format);
    write(output, format === null ? values : nearestCodes(values, format));
  });
  return {
    layers: cumulative,
    isolated,
    counters: layers.map(({ instruction }) => simulated.counters?.[instruction] ?? null),
    float: reference.result,
    fixed: simulated,
    seconds: { float: reference.seconds, fixed: seconds },
  };
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
