/**
 * What operators emit. The interface speaks ONNX (value names, axes and layouts of the model); the two
 * implementations in src/compile turn it into float32 instructions or into codes, keep tensors channels last and
 * add the data movement that needs. An operator therefore says only once what it computes.
 */
import type { Graph, Node } from '../graph/graph.js';
import type { Tensor, TensorType } from '../graph/tensor.js';
import type { BinaryFunction, Reduction, UnaryFunction, Window } from '../program/instructions.js';
import type { Taps } from './resampling.js';
import type { Step } from './steps.js';

/** Lines of a normalisation, and what follows it. */
export interface NormalizeOptions {
  /** ONNX axes, ascending, that form a line. */
  readonly axes: readonly number[];
  /** The channels (axis 1) fall into so many groups, each of which is a line with all axes behind it. */
  readonly groups?: number;
  readonly epsilon: number;
  /** Value names of a factor and an offset ('': none). */
  readonly parameters?: {
    readonly scale: string;
    readonly bias: string;
    /** With which they broadcast to the input or, where they belong to groups, to [N, groups, elements]. */
    readonly shape: readonly number[];
    readonly perGroup?: boolean;
  };
}

export interface Lowering {
  readonly graph: Graph;
  type(value: string): TensorType;
  /** The constant behind a value name, undefined where it is computed. */
  constant(value: string): Tensor | undefined;

  /**
   * Convolution over one or two spatial axes of node.inputs[0]; weights [O, C/groups, ...kernel] and bias [O] as
   * in ONNX. Windows of one axis have height 1. node.clamp is applied by every method below that takes it.
   */
  convolution(node: Node, weights: string, bias: string | undefined, window: Window, groups: number): void;
  /**
   * As `convolution`, of the input with `interior` zeros between its rows and columns, and with weights as a tensor named
   * `name` for its format. Negative pads of the window crop that input.
   */
  spreadConvolution(
    node: Node,
    weights: { name: string; tensor: Tensor; arrange(constant: Tensor): Tensor },
    bias: string | undefined,
    window: Window,
    groups: number,
    interior: readonly [number, number],
  ): void;
  /** y = x * weights^T + bias, x [..., K], weights [N, K] as a tensor named `name` for its format. */
  gemm(
    node: Node,
    weights: { name: string; tensor: Tensor },
    bias: { name: string; tensor: Tensor } | undefined,
  ): void;
  /** numpy's matrix product of node.inputs[0] and node.inputs[1], either may be constant. */
  matmul(node: Node): void;
  /** node.inputs[0] + sign * node.inputs[1], either may be constant. */
  add(node: Node, sign: 1 | -1): void;
  multiply(node: Node): void;
  /** A function of two inputs in float32, either may be constant. */
  binary(node: Node, fn: BinaryFunction): void;
  /** node.inputs[1] where node.inputs[0] is not 0, else node.inputs[2], in float32. */
  select(node: Node): void;
  /** A chain of steps on node.inputs[0], in float32. */
  steps(node: Node, steps: readonly Step[]): void;
  /** The larger or smaller of two inputs, either may be constant. */
  extremum(node: Node, fn: 'maximum' | 'minimum'): void;
  clamp(node: Node, low: number, high: number): void;
  /** One slope for all, or one per channel (ONNX axis 1). */
  leakyRelu(node: Node, slopes: { name: string; tensor: Tensor }): void;
  unary(node: Node, fn: UnaryFunction): void;
  maxPool(node: Node, window: Window): void;
  averagePool(node: Node, window: Window, countIncludePad: boolean): void;
  /** Over ONNX axes; the output may keep them with size 1 or not. */
  reduce(node: Node, fn: Reduction | 'mean', axes: readonly number[]): void;
  /** The index of the largest element along an axis, of equal ones the first or the last; the axis is kept or not. */
  argMax(node: Node, axis: number, last: boolean): void;
  /** Of the input times beta. */
  softmax(node: Node, axis: number, beta: number): void;
  /** softmax's logarithm, in float32. */
  logSoftmax(node: Node, axis: number): void;
  /** node.inputs[0] over its p-norm along an axis, in float32. */
  lpNormalization(node: Node, axis: number, p: 1 | 2): void;
  /** The p-norm of each window, in float32; no window reaches beyond the padding. */
  lpPool(node: Node, window: Window, p: number): void;
  /** node.inputs[0] normalised over lines, in float32; see NormalizeOptions. */
  normalize(node: Node, options: NormalizeOptions): void;
  localResponseNormalization(
    node: Node,
    parameters: { size: number; alpha: number; beta: number; bias: number },
  ): void;

  concat(node: Node, axis: number): void;
  /** One output of a slice or split: starts and steps per ONNX axis; the extent is the output's shape. */
  slice(node: Node, output: string, starts: readonly number[], steps: readonly number[]): void;
  /**
   * The elements of node.inputs[0] at the indices listed for each axis, null for all of them in order. Lists beyond the
   * input's rank are those of leading axes of size 1. The result takes the output's shape, in ONNX row-major order.
   */
  gather(node: Node, indices: readonly (readonly number[] | null)[]): void;
  /** Along each axis of node.inputs[0] that is not null: each output element is a sum of weighted elements. */
  resample(node: Node, axes: readonly (Taps | null)[]): void;
  pad(node: Node, before: readonly number[], after: readonly number[], value: number): void;
  transpose(node: Node, permutation: readonly number[]): void;
  /** Channels [size, size, C] (DCR) or [C, size, size] (CRD) of [N, C, H, W] become squares of pixels. */
  depthToSpace(node: Node, size: number, mode: 'DCR' | 'CRD'): void;
  /** Squares of size x size pixels become channels [size, size, C]. */
  spaceToDepth(node: Node, size: number): void;
  /** Any change of shape that keeps ONNX row-major order. */
  reshape(node: Node): void;
  /** The output is the input. */
  alias(node: Node): void;
}
