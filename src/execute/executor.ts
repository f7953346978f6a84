/**
 * What every executor offers: the oracle, WASM on one thread, and whatever comes later. An executor knows programs
 * and nothing of ONNX, files or data sets.
 */
import type { Codes } from '../formats/format.js';
import type { Program } from '../program/program.js';

/** Elements of a tensor in stored order: codes where the tensor has a format, else float32. */
export type Elements = Codes | Float32Array;

/** Access to the tensors that are alive after an instruction. */
export interface Tensors {
  /** A copy of a tensor's elements. */
  read(tensor: number): Elements;
  /** Replaces a tensor's elements before later instructions read them; codes must lie in the tensor's format. */
  write(tensor: number, elements: Elements): void;
}

/** Called after each instruction with its index. */
export type Observer = (instruction: number, tensors: Tensors) => void;

/** Counts of one run of one instruction that requantises integers. */
export interface InstructionCounters {
  readonly outputs: number;
  /** Outputs that lay outside of the range before overflow, where no fused clamp hides it. */
  readonly clipped: number;
  /** How often a register of the accumulator wrapped, and how often one was saturated. */
  readonly wraps: number;
  readonly saturations: number;
  /** Least and greatest accumulator, or integer that is scaled to a code. */
  readonly minimum: number;
  readonly maximum: number;
}

/** Sums over the elements of a tensor and the float values that it stands for. */
export interface ErrorSums {
  /** Squares of the values, and of the differences. */
  signal: number;
  noise: number;
  maxError: number;
  /** Values half a step or more outside of the range of the tensor's format. */
  clipped: number;
  count: number;
}

/** Instructions' outputs beside float values, between an instruction and the next one. */
export interface Measure {
  /** `values` belong to the elements of the instruction's output. */
  compare(instruction: number, values: Float32Array): ErrorSums;
  /**
   * Puts the values that were compared last in the place of the output: the nearest codes, ties to even, saturated. Throws an
   * ExecutionError where one is not a number.
   */
  replace(instruction: number): void;
}

/** A float value of the network to observe, whose last axis is the channels. */
export interface ObservedValue {
  readonly name: string;
  readonly tensor: number;
}

/** What was seen of an observed value in some runs. */
export interface TensorObservation {
  readonly name: string;
  /** Elements equal to 0. */
  readonly zeros: number;
  /** Bins are 2^exponent wide; bin i of `bins` starts at (first + i) widths. The first and the last are not 0. */
  readonly exponent: number;
  readonly first: number;
  readonly bins: Float64Array;
  /** Per channel, without -0; 0 where nothing was seen. */
  readonly minimum: Float32Array;
  readonly maximum: Float32Array;
  /** Exact sums: per channel ten integers, of which the i-th counts 2^(32 i - 149). All but the last lie in [0, 2^32). */
  readonly limbs: Float64Array;
}

export interface Executor {
  readonly name: string;
  readonly program: Program;
  /**
   * Runs the program once. `inputs[i]` belongs to `program.inputs[i]`, in the model's layout: float32, or codes where
   * the port's tensor has a format. Returns one array per output port.
   * Throws an ExecutionError where an input has the wrong length or an overflow traps.
   */
  run(inputs: readonly Elements[], observe?: Observer): Elements[];
  /**
   * What the instructions counted in the last run, null for those that do not requantise integers; empty where the
   * executor does not count.
   */
  counters?(): (InstructionCounters | null)[];
  /** What was observed since this was last called. A run fails where an observed element is not finite. */
  takeObservations?(): TensorObservation[];
  /** For the instructions that the executor was prepared to measure; for observers. */
  readonly measure?: Measure;
}

/** A program whose tensors all keep their elements, so that parts of it can run again on what they hold. */
export interface Replay {
  readonly program: Program;
  readonly tensors: Tensors;
  /** Runs one instruction on its inputs as they are. Throws an ExecutionError where an overflow traps. */
  runInstruction(index: number): void;
}
