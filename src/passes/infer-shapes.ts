/**
 * Types of all values, from the inputs on. What depends on constants or on shapes alone is computed on the way,
 * because shapes depend on it: this is where exporters' shape arithmetic vanishes.
 */
import { ModelError } from '../errors.js';
import type { Graph, Node } from '../graph/graph.js';
import { type Change, sweepConstants } from '../graph/rewrite.js';
import type { Tensor, TensorType } from '../graph/tensor.js';
import { nodeError } from '../operators/check.js';
import { operatorOf } from '../operators/index.js';
import { elementCount } from '../shape.js';

/** Why a node cannot be used. */
export interface Unsupported {
  readonly node: string;
  readonly operator: string;
  readonly reason: string;
}

/** Elements that folding may create in one graph: a small file can declare tensors that no memory holds. */
const foldedElementsLimit = 2 ** 28;

/**
 * Fills in `types` and replaces nodes that can be computed now by constants. Nodes that cannot be inferred are
 * listed and keep no type; nodes that depend on them keep none either and are not listed.
 */
export function inferShapes(graph: Graph): { graph: Graph; changes: Change[]; issues: Unsupported[] } {
  const constants = new Map(graph.constants);
  const types = new Map<string, TensorType>();
  for (const { name, type, shape } of graph.inputs) types.set(name, { type, shape });
  for (const [name, { type, shape }] of constants) types.set(name, { type, shape });
  const read = new Set([...graph.outputs, ...graph.nodes.flatMap((node) => node.inputs)]);
  read.delete('');
  const nodes: Node[] = [];
  const changes: Change[] = [];
  const issues: Unsupported[] = [];
  let budget = foldedElementsLimit;

  for (const node of graph.nodes) {
    nodes.push(node);
    const operator = operatorOf(node);
    if (operator === undefined || graph.opset < operator.since) continue;
    const known = node.inputs.every((name) => name === '' || types.has(name));
    if (!known) continue;
    try {
      const inputs = node.inputs.map((name) => types.get(name));
      const tensors = node.inputs.map((name) => constants.get(name));
      const outputs = operator.infer(node, inputs, (index) => tensors[index], graph.opset);
      if (node.outputs.some((name, index) => index >= outputs.length && read.has(name)))
        throw nodeError(node, 'has too many outputs', `${outputs.length}`, `${node.outputs.length}`);
      node.outputs.forEach((name, index) => {
        if (name !== '' && outputs[index] !== undefined) types.set(name, outputs[index]);
      });

      let folded: Tensor[] | undefined;
      if (operator.foldTypes !== undefined) folded = operator.foldTypes(node, inputs, outputs);
      else if (operator.fold !== undefined && isConstant(node, constants)) {
        budget -= outputs.reduce((sum, { shape }) => sum + elementCount(shape), 0);
        if (budget < 0)
          throw new ModelError({
            where: placeOf(node),
            what: 'constants computed by the model are too large',
            expected: `at most ${foldedElementsLimit} elements`,
          });
        folded = operator.fold(node, tensors, outputs, graph.opset);
      }
      if (folded === undefined) continue;
      nodes.pop();
      changes.push({
        pass: 'infer-shapes',
        node: node.name,
        what: `replaced ${node.operator} by the constant it computes`,
      });
      node.outputs.forEach((name, index) => {
        if (name !== '' && folded[index] !== undefined) constants.set(name, folded[index]);
      });
    } catch (error) {
      issues.push({ node: node.name, operator: node.operator, reason: reasonOf(error, node) });
    }
  }
  return { graph: sweepConstants({ ...graph, nodes, constants, types }), changes, issues };
}

function isConstant(node: Node, constants: ReadonlyMap<string, Tensor>): boolean {
  return node.clamp === undefined && node.inputs.every((name) => name === '' || constants.has(name));
}

function placeOf({ name, operator }: Node): string {
  return `node "${name}" (${operator})`;
}

/**
 * The message without the place, which the issue names itself. Operators trust that inputs and attributes are there;
 * where a malformed node lacks them, that shows as one of two built-in errors.
 */
export function reasonOf(error: unknown, node: Node): string {
  if (error instanceof TypeError || error instanceof RangeError) return `is malformed (${error.message})`;
  if (!(error instanceof ModelError)) throw error;
  const place = `${placeOf(node)}: `;
  return error.message.startsWith(place) ? error.message.slice(place.length) : error.message;
}
