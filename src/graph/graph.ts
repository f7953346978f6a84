/**
 * The intermediate representation between ONNX and programs: a list of nodes in topological order that name
 * the values they read and write. Plain data; `rewrite.ts` changes it, `verify.ts` states what is legal.
 */
import type { Tensor, TensorType } from './tensor.js';

export type Attribute =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'tensor'; readonly value: Tensor }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'strings'; readonly value: readonly string[] }
  | { readonly kind: 'tensors'; readonly value: readonly Tensor[] }
  /** Control flow and types: kept as protobuf bytes, so that a model is written back as it was read. */
  | { readonly kind: 'opaque'; readonly protoType: number; readonly value: Uint8Array };

export interface Node {
  /** Unique in the graph; the reader makes one up where the model has none. */
  readonly name: string;
  readonly operator: string;
  /** '' for ai.onnx. */
  readonly domain: string;
  /** Names of values; '' where an optional input is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** A fused activation: the output is limited to [low, high] (either may be infinite). */
  readonly clamp?: { readonly low: number; readonly high: number };
}

export interface GraphInput extends TensorType {
  readonly name: string;
}

export interface Graph {
  readonly name: string;
  /** Version of the default operator set. */
  readonly opset: number;
  readonly nodes: readonly Node[];
  readonly inputs: readonly GraphInput[];
  /** Names of values, in the model's order. */
  readonly outputs: readonly string[];
  readonly constants: ReadonlyMap<string, Tensor>;
  /** Types of all values once `inferShapes` has run: inputs, constants and every node's outputs. */
  readonly types: ReadonlyMap<string, TensorType>;
}
