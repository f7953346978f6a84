/** Writes Sum, Max and Min as a chain of pairs, left to right, in ONNX's order; that of one value as an Identity. */
import type { Node } from '../graph/graph.js';
import type { Rule } from '../graph/rewrite.js';

/** What computes a pair. */
const pairs: ReadonlyMap<string, string> = new Map([
  ['Sum', 'Add'],
  ['Max', 'Max'],
  ['Min', 'Min'],
]);

export const splitVariadic: Rule = (node, context) => {
  const operator = node.domain === '' ? pairs.get(node.operator) : undefined;
  if (operator === undefined || node.inputs.length === 0) return undefined;
  if (operator === node.operator && node.inputs.length === 2) return undefined;
  if (node.inputs.length === 1)
    return { what: 'is its only input', nodes: [{ ...node, operator: 'Identity' }] };
  const [first, ...rest] = node.inputs;
  const nodes: Node[] = [];
  let result = first;
  rest.forEach((operand, index) => {
    const last = index === rest.length - 1;
    const name = last
      ? node.name
      : context.freshName(`${node.name}/${node.operator.toLowerCase()}${index + 1}`);
    const output = last ? node.outputs[0] : name;
    nodes.push({
      name,
      operator,
      domain: '',
      inputs: [result, operand],
      outputs: [output],
      attributes: {},
    });
    result = output;
  });
  return { what: `split into ${nodes.length} ${operator}`, nodes };
};
