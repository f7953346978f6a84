/** Nodes that lifting adds. */
import type { Attribute, Node } from '../graph/graph.js';

/** A node of ai.onnx with one output, after which it is named. */
export function nodeOf(
  operator: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, Attribute>> = {},
): Node {
  return { name: output, operator, domain: '', inputs, outputs: [output], attributes };
}
