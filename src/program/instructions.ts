/**
 * The instruction set: the exact language that programs are written in and that every executor runs.
 * docs/arithmetic.md defines each instruction element by element; the oracle is written from it.
 *
 * Tensors are N-dimensional with channels last. An instruction works on integer codes where its output tensor
 * has a format, on float32 where it has none; the comments name the operands and, for codes, what differs.
 * To add an instruction, add a row here: the compiler then names every table that lacks it.
 */
import type { Overflow, Rounding } from '../formats/rounding.js';

/** How a multiply-accumulate array adds up its products. */
export interface Accumulator {
  /** Width of the register, 8 to 64 bits, sign included. */
  readonly bits: number;
  readonly overflow: Overflow;
  /** Loop nest of the reduction, outermost first. */
  readonly order: readonly ('row' | 'column' | 'inputBlock' | 'inputChannel' | 'inputLane')[];
  readonly productsPerStep: number;
  /** Width of the adder tree that sums the products of one step; 0 where it is as wide as the register. */
  readonly treeBits: number;
  readonly bias: 'first' | 'last';
  readonly partialSum: {
    readonly every: number;
    readonly bits: number;
    readonly rounding: Rounding;
    readonly overflow: Overflow;
  } | null;
  /** Width that the actual weights can reach, bias and sign included; 0 where it was not proved. */
  readonly provedBits: number;
}

/** One number for all channels, or one per output channel. */
export type PerChannel = number | readonly number[];

/** From an exact integer a to an integer: docs/arithmetic.md section 4.2. */
export type Scaling =
  /** a * 2^-shift, rounded; a negative shift goes to the left. */
  | { readonly style: 'shift'; readonly shift: PerChannel; readonly rounding: Rounding }
  /** a * multiplier * 2^-shift, rounded once. */
  | {
      readonly style: 'multiplier';
      readonly multiplier: PerChannel;
      readonly shift: PerChannel;
      readonly rounding: Rounding;
    }
  /** gemmlowp and TFLite: doubling high multiplication in 32 bits, then a shift; both round. */
  | { readonly style: 'doubling'; readonly multiplier: PerChannel; readonly shift: PerChannel }
  /** ONNX QLinear operators: float32 a times a float32 scale. */
  | { readonly style: 'scale'; readonly scale: PerChannel; readonly rounding: Rounding }
  /** The exact quotient a / divisor, rounded. */
  | { readonly style: 'division'; readonly divisor: PerChannel; readonly rounding: Rounding };

/** From an exact integer to codes: overflow(scaling(a) + zero point of the output). */
export type Requantize = Scaling & { readonly overflow: Overflow };

/** From products to output codes; null on float32 instructions. */
export interface Arithmetic {
  readonly accumulator: Accumulator;
  readonly requantize: Requantize;
}

/** A fused activation. Codes: integers of the output format. Float32: values, possibly infinite. */
export interface Clamp {
  readonly low: number;
  readonly high: number;
}

/** roundHalfEven(a * scales[0] + (b * scales[1] + offset)), or of a * b * scale + offset, in float32. */
export type ScaledPair =
  | { readonly function: 'sum'; readonly scales: readonly [number, number]; readonly offset: number }
  | { readonly function: 'product'; readonly scale: number; readonly offset: number };

/** Sliding window over the two spatial axes of a tensor [N, H, W, C]. */
export interface Window {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  /** top, left, bottom, right */
  readonly pads: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
}

/** Functions of one real variable; codes go through a table made by the compiler. */
export type UnaryFunction =
  | { readonly name: PlainFunction }
  | { readonly name: 'hardSigmoid'; readonly alpha: number; readonly beta: number }
  | { readonly name: 'elu'; readonly alpha: number; readonly scale: number };

/** Functions of one variable that have no parameters. */
export const PLAIN_FUNCTIONS = [
  'sigmoid',
  'tanh',
  'exp',
  'hardSwish',
  'negate',
  'absolute',
  'squareRoot',
  'reciprocal',
  'log',
  'erf',
  'softplus',
  'gelu',
  'geluTanh',
  'floor',
  'ceiling',
  'truncate',
  'isZero',
  'isNotZero',
] as const;
export type PlainFunction = (typeof PLAIN_FUNCTIONS)[number];

/** Functions of two variables; only quotients and powers are not exact. */
export const BINARY_FUNCTIONS = ['divide', 'power', 'equal', 'notEqual', 'less', 'lessOrEqual'] as const;
export type BinaryFunction = (typeof BINARY_FUNCTIONS)[number];

export const NORMALIZE_RESULTS = ['values', 'mean', 'scale'] as const;
export type NormalizeResult = (typeof NORMALIZE_RESULTS)[number];

export type Reduction = 'sum' | 'maximum' | 'minimum';

