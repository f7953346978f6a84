/** BatchNormalization in inference mode; passes fold it into what stands before it. */
import { intAttribute } from '../graph/attributes.js';
import { nodeError, outputType, required, shapeText } from './check.js';
import type { Operator } from './operator.js';

export const batchNormalization: Operator = {
  name: 'BatchNormalization',
  since: 6,
  infer(node, inputs) {
    const x = required(node, inputs, 0);
    const channels = x.shape.length < 2 ? 1 : x.shape[1];
    for (let i = 1; i < 5; i++) {
      const { shape } = required(node, inputs, i);
      if (shape.length !== 1 || shape[0] !== channels)
        throw nodeError(node, `input ${i} does not fit the channels`, `[${channels}]`, shapeText(shape));
    }
    const statistics = node.outputs.slice(1).map(() => ({ type: inputs[3]!.type, shape: [channels] }));
    return [outputType(node, x.type, x.shape), ...statistics];
  },
  reject(node, graph) {
    if (intAttribute(node, 'training_mode', 0) !== 0 || node.outputs.slice(1).some((name) => name !== ''))
      return 'training mode';
    return node.inputs.slice(1).every((name) => graph.constants.has(name))
      ? 'it could not be folded into other nodes'
      : 'its parameters are computed, only constant ones are supported';
  },
};
