/** LeakyRelu and PRelu: negative values times a slope. */
import { floatAttribute } from '../graph/attributes.js';
import type { Graph, Node } from '../graph/graph.js';
import { float32 } from '../graph/tensor.js';
import { elementCount } from '../shape.js';
import {
  nodeError,
  outputType,
  rejectConstantInput,
  required,
  requireOneType,
  shapeText,
  typeOf,
} from './check.js';
import type { Operator } from './operator.js';
import { broadcastShapes } from './strided.js';

export const leakyRelu: Operator = {
  name: 'LeakyRelu',
  since: 6,
  infer(node, inputs) {
    const x = required(node, inputs, 0);
    return [outputType(node, x.type, x.shape)];
  },
  reject: rejectConstantInput,
  lower(node, lowering) {
    const tensor = float32([1], [floatAttribute(node, 'alpha', 0.01)]);
    lowering.leakyRelu(node, { name: `${node.name}/alpha`, tensor });
  },
};

/** True where a slope differs at most between channels. Operator set 6 has one axis, which is the channels. */
function isPerChannel(node: Node, graph: Graph): boolean {
  const [x, slope] = node.inputs.map((name) => typeOf(graph, name).shape);
  if (graph.opset < 7 || elementCount(slope) === 1) return true;
  const channels = slope.length - x.length + 1;
  return slope.every((size, axis) => size === 1 || axis === channels);
}

export const pRelu: Operator = {
  name: 'PRelu',
  since: 6,
  infer(node, inputs, _constant, opset) {
    const x = required(node, inputs, 0);
    const { shape } = required(node, inputs, 1);
    requireOneType(node, inputs);
    const fits =
      opset < 7
        ? shape.length <= 1 && [1, x.shape[1]].includes(elementCount(shape))
        : broadcastShapes(node, [x.shape, shape]).join() === x.shape.join();
    if (!fits) throw nodeError(node, 'the slope does not fit', shapeText(x.shape), shapeText(shape));
    return [outputType(node, x.type, x.shape)];
  },
  reject(node, graph) {
    if (!graph.constants.has(node.inputs[1]))
      return 'the slope is computed, only a constant one is supported';
    return isPerChannel(node, graph)
      ? rejectConstantInput(node, graph)
      : 'the slope differs within a channel';
  },
  lower(node, lowering) {
    const name = node.inputs[1];
    const { data, type } = lowering.constant(name)!;
    lowering.leakyRelu(node, { name, tensor: { type, shape: [data.length], data } });
  },
};
