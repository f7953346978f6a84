/** Removes nodes that hand on their input: Identity, Dropout, and whatever happens to change nothing. */
import { intsAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import { bypass, type RewriteContext, type Rule } from '../graph/rewrite.js';
import { numbers, type TensorType } from '../graph/tensor.js';
import { sameShape } from '../shape.js';
import { readPadding } from './padding.js';

export const removeNoOps: Rule = (node, context) => {
  if (node.domain !== '' || node.clamp !== undefined || node.inputs.length === 0) return undefined;
  if (node.outputs.slice(1).some((name) => context.isOutput(name) || context.consumers(name).length > 0))
    return undefined;
  const [from, to] = [context.type(node.inputs[0]), context.type(node.outputs[0])];
  if (from === undefined || to === undefined || from.type !== to.type || !sameShape(from.shape, to.shape))
    return undefined;
  if (!changesNothing(node, from, context)) return undefined;
  return bypass(node, node.inputs[0], context, `removed ${node.operator}, which changes nothing`);
};

/** Decides for a node whose first output has the type and shape of its first input. */
function changesNothing(node: Node, type: TensorType, context: RewriteContext): boolean {
  switch (node.operator) {
    case 'Identity':
    case 'Reshape':
    case 'Flatten':
    case 'Squeeze':
    case 'Unsqueeze':
    case 'Expand':
    case 'Tile':
    case 'Cast':
      return true;
    case 'Dropout':
      return !isTraining(node, context);
    case 'Concat':
    case 'Sum':
    case 'Max':
    case 'Min':
    case 'Mean':
      return node.inputs.length === 1;
    case 'Transpose':
      return keepsOrder(intsAttribute(node, 'perm') ?? reversed(type.shape.length), type.shape);
    case 'Slice':
      return node.inputs[4] ? (numbersAt(node, 4, context)?.every((step) => step > 0) ?? false) : true;
    case 'Pad': {
      const padding = readPadding(node, context);
      return padding !== undefined && [...padding.before, ...padding.after].every((size) => size === 0);
    }
    default:
      return false;
  }
}

/** True where the input of operator set 12 may switch Dropout on. */
function isTraining(node: Node, context: RewriteContext): boolean {
  if (!node.inputs[2]) return false;
  return numbersAt(node, 2, context)?.[0] !== 0;
}

/** True where a transposition moves only axes of size 1. */
function keepsOrder(permutation: readonly number[], shape: readonly number[]): boolean {
  const moved = permutation.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, index) => index === 0 || moved[index - 1] < axis);
}

function reversed(rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
}

function numbersAt(node: Node, index: number, context: RewriteContext): number[] | undefined {
  const tensor = context.constant(node.inputs[index] ?? '');
  return tensor && numbers(tensor);
}
