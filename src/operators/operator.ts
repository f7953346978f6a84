/**
 * What dynafix knows of an ONNX operator. An operator that only prepares shapes has `fold` and no `lower`: it
 * must vanish by constant folding. To add one: its file, a line in index.ts, a case in test/operators.
 */
import type { Graph, Node } from '../graph/graph.js';
import type { ElementType, Tensor, TensorType } from '../graph/tensor.js';
import type { Lowering } from './lowering.js';

/** Looks up the constant behind an input of the node at hand; undefined where it is computed or left out. */
export type ConstantInput = (index: number) => Tensor | undefined;

export interface Operator {
  readonly name: string;
  /** Left out for ai.onnx. */
  readonly domain?: string;
  /** First opset version whose meaning the file implements; later changes are handled inside. */
  readonly since: number;
  /**
   * Types of the outputs. `inputs[i]` is undefined where input i is left out.
   * Throws a ModelError where the inputs do not fit, or where a shape depends on a value that is not constant.
   */
  infer(
    node: Node,
    inputs: readonly (TensorType | undefined)[],
    constant: ConstantInput,
    opset: number,
  ): TensorType[];
  /** Computes the outputs from constants, for operators that occur in exporters' shape arithmetic. */
  fold?(
    node: Node,
    inputs: readonly (Tensor | undefined)[],
    outputs: readonly TensorType[],
    opset: number,
  ): Tensor[];
  /** Computes the outputs from the types of the inputs alone, for operators that only look at shapes. */
  foldTypes?(
    node: Node,
    inputs: readonly (TensorType | undefined)[],
    outputs: readonly TensorType[],
  ): Tensor[];
  /** Says why this node cannot be lowered; undefined where it can. Absent: every legal node can. */
  reject?(node: Node, graph: Graph): string | undefined;
  /** Emits instructions for the node. Absent: the operator exists only as a constant. */
  lower?(node: Node, lowering: Lowering): void;
  /** Element types of computed values that it takes or gives beside float32; they are held as float32, indices also as codes. */
  readonly types?: readonly ElementType[];
  /** True where the node is computed in float32 whatever the formats say: a float tail or island. */
  readonly float?: boolean;
}
