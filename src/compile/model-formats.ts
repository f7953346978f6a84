/** The number formats and arithmetic that a model is compiled with: what formats.json says, without its reasons. */
import type { Codes, Format } from '../formats/format.js';
import type { Overflow, Rounding } from '../formats/rounding.js';
import type { Accumulator, Scaling } from '../program/instructions.js';
import type { TableRule } from './function-table.js';
import type { Reciprocal, ScalingRule, SumScaling } from './scaling.js';

/** Of one axis: for each output element `count` indices into the input, and their weights, which make 2^fractionBits. */
export interface IntegerTaps {
  readonly count: number;
  readonly indices: readonly number[];
  readonly weights: readonly number[];
  readonly fractionBits: number;
}

/** The numbers of a node's arithmetic, where a quantised model has a convention of its own for them. */
export type GivenArithmetic =
  /** Of products, of averages with one count, and of conversions between formats. */
  | { readonly kind: 'scaling'; readonly scaling: Scaling }
  | ({ readonly kind: 'sum' } & SumScaling)
  /** The code of the output for every code of the input, lowest first. */
  | { readonly kind: 'table'; readonly table: Codes }
  /** Averages of the codes themselves, whatever the zero point: the input and output have one format. */
  | { readonly kind: 'codeAverage' }
  /** Weighted means of the codes themselves along axes of the graph, rounded once; `axes` has null where nothing happens. */
  | {
      readonly kind: 'interpolation';
      readonly axes: readonly (IntegerTaps | null)[];
      readonly rounding: Rounding;
    }
  /**
   * A leaky rectifier with slopes in codes: for every code of the input, lowest first, `positive` has the result above the
   * output's zero point, 0 for codes below that of the input, and `negative` what is then multiplied by the slope and scaled, 0 for
   * others.
   */
  | {
      readonly kind: 'slopes';
      readonly positive: Int16Array;
      readonly negative: Int16Array;
      readonly scaling: Scaling;
    }
  /** The tables that a softmax on codes reads. */
  | {
      readonly kind: 'softmax';
      readonly tables: readonly { readonly format: Format; readonly codes: Codes }[];
    };

/** How one node computes. */
export interface NodeArithmetic {
  readonly accumulator: Omit<Accumulator, 'provedBits'>;
  readonly biasBits: number;
  /** Present where the bias is stored with fraction bits of its own, of which it loses what does not fit. */
  readonly biasFormat?: Format;
  /** How the scales of the formats become the numbers of the requantisation. */
  readonly scaling: ScalingRule;
  /** Of the output, of the accumulator's requantisation and of the quantisation of constants. */
  readonly rounding: Rounding;
  readonly overflow: Overflow;
  /** The hardware's approximations multiplier * 2^-shift of 1 / count in average pooling; others are the nearest of 16 bits. */
  readonly reciprocals?: readonly Reciprocal[];
  /** How a function of one variable is computed; default: a full table. */
  readonly table?: TableRule;
  /** Stands in the place of what `scaling` and `rounding` would give. */
  readonly given?: GivenArithmetic;
}

export interface ModelFormats {
  /** By value name. A value without an entry is float32. Scales per channel run along axis 1 of the graph. */
  readonly tensors: Readonly<Record<string, Format>>;
  /** Weights, slopes and constant operands, by the constant's name. Biases stand at the accumulator's position. */
  readonly constants: Readonly<Record<string, Format>>;
  /** Exact codes of constants, in the layout of the graph: of models that come quantised. Others are quantised. */
  readonly codes?: ReadonlyMap<string, Codes>;
  /** Inputs whose codes are given as they are; the others are real numbers, and quantised. */
  readonly integerInputs?: readonly string[];
  /** Of the conversions that belong to no node: real inputs to codes, and from one format to another. */
  readonly conversions: {
    readonly rounding: Rounding;
    readonly overflow: Overflow;
    /** ONNX: quotients of float32 by float32 are float32. Default false. */
    readonly float32Quotient?: boolean;
    /** Default: by shifts. */
    readonly scaling?: ScalingRule;
  };
  /** By node name. */
  readonly nodes: Readonly<Record<string, NodeArithmetic>>;
}
