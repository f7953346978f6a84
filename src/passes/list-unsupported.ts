/** Everything in a graph that cannot be compiled, found before anything runs. */
import { stringAttribute } from '../graph/attributes.js';
import type { Graph, Node } from '../graph/graph.js';
import { fullName, operatorOf, operators } from '../operators/index.js';
import { inferShapes, type Unsupported } from './infer-shapes.js';

/** Domains beside ai.onnx of which some operators are supported. */
const domains = new Set([...operators.values()].map(({ domain }) => domain ?? ''));

const controlFlow = new Set(['If', 'Loop', 'Scan', 'SequenceMap']);

/** One entry per node that stands in the way, in graph order. Meant for a graph whose passes have run. */
export function listUnsupported(graph: Graph): Unsupported[] {
  const { graph: inferred, issues } = inferShapes(graph);
  const reasons = new Map(issues.map(({ node, reason }) => [node, reason]));
  return inferred.nodes.flatMap((node) => {
    const reason = reasons.get(node.name) ?? reasonAgainst(node, inferred);
    return reason === undefined ? [] : [{ node: node.name, operator: fullName(node), reason }];
  });
}

function reasonAgainst(node: Node, graph: Graph): string | undefined {
  if (node.domain === 'tflite') return stringAttribute(node, 'reason', 'the operator is not supported');
  if (controlFlow.has(node.operator)) return 'control flow is not supported';
  const operator = operatorOf(node);
  if (operator === undefined && node.domain !== '' && !domains.has(node.domain))
    return `domain "${node.domain}" is not supported`;
  if (operator === undefined) return 'the operator is not supported';
  if (graph.opset < operator.since)
    return `opset ${graph.opset} is not supported, expected at least ${operator.since}`;
  // What an unsupported node computes is unknown, and so is whether the nodes behind it could be used.
  if (![...node.inputs, ...node.outputs].every((name) => name === '' || graph.types.has(name)))
    return undefined;
  const reason = operator.reject?.(node, graph);
  if (reason !== undefined) return reason;
  if (operator.lower === undefined) return 'is supported only where its result is constant';
  const computed = [...node.inputs, ...node.outputs].filter(
    (name) => name !== '' && !graph.constants.has(name),
  );
  for (const name of computed) {
    const { type, shape } = graph.types.get(name)!;
    if (type !== 'float32' && !operator.types?.includes(type))
      return `"${name}" has the element type ${type}, only float32 is computed`;
    if (shape.includes(0)) return `"${name}" has no elements`;
  }
  return undefined;
}
