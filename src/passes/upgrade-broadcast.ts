/**
 * Brings operator set 6 to 7, from which on operands broadcast as in numpy: the second operand of elementwise nodes and
 * the slopes of PRelu get the axes of size 1 that the older rules imply. Later passes know only the newer meaning.
 */
import type { Node } from '../graph/graph.js';
import { type Patch, type RewriteContext, rewriteGraph } from '../graph/rewrite.js';
import { int64 } from '../graph/tensor.js';
import { alignedShape, placesOperand } from '../operators/elementwise.js';
import { newConstants } from './new-constants.js';
import type { Pass } from './pass.js';

export const upgradeBroadcast: Pass = {
  name: 'upgrade-broadcast',
  run(graph) {
    // Before operator set 6, an operator is known only if it was what it is now.
    if (graph.opset >= 7 || graph.opset < 6) return { graph, changes: [] };
    const { graph: aligned, changes } = rewriteGraph(graph, 'upgrade-broadcast', alignOperand);
    return { graph: { ...aligned, opset: 7 }, changes };
  },
};

function alignOperand(node: Node, context: RewriteContext): Patch | undefined {
  const isPRelu = node.operator === 'PRelu';
  const isPlaced = placesOperand.has(node.operator) && node.attributes.broadcast !== undefined;
  if (node.domain !== '' || !(isPRelu || isPlaced)) return undefined;
  const [a, b] = node.inputs.map((name) => context.type(name)?.shape);
  if (a === undefined || b === undefined || context.type(node.outputs[0]) === undefined) return undefined;
  const aligned = isPRelu ? alongChannels(a, b) : alignedShape(node, a, b, context.opset);
  const { broadcast, axis, ...attributes } = node.attributes;
  if (aligned.length === b.length)
    return broadcast && { what: 'dropped the attribute broadcast', nodes: [{ ...node, attributes }] };
  const { constants, define } = newConstants(context);
  const name = context.freshName(`${node.name}/aligned`);
  const inputs = [node.inputs[1], define(`${node.name}/shape`, int64([aligned.length], aligned))];
  return {
    what: 'aligned the second operand',
    constants,
    nodes: [
      { name, operator: 'Reshape', domain: '', inputs, outputs: [name], attributes: {} },
      { ...node, attributes, inputs: [node.inputs[0], name] },
    ],
  };
}

/** One slope per channel: the channels are the first axis of a vector, the second of anything else. */
function alongChannels(data: readonly number[], slopes: readonly number[]): readonly number[] {
  if (slopes.length !== 1 || slopes[0] === 1) return slopes;
  return [...slopes, ...Array.from({ length: Math.max(0, data.length - 2) }, () => 1)];
}
