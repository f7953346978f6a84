/** Relu and Clip: values limited to a range. */
import { floatAttribute } from '../graph/attributes.js';
import type { Graph, Node } from '../graph/graph.js';
import { constantsOf, describe, nodeError, outputType, required, requireOneType, scalar } from './check.js';
import type { Operator } from './operator.js';

export const relu: Operator = {
  name: 'Relu',
  since: 6,
  infer(node, inputs) {
    const x = required(node, inputs, 0);
    return [outputType(node, x.type, x.shape)];
  },
  lower(node, lowering) {
    lowering.clamp(node, 0, Number.POSITIVE_INFINITY);
  },
};

/** The range of a Clip whose bounds are constant: attributes up to operator set 10, inputs from 11 on. */
export function clipRange(node: Node, graph: Pick<Graph, 'constants'>): { low: number; high: number } {
  const constant = constantsOf(graph, node);
  return {
    low: scalar(node, constant, 1) ?? floatAttribute(node, 'min', Number.NEGATIVE_INFINITY),
    high: scalar(node, constant, 2) ?? floatAttribute(node, 'max', Number.POSITIVE_INFINITY),
  };
}

export const clip: Operator = {
  name: 'Clip',
  since: 6,
  infer(node, inputs) {
    const x = required(node, inputs, 0);
    requireOneType(node, inputs);
    for (const bound of inputs.slice(1))
      if (bound !== undefined && bound.shape.length !== 0 && bound.shape.join() !== '1')
        throw nodeError(node, 'a bound is not one number', 'a scalar', describe(bound));
    return [outputType(node, x.type, x.shape)];
  },
  reject(node, graph) {
    const bounds = node.inputs.slice(1).filter((name) => name !== '');
    if (!bounds.every((name) => graph.constants.has(name)))
      return 'a bound is computed, only constant ones are supported';
    const { low, high } = clipRange(node, graph);
    return Number.isNaN(low) || Number.isNaN(high) ? 'a bound is not a number' : undefined;
  },
  lower(node, lowering) {
    const { low, high } = clipRange(node, lowering.graph);
    // ONNX: where min > max, every element becomes max.
    lowering.clamp(node, Math.min(low, high), high);
  },
};
