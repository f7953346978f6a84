/** Sigmoid, Tanh, HardSigmoid and HardSwish: smooth functions of one variable, tables on integers. */
import { floatAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import type { UnaryFunction } from '../program/instructions.js';
import { outputType, required } from './check.js';
import type { Operator } from './operator.js';

function unary(name: string, since: number, describeFunction: (node: Node) => UnaryFunction): Operator {
  return {
    name,
    since,
    infer(node, inputs) {
      const x = required(node, inputs, 0);
      return [outputType(node, x.type, x.shape)];
    },
    lower(node, lowering) {
      lowering.unary(node, describeFunction(node));
    },
  };
}

export const sigmoid = unary('Sigmoid', 6, () => ({ name: 'sigmoid' }));
export const tanh = unary('Tanh', 6, () => ({ name: 'tanh' }));
export const hardSwish = unary('HardSwish', 14, () => ({ name: 'hardSwish' }));
export const hardSigmoid = unary('HardSigmoid', 6, (node) => ({
  name: 'hardSigmoid',
  alpha: floatAttribute(node, 'alpha', 0.2),
  beta: floatAttribute(node, 'beta', 0.5),
}));
