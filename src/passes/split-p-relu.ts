/** Writes a PRelu whose slope is computed or differs within a channel as max(x, 0) + slope * min(x, 0). */
import type { Node } from '../graph/graph.js';
import type { Rule } from '../graph/rewrite.js';
import { float32 } from '../graph/tensor.js';

export const splitPRelu: Rule = (node, context) => {
  if (node.operator !== 'PRelu' || node.domain !== '' || context.opset < 11) return undefined;
  const [x, slope] = node.inputs;
  const [shape, slopeShape] = [x, slope].map((name) => context.type(name)?.shape);
  if (shape === undefined || slopeShape === undefined || context.constant(x)) return undefined;
  const channels = slopeShape.length - shape.length + 1;
  const isPerChannel = slopeShape.every((size, axis) => size === 1 || axis === channels);
  if (context.constant(slope) !== undefined && isPerChannel) return undefined;
  const fresh = (suffix: string) => context.freshName(`${node.name}/${suffix}`);
  const [zero, positive, negative, product] = ['zero', 'positive', 'negative', 'product'].map(fresh);
  const make = (operator: string, inputs: string[], output: string): Node => ({
    name: output,
    operator,
    domain: '',
    inputs,
    outputs: [output],
    attributes: {},
  });
  return {
    what: 'written as max(x, 0) + slope * min(x, 0)',
    constants: { [zero]: float32([], [0]) },
    nodes: [
      make('Relu', [x], positive),
      make('Clip', [x, '', zero], negative),
      make('Mul', [negative, slope], product),
      { ...make('Add', [positive, product], node.outputs[0]), name: node.name },
    ],
  };
};
