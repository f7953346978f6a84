/** Writes a Resize that crops beyond its input as one that stays at its edges, and a Where that puts the extrapolation value there. */
import { floatAttribute, stringAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import { type Patch, type RewriteContext, rewriteGraph } from '../graph/rewrite.js';
import { float32 } from '../graph/tensor.js';
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
  const resized = context.type(node.outputs[0])?.shape;
  if (shape === undefined || resized === undefined) return undefined;
  const constant = (index: number) => context.constant(node.inputs[index] ?? '');
  const outside = outsideCrop(node, shape, constant, context.opset);
  if (!outside.flat().some((one) => one)) return undefined;
  const { constants, define } = newConstants(context);
  const inner = context.freshName(`${node.name}/inside`);
  split.add(inner);
  // Axes without a crop have size 1 in the mask.
  const axes = outside.map((own) => (own.includes(true) ? own : [false]));
  const mask = axes.reduce<boolean[]>(
    (lines, own) => lines.flatMap((line) => own.map((one) => line || one)),
    [false],
  );
  const condition = define(`${node.name}/outside`, {
    type: 'bool',
    shape: axes.map(({ length }) => length),
    data: Uint8Array.from(mask, Number),
  });
  const value = define(`${node.name}/value`, float32([], [floatAttribute(node, 'extrapolation_value', 0)]));
  return {
    what: 'written as a Resize within its input and a Where',
    constants,
    nodes: [
      { ...node, name: inner, outputs: [inner] },
      {
        name: node.name,
        operator: 'Where',
        domain: '',
        inputs: [condition, value, inner],
        outputs: node.outputs,
        attributes: {},
      },
    ],
  };
}
