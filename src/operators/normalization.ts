/** Softmax, LogSoftmax, LpNormalization and LRN: computed in float32. */
import { floatAttribute, intAttribute } from '../graph/attributes.js';
import type { Graph, Node } from '../graph/graph.js';
import { nodeError, normalizeAxis, outputType, required, typeOf } from './check.js';
import type { Lowering } from './lowering.js';
import type { Operator } from './operator.js';

/**
 * The one axis that a Softmax runs over. Up to operator set 12 it runs over all axes from `axis` on: one axis
 * where at most one of them is larger than 1. Undefined where there are several.
 */
function softmaxAxis(node: Node, graph: Graph): number | undefined {
  const { shape } = typeOf(graph, node.inputs[0]);
  const first = normalizeAxis(node, intAttribute(node, 'axis', graph.opset < 13 ? 1 : -1), shape.length);
  if (graph.opset >= 13) return first;
  const large = shape.map((_, axis) => axis).filter((axis) => axis >= first && shape[axis] !== 1);
  return large.length > 1 ? undefined : (large[0] ?? first);
}

function softmaxLike(name: string, lower: (lowering: Lowering, node: Node, axis: number) => void): Operator {
  return {
    name,
    since: 1,
    float: true,
    infer(node, inputs, _constant, opset) {
      const x = required(node, inputs, 0);
      normalizeAxis(node, intAttribute(node, 'axis', opset < 13 ? 1 : -1), x.shape.length);
      return [outputType(node, x.type, x.shape)];
    },
    reject(node, graph) {
      return softmaxAxis(node, graph) === undefined ? 'it runs over several axes' : undefined;
    },
    lower(node, lowering) {
      lower(lowering, node, softmaxAxis(node, lowering.graph)!);
    },
  };
}

/** TFLite's has a factor of the exponents, the attribute beta. */
export const softmax = softmaxLike('Softmax', (lowering, node, axis) =>
  lowering.softmax(node, axis, floatAttribute(node, 'beta', 1)),
);
export const logSoftmax = softmaxLike('LogSoftmax', (lowering, node, axis) =>
  lowering.logSoftmax(node, axis),
);

export const lpNormalization: Operator = {
  name: 'LpNormalization',
  since: 1,
  float: true,
  infer(node, inputs) {
    const { type, shape } = required(node, inputs, 0);
    normalizeAxis(node, intAttribute(node, 'axis', -1), shape.length);
    const p = intAttribute(node, 'p', 2);
    if (p !== 1 && p !== 2) throw nodeError(node, 'attribute "p" is out of range', '1 or 2', `${p}`);
    return [outputType(node, type, shape)];
  },
  lower(node, lowering) {
    const { shape } = lowering.type(node.inputs[0]);
    const axis = normalizeAxis(node, intAttribute(node, 'axis', -1), shape.length);
    lowering.lpNormalization(node, axis, intAttribute(node, 'p', 2) === 1 ? 1 : 2);
  },
};

export const lrn: Operator = {
  name: 'LRN',
  since: 1,
  float: true,
  infer(node, inputs) {
    const x = required(node, inputs, 0);
    if (x.shape.length < 2)
      throw nodeError(node, 'the input has no channels', '[N, C, ...]', `rank ${x.shape.length}`);
    const size = intAttribute(node, 'size', 0);
    if (size < 1) throw nodeError(node, 'attribute "size" is out of range', 'at least 1', `${size}`);
    return [outputType(node, x.type, x.shape)];
  },
  lower(node, lowering) {
    lowering.localResponseNormalization(node, {
      size: intAttribute(node, 'size', 0),
      alpha: floatAttribute(node, 'alpha', 1e-4),
      beta: floatAttribute(node, 'beta', 0.75),
      bias: floatAttribute(node, 'bias', 1),
    });
  },
};
