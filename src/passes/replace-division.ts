/** Writes a division by constants as a multiplication by their reciprocals, rounded to float32. */
import type { Rule } from '../graph/rewrite.js';
import { float32 } from '../graph/tensor.js';

export const replaceDivision: Rule = (node, context) => {
  if (node.operator !== 'Div' || node.domain !== '' || context.constant(node.inputs[0])) return undefined;
  const divisor = context.constant(node.inputs[1]);
  if (divisor?.type !== 'float32') return undefined;
  const reciprocals = (divisor.data as Float32Array).map((value) => 1 / value);
  if (!reciprocals.every((value) => Number.isFinite(value) && value !== 0)) return undefined;
  const name = context.freshName(`${node.inputs[1]}/reciprocal`);
  return {
    what: 'replaced by Mul with the reciprocal',
    constants: { [name]: float32(divisor.shape, reciprocals) },
    nodes: [{ ...node, operator: 'Mul', inputs: [node.inputs[0], name] }],
  };
};
