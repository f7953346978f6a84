/** Writes a Sum of several values as a chain of Add, left to right, in ONNX's order of addition. */
import type { Node } from '../graph/graph.js';
import type { Rule } from '../graph/rewrite.js';

export const splitSum: Rule = (node, context) => {
  if (node.operator !== 'Sum' || node.domain !== '' || node.inputs.length < 2) return undefined;
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
