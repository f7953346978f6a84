/** Identity and Dropout: the output is the input. */
import { outputType, required } from './check.js';
import type { Operator } from './operator.js';

export const identity: Operator = {
  name: 'Identity',
  since: 1,
  infer(node, inputs) {
    const { type, shape } = required(node, inputs, 0);
    return [outputType(node, type, shape)];
  },
  fold: (node, inputs) => [required(node, inputs, 0)],
  lower(node, lowering) {
    lowering.alias(node);
  },
};

export const dropout: Operator = {
  name: 'Dropout',
  since: 6,
  infer(node, inputs, _constant, opset) {
    const { type, shape } = required(node, inputs, 0);
    const y = outputType(node, type, shape);
    return node.outputs.length > 1 ? [y, { type: opset < 10 ? type : 'bool', shape }] : [y];
  },
  reject(node, graph) {
    if (node.outputs[1]) return 'the output mask is used';
    const [, , training] = node.inputs;
    if (!training) return undefined;
    return graph.constants.get(training)?.data[0] === 0 ? undefined : 'training mode';
  },
  lower(node, lowering) {
    lowering.alias(node);
  },
};
