/** InstanceNormalization, GroupNormalization, LayerNormalization and MeanVarianceNormalization: computed in float32. */
import { floatAttribute, intAttribute, intsAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import type { TensorType } from '../graph/tensor.js';
import { nodeError, normalizeAxes, normalizeAxis, outputType, required, shapeText } from './check.js';
import type { Operator } from './operator.js';
import { broadcastShapes } from './strided.js';

const axesFrom = (first: number, rank: number) => Array.from({ length: rank - first }, (_, i) => first + i);

/** [C, 1, 1] for [N, C, H, W]. */
const channelShape = (channels: number, rank: number) => [channels, ...new Array<number>(rank - 2).fill(1)];

function expectParameter(
  node: Node,
  inputs: readonly (TensorType | undefined)[],
  index: number,
  length: number,
): void {
  const { shape } = required(node, inputs, index);
  if (shape.join() === `${length}`) return;
  throw nodeError(node, `input ${index} has the wrong shape`, `[${length}]`, shapeText(shape));
}

function expectChannels(node: Node, inputs: readonly (TensorType | undefined)[]): TensorType {
  const x = required(node, inputs, 0);
  if (x.shape.length < 3)
    throw nodeError(node, 'the input has the wrong rank', '[N, C, ...]', shapeText(x.shape));
  return x;
}

export const instanceNormalization: Operator = {
  name: 'InstanceNormalization',
  since: 6,
  float: true,
  infer(node, inputs) {
    const x = expectChannels(node, inputs);
    for (const index of [1, 2]) expectParameter(node, inputs, index, x.shape[1]);
    return [outputType(node, x.type, x.shape)];
  },
  lower(node, lowering) {
    const [x, scale, bias] = node.inputs;
    const { shape } = lowering.type(x);
    lowering.normalize(node, {
      axes: axesFrom(2, shape.length),
      epsilon: floatAttribute(node, 'epsilon', 1e-5),
      parameters: { scale, bias, shape: channelShape(shape[1], shape.length) },
    });
  },
};

/** Up to operator set 20 scale and bias belong to groups, from 21 on to channels. */
export const groupNormalization: Operator = {
  name: 'GroupNormalization',
  since: 18,
  float: true,
  infer(node, inputs, _constant, opset) {
    const x = expectChannels(node, inputs);
    const groups = intAttribute(node, 'num_groups', 0);
    if (groups < 1 || x.shape[1] % groups !== 0)
      throw nodeError(
        node,
        'num_groups does not divide the channels',
        `a divisor of ${x.shape[1]}`,
        `${groups}`,
      );
    for (const index of [1, 2]) expectParameter(node, inputs, index, opset < 21 ? groups : x.shape[1]);
    return [outputType(node, x.type, x.shape)];
  },
  lower(node, lowering) {
    const [x, scale, bias] = node.inputs;
    const { shape } = lowering.type(x);
    const groups = intAttribute(node, 'num_groups', 1);
    const perGroup = lowering.graph.opset < 21;
    const parameterShape = perGroup ? [groups, 1] : channelShape(shape[1], shape.length);
    lowering.normalize(node, {
      axes: axesFrom(1, shape.length).slice(1),
      groups,
      epsilon: floatAttribute(node, 'epsilon', 1e-5),
      parameters: { scale, bias, shape: parameterShape, perGroup },
    });
  },
};

export const layerNormalization: Operator = {
  name: 'LayerNormalization',
  since: 17,
  float: true,
  infer(node, inputs) {
    const { type, shape } = required(node, inputs, 0);
    const first = normalizeAxis(node, intAttribute(node, 'axis', -1), shape.length);
    for (const input of inputs.slice(1)) {
      if (input !== undefined && broadcastShapes(node, [shape, input.shape]).join() !== shape.join())
        throw nodeError(
          node,
          'scale or bias do not fit',
          shapeText(shape.slice(first)),
          shapeText(input.shape),
        );
    }
    required(node, inputs, 1);
    const statistics = outputType(
      node,
      type,
      shape.map((size, axis) => (axis < first ? size : 1)),
    );
    return [outputType(node, type, shape), statistics, statistics];
  },
  lower(node, lowering) {
    const [x, scale, bias = ''] = node.inputs;
    const { shape } = lowering.type(x);
    const first = normalizeAxis(node, intAttribute(node, 'axis', -1), shape.length);
    lowering.normalize(node, {
      axes: axesFrom(first, shape.length),
      epsilon: floatAttribute(node, 'epsilon', 1e-5),
      parameters: { scale, bias, shape: lowering.type(scale).shape },
    });
  },
};

/** ONNX adds 1e-9 to the standard deviation, which only matters where that is 0. */
export const meanVarianceNormalization: Operator = {
  name: 'MeanVarianceNormalization',
  since: 9,
  float: true,
  infer(node, inputs) {
    const { type, shape } = required(node, inputs, 0);
    normalizeAxes(node, intsAttribute(node, 'axes') ?? [0, 2, 3], shape.length);
    return [outputType(node, type, shape)];
  },
  lower(node, lowering) {
    const { shape } = lowering.type(node.inputs[0]);
    const axes = normalizeAxes(node, intsAttribute(node, 'axes') ?? [0, 2, 3], shape.length);
    lowering.normalize(node, { axes: axes.sort((a, b) => a - b), epsilon: 1e-18 });
  },
};