export interface Instructions {
  /** values f32 -> codes: overflow(rounding(x / scale) + zeroPoint), computed in float64. NaN is an error. */
  quantize: {
    /** True where x / scale is rounded to float32 before it is rounded to an integer, as ONNX does. */
    readonly float32Quotient: boolean;
    readonly rounding: Rounding;
    readonly overflow: Overflow;
  };
  /** codes -> values f32: the real value of a code, rounded to float32 (ties to even). */
  dequantize: Record<never, never>;
  /** codes -> codes of another format. */
  requantize: { readonly requantize: Requantize };
  /** x [N,H,W,C], weights [O,kh,kw,C/groups], bias [O]. Padding adds real zeros. */
  convolution: {
    readonly window: Window;
    readonly groups: number;
    readonly clamp: Clamp | null;
    readonly arithmetic: Arithmetic | null;
  };
  /** x [M,K], weights [N,K], bias [N] -> [M,N]. */
  gemm: { readonly clamp: Clamp | null; readonly arithmetic: Arithmetic | null };
  /**
   * a + sign*b with numpy broadcasting. Codes: requantize(s0(a << shifts[0]) + sign * s1(b << shifts[1])), where s0 and s1
   * are `scalings`, one for the whole operand each, or nothing.
   */
  add: {
    readonly sign: 1 | -1;
    readonly shifts: readonly [number, number];
    readonly scalings: readonly [Scaling, Scaling] | null;
    readonly clamp: Clamp | null;
    readonly requantize: Requantize | null;
  };
  /** a [..., M, K] times b [..., K, N], both computed or constant, the axes in front with numpy broadcasting. */
  matmul: { readonly arithmetic: Arithmetic | null };
  /** a * b with numpy broadcasting. */
  multiply: { readonly clamp: Clamp | null; readonly requantize: Requantize | null };
  /** Float32 only: a function of two variables, with numpy broadcasting. Comparisons give 1 or 0. */
  binary: { readonly function: BinaryFunction };
  /** Float32 only: a where the condition is not 0, else b, with numpy broadcasting of all three. */
  select: Record<never, never>;
  /** The larger or the smaller of a and b, with numpy broadcasting. All have one format. */
  extremum: { readonly function: 'maximum' | 'minimum' };
  /** Codes of at most 8 bits by float32 scales, with numpy broadcasting: onnxruntime's QLinearAdd and QLinearMul. */
  scaledPair: { readonly by: ScaledPair; readonly clamp: Clamp | null };
  /** min(max(x, low), high); the output has the input's format. */
  clamp: { readonly clamp: Clamp };
  /** x >= 0 ? x : x * slope, slopes [C] or [1]. Codes: (x >= 0 ? x << slopeShift : x * slope), requantised. */
  leakyRelu: { readonly slopeShift: number; readonly requantize: Requantize | null };
  /** Codes: table [2^bits], indexed by code - low. */
  lookup: Record<never, never>;
  /** Float32 only. */
  unary: { readonly function: UnaryFunction };
  /** Padding never wins. The output has the input's format. */
  maxPool: { readonly window: Window };
  /**
   * Float32: sum in order row, column, then times fround(1 / count).
   * Codes: the scaling of the window's count, which divides by it, chosen by the compiler.
   */
  averagePool: {
    readonly window: Window;
    readonly countIncludePad: boolean;
    /** Codes: for each count of window elements that occurs, how its sum is scaled. Empty for float32. */
    readonly scalings: readonly { readonly count: number; readonly scaling: Scaling }[];
    readonly overflow: Overflow;
  };
  /**
   * Over `axes`, ascending, which keep the size 1. Maximum and minimum have one format; codes of a sum are the exact sum,
   * requantised.
   */
  reduce: {
    readonly function: Reduction;
    readonly axes: readonly number[];
    /** Only for sums of codes. */
    readonly requantize: Requantize | null;
  };
  /**
   * The index of the largest element along `axis`, which keeps the size 1: of equal ones the first, or the last. The output is
   * float32, or codes that are the indices.
   */
  argMax: { readonly axis: number; readonly last: boolean };
  /**
   * exp(x - max) / sum over `axis`. Codes: tables of exp by the distance from the largest code and, for TFLite's form on 16
   * bits, of 1 / (1 + x), as further inputs.
   */
  softmax: { readonly axis: number };
  /** Float32 only: x / (bias + alpha/size * sum of squares over `size` channels)^beta, last axis. */
  localResponseNormalization: {
    readonly size: number;
    readonly alpha: number;
    readonly beta: number;
    readonly bias: number;
  };
  /**
   * Float32 only: over each line of the elements from `axis` on, (x - mean) * scale with scale = 1 / sqrt(variance + epsilon);
   * or the mean or the scale alone, with axes of size 1 from `axis` on.
   */
  normalize: { readonly axis: number; readonly epsilon: number; readonly result: NormalizeResult };
  /** All inputs and the output have one format. */
  concat: { readonly axis: number };
  slice: { readonly starts: readonly number[]; readonly steps: readonly number[] };
  /** The elements at `indices` along `axis`, in that order; an index may occur any number of times. */
  gather: { readonly axis: number; readonly indices: readonly number[] };
  /**
   * x, weights [outputs, taps]: along `axis`, output i is the sum over taps t of x[indices[i * taps + t]] * weights[i, t].
   * Codes: the exact sum, requantised.
   */
  resample: {
    readonly axis: number;
    readonly indices: readonly number[];
    readonly requantize: Requantize | null;
  };
  /** Constant padding; `value` is a code or a float32. Counts per axis, not negative. */
  pad: {
    readonly before: readonly number[];
    readonly after: readonly number[];
    /** Between neighbours; empty: nowhere. */
    readonly interior: readonly number[];
    readonly value: number;
  };
  /** Output axis i is input axis permutation[i]. */
  transpose: { readonly permutation: readonly number[] };
  reshape: Record<never, never>;
}

export type Opcode = keyof Instructions;

/** One instruction: what it does (`Instructions[K]`), and the tensors it reads and writes, by index. */
export type Instruction<K extends Opcode = Opcode> = {
  [P in K]: {
    readonly op: P;
    /** Unique; that of the last ONNX node that it computes, with a suffix where a node needs several. */
    readonly name: string;
    /** The ONNX node and operator, for reports; '' for data movement that the compiler added. */
    readonly node: string;
    readonly operator: string;
    readonly inputs: readonly number[];
    readonly output: number;
  } & Instructions[P];
}[K];

/** A table with one entry per instruction, as each executor, the verifier and the printer have. */
export type InstructionTable<Arguments extends unknown[], Result> = {
  readonly [K in Opcode]: (instruction: Instruction<K>, ...rest: Arguments) => Result;
};
