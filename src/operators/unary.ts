/** Smooth functions of one variable, tables on integers: Sigmoid, Exp, Gelu and their kin. */
import { evaluateUnary } from '../execute/oracle/elementary.js';
import { floatAttribute, stringAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import { float32, type Tensor } from '../graph/tensor.js';
import type { PlainFunction, UnaryFunction } from '../program/instructions.js';
import { nodeError, outputType, required } from './check.js';
import type { Operator } from './operator.js';

function unary(name: string, since: number, describeFunction: (node: Node) => UnaryFunction): Operator {
  return {
    name,
    since,
    infer(node, inputs) {
      const x = required(node, inputs, 0);
      describeFunction(node);
      return [outputType(node, x.type, x.shape)];
    },
    fold(node, inputs): Tensor[] {
      const { type, shape, data } = required(node, inputs, 0);
      if (type !== 'float32') throw nodeError(node, `constants of type ${type} cannot be computed`);
      const fn = describeFunction(node);
      return [
        float32(
          shape,
          (data as Float32Array).map((value) => evaluateUnary(fn, value)),
        ),
      ];
    },
    lower(node, lowering) {
      lowering.unary(node, describeFunction(node));
    },
  };
}

const plain = (operator: string, since: number, name: PlainFunction) =>
  unary(operator, since, () => ({ name }));

export const sigmoid = plain('Sigmoid', 6, 'sigmoid');
export const tanh = plain('Tanh', 6, 'tanh');
/** ONNX has it from operator set 14 on; a pass finds it in older models. */
export const hardSwish = plain('HardSwish', 6, 'hardSwish');
export const exp = plain('Exp', 6, 'exp');
export const log = plain('Log', 6, 'log');
export const erf = plain('Erf', 9, 'erf');
export const reciprocal = plain('Reciprocal', 6, 'reciprocal');
export const softplus = plain('Softplus', 1, 'softplus');

export const hardSigmoid = unary('HardSigmoid', 6, (node) => ({
  name: 'hardSigmoid',
  alpha: floatAttribute(node, 'alpha', 0.2),
  beta: floatAttribute(node, 'beta', 0.5),
}));

export const elu = unary('Elu', 6, (node) => ({
  name: 'elu',
  alpha: floatAttribute(node, 'alpha', 1),
  scale: 1,
}));

export const selu = unary('Selu', 6, (node) => ({
  name: 'elu',
  alpha: floatAttribute(node, 'alpha', 1.6732631921768188),
  scale: floatAttribute(node, 'gamma', 1.0507010221481323),
}));

export const gelu = unary('Gelu', 20, (node) => {
  const approximation = stringAttribute(node, 'approximate', 'none');
  if (approximation === 'none') return { name: 'gelu' };
  if (approximation === 'tanh') return { name: 'geluTanh' };
  throw nodeError(node, 'attribute "approximate" is unknown', 'none or tanh', approximation);
});
