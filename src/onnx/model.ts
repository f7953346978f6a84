/** A whole ONNX model. */
import type { Graph } from '../graph/graph.js';
import type { onnx } from './onnx.proto.js';

export interface Model {
  readonly graph: Graph;
  readonly irVersion: number;
  /** Version of each imported operator set by its domain; '' is ai.onnx, whose version `graph.opset` repeats. */
  readonly opsetImports: Readonly<Record<string, number>>;
  /**
   * The messages of the file without what the fields above state, so that a model is written back as it was read:
   * producer, documentation, metadata, functions, training and device information, and of the graph what belongs to
   * nodes, initializers, inputs and outputs by name. Writing ignores what belongs to names that are gone.
   */
  readonly rest: onnx.IModelProto;
}
