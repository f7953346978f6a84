/** Applies factors to channel classes: the network computes the same, but for the rounding of float32. */
import type { Graph, Node } from '../graph/graph.js';
import type { Tensor } from '../graph/tensor.js';
import type { ChannelClasses } from './channel-classes.js';
import { biasOf, firstChannel, isProduct, usesOfConstants, weightsOf } from './products.js';

/** Factors above 0 for channel classes, and for the upper limits of clamps by the value that they limit. */
export interface ChannelFactors {
  readonly classes: Float64Array;
  readonly limits: ReadonlyMap<string, number>;
}

/** The graph in which every channel holds `factors.classes[class]` times what it held. */
export function scaleChannels(
  graph: Graph,
  { of }: ChannelClasses,
  { classes: factors, limits }: ChannelFactors,
): Graph {
  const constants = new Map(graph.constants);
  const uses = usesOfConstants(graph);
  const replace = (name: string, data: Float32Array) => {
    const tensor: Tensor = { ...constants.get(name)!, data };
    constants.set(name, tensor);
  };
  const nodes = graph.nodes.map((node): Node => {
    if (isProduct(graph, node, uses)) {
      const read = of.get(node.inputs[0]);
      const written = of.get(node.outputs[0]);
      const factorOf = (classes: Int32Array | undefined, channel: number) =>
        classes ? factors[classes[channel]] : 1;
      const weights = weightsOf(graph, node);
      const { data, outputs, depth, inner } = weights;
      const scaled = new Float32Array(data.length);
      for (let output = 0, index = 0; output < outputs; output++) {
        const first = firstChannel(weights, output);
        const up = factorOf(written, output);
        for (let channel = 0; channel < depth; channel++) {
          const factor = up / factorOf(read, first + channel);
          for (let k = 0; k < inner; k++, index++) scaled[index] = data[index] * factor;
        }
      }
      replace(weights.name, scaled);
      const bias = biasOf(graph, node);
      if (bias)
        replace(
          node.inputs[2],
          bias.map((value, output) => value * factorOf(written, output)),
        );
    }
    const limit = limits.get(node.outputs[0]);
    if (node.clamp === undefined || limit === undefined) return node;
    return { ...node, clamp: { ...node.clamp, high: Math.fround(node.clamp.high * limit) } };
  });
  return { ...graph, nodes, constants };
}
