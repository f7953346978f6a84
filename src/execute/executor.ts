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
  /** Least and greatest accumulator, or integer that is scaled to a code; 0 where there is no output. */
  readonly minimum: number;
  readonly maximum: number;
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
}
