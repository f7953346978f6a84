/** The number formats and arithmetic that a model is compiled with: what formats.json says, without its reasons. */
import type { Format } from '../formats/format.js';
import type { Overflow, Rounding } from '../formats/rounding.js';
import type { Accumulator } from '../program/instructions.js';

/** How one node computes. */
export interface NodeArithmetic {
  readonly accumulator: Omit<Accumulator, 'provedBits'>;
  readonly biasBits: number;
  /** Present where the bias is stored with fraction bits of its own, of which it loses what does not fit. */
  readonly biasFormat?: Format;
  /** Of the output, of the accumulator's requantisation and of the quantisation of constants. */
  readonly rounding: Rounding;
  readonly overflow: Overflow;
}

export interface ModelFormats {
  /** By value name. A value without an entry is float32. */
  readonly tensors: Readonly<Record<string, Format>>;
  /** Weights, slopes and constant operands, by the constant's name. Biases stand at the accumulator's position. */
  readonly constants: Readonly<Record<string, Format>>;
  /** Of the conversions that belong to no node: real inputs to codes, and from one format to another. */
  readonly conversions: {
    readonly rounding: Rounding;
    readonly overflow: Overflow;
    /** ONNX: quotients of float32 by float32 are float32. Default false. */
    readonly float32Quotient?: boolean;
  };
  /** By node name. */
  readonly nodes: Readonly<Record<string, NodeArithmetic>>;
}
