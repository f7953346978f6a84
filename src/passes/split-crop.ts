/** Writes a Resize that crops beyond its input as one that stays at its edges, and a Where for every such axis that puts the extrapolation value there. */
import { floatAttribute, stringAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import { type Patch, type RewriteContext, rewriteGraph } from '../graph/rewrite.js';
import { float32, type Tensor } from '../graph/tensor.js';
import { outsideCrop } from '../operators/resize.js';
import { newConstants } from './new-constants.js';
import type { Pass } from './pass.js';

export const splitCrop: Pass = {
  name: 'split-crop',
  run(graph) {
    const split = new Set<string>();
    return rewriteGraph(graph, 'split-crop', (node, context) => {
      return split.has(node.name) ? undefined : splitResize(node, context, split);
    });
  },
};

function splitResize(node: Node, context: RewriteContext, split: Set<string>): Patch | undefined {
  const mode = stringAttribute(node, 'coordinate_transformation_mode', '');
  if (node.operator !== 'Resize' || node.domain !== '' || mode !== 'tf_crop_and_resize') return undefined;
  const shape = context.type(node.inputs[0])?.shape;
  if (shape === undefined || context.type(node.outputs[0]) === undefined) return undefined;
  const constant = (index: number) => context.constant(node.inputs[index] ?? '');
  const outside = outsideCrop(node, shape, constant, context.opset) ?? [];
  const cropped = outside.flatMap((own, axis) => (own.includes(true) ? [axis] : []));
  if (cropped.length === 0) return undefined;
  const { constants, define } = newConstants(context);
  const inner = context.freshName(`${node.name}/inside`);
  split.add(inner);
  const value = define(`${node.name}/value`, float32([], [floatAttribute(node, 'extrapolation_value', 0)]));
  const nodes: Node[] = [{ ...node, name: inner, outputs: [inner] }];
  for (const axis of cropped) {
    const isLast = axis === cropped.at(-1);
    const name = isLast ? node.name : context.freshName(`${node.name}/axis${axis}`);
    const condition = define(`${node.name}/outside${axis}`, along(outside[axis], axis, shape.length));
    nodes.push({
      name,
      operator: 'Where',
      domain: '',
      inputs: [condition, value, nodes.at(-1)!.outputs[0]],
      outputs: isLast ? node.outputs : [name],
      attributes: {},
    });
  }
  return { what: 'written as a Resize within its input and a Where for every axis', constants, nodes };
}

/** Truth values along one axis of a tensor. */
function along(values: readonly boolean[], axis: number, rank: number): Tensor {
  const shape = Array.from({ length: rank }, (_, other) => (other === axis ? values.length : 1));
  return { type: 'bool', shape, data: Uint8Array.from(values, Number) };
}
