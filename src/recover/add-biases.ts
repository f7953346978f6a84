/** Gives every product a bias, so that there is one to correct. */
import type { Graph, Node } from '../graph/graph.js';
import { float32 } from '../graph/tensor.js';
import { isProduct, usesOfConstants, weightsOf } from './products.js';

/** The graph with a bias of zeros at each product that has none. */
export function addBiases(graph: Graph): Graph {
  const uses = usesOfConstants(graph);
  const constants = new Map(graph.constants);
  const types = new Map(graph.types);
  const nodes = graph.nodes.map((node): Node => {
    if (!isProduct(graph, node, uses) || node.inputs[2]) return node;
    const name = `${node.name}/bias`;
    if (types.has(name) || constants.has(name)) return node;
    const { outputs } = weightsOf(graph, node);
    constants.set(name, float32([outputs], new Float32Array(outputs)));
    types.set(name, { type: 'float32', shape: [outputs] });
    return { ...node, inputs: [...node.inputs.slice(0, 2), name] };
  });
  return { ...graph, nodes, constants, types };
}
