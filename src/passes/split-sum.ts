/** Writes a Sum as a chain of Add, left to right, in ONNX's order of addition; that of one value as an Identity. */
import type { Node } from '../graph/graph.js';
import type { Rule } from '../graph/rewrite.js';

export const splitSum: Rule = (node, context) => {
  if (node.operator !== 'Sum' || node.domain !== '' || node.inputs.length === 0) return undefined;
  if (node.inputs.length === 1)
    return { what: 'is its only input', nodes: [{ ...node, operator: 'Identity' }] };
  const [first, ...rest] = node.inputs;
  const nodes: Node[] = [];
  let sum = first;
  rest.forEach((addend, index) => {
    const last = index === rest.length - 1;
    const name = last ? node.name : context.freshName(`${node.name}/sum${index + 1}`);
    const output = last ? node.outputs[0] : name;
    nodes.push({
      name,
      operator: 'Add',
      domain: '',
      inputs: [sum, addend],
      outputs: [output],
      attributes: {},
    });
    sum = output;
  });
  return { what: `split into ${nodes.length} Add`, nodes };
};
