/** A Lowering that writes down what it is told. */
import type { Graph } from '#src/graph/graph.js';
import type { Tensor, TensorType } from '#src/graph/tensor.js';
import { operators } from '#src/operators/index.js';
import type { Lowering } from '#src/operators/lowering.js';

/** Types of all values of a graph of supported nodes. Throws what their inference throws. */
export function inferTypes(graph: Graph): Graph {
  const types = new Map<string, TensorType>();
  for (const { name, type, shape } of graph.inputs) types.set(name, { type, shape });
  for (const [name, { type, shape }] of graph.constants) types.set(name, { type, shape });
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => types.get(name));
    const constant = (index: number): Tensor | undefined => graph.constants.get(node.inputs[index] ?? '');
    const outputs = operators.get(node.operator)!.infer(node, inputs, constant, graph.opset);
    for (const [i, name] of node.outputs.entries()) types.set(name, outputs[i]);
  }
  return { ...graph, types };
}

/** Why a graph's only node cannot be lowered. */
export function rejection(graph: Graph): string | undefined {
  const inferred = inferTypes(graph);
  return operators.get(graph.nodes[0].operator)!.reject?.(graph.nodes[0], inferred);
}

/** The calls by which a graph's only node is lowered: method and arguments without the node. */
export function recordLowering(graph: Graph): [string, ...unknown[]][] {
  const inferred = inferTypes(graph);
  const calls: [string, ...unknown[]][] = [];
  const facts = {
    graph: inferred,
    type: (value: string) => inferred.types.get(value)!,
    constant: (value: string) => inferred.constants.get(value),
  };
  const lowering = new Proxy(facts as Lowering, {
    get: (target, name: keyof Lowering) =>
      name in target ? target[name] : (_node: unknown, ...rest: unknown[]) => calls.push([name, ...rest]),
  });
  const [node] = graph.nodes;
  operators.get(node.operator)!.lower!(node, lowering);
  return calls;
}
