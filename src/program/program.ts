/**
 * A program: tensors, instructions and ports. It knows no ONNX and needs nothing else to run. A float network
 * is a program whose tensors have no format.
 */
import type { Codes, Format } from '../formats/format.js';
import type { Instruction } from './instructions.js';

export interface ProgramTensor {
  /** The ONNX value's name where the tensor holds that value (in any axis order), else a derived unique name. */
  readonly name: string;
  /** Channels last, in the order in which elements are stored. */
  readonly shape: readonly number[];
  /** null: float32. */
  readonly format: Format | null;
  /** Present for constants: weights (output, spatial, input), biases, tables. */
  readonly data?: Codes | Float32Array;
}

/** An input or output of the model, in the model's own layout. */
export interface Port {
  readonly name: string;
  readonly tensor: number;
}

export interface OutputPort extends Port {
  /** The integer tensor behind this output, before any float tail; -1 for an all-float output. */
  readonly codes: number;
}

export interface Program {
  readonly name: string;
  readonly tensors: readonly ProgramTensor[];
  readonly instructions: readonly Instruction[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly OutputPort[];
  /** Free text facts: producer, hardware profile, digest of the model. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bytes of the program's constants, codes in the smallest of 8, 16, 32, 64 bits. */
export function constantBytes(program: Program): number {
  return program.tensors.reduce((sum, { data }) => sum + (data?.byteLength ?? 0), 0);
}
