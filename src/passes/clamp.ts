/** Relu and Clip as one thing. */
import type { Node } from '../graph/graph.js';
import type { RewriteContext } from '../graph/rewrite.js';
import { clipRange } from '../operators/clip.js';

const largestFloat32 = (2 - 2 ** -23) * 2 ** 127;

/** The limits of a float32 Relu or Clip; undefined for other nodes and where a limit is computed or not a number. */
export function readClamp(node: Node, context: RewriteContext): Node['clamp'] {
  if (node.domain !== '' || context.type(node.inputs[0])?.type !== 'float32') return undefined;
  if (node.operator === 'Relu') return { low: 0, high: Number.POSITIVE_INFINITY };
  if (node.operator !== 'Clip') return undefined;
  if (!node.inputs.slice(1).every((name) => name === '' || context.constants.has(name))) return undefined;
  const { low, high } = clipRange(node, context);
  if (Number.isNaN(low) || Number.isNaN(high)) return undefined;
  // ONNX: where min > max, every element becomes max. The largest float32 stands for no limit.
  return {
    low: low <= -largestFloat32 ? Number.NEGATIVE_INFINITY : Math.min(low, high),
    high: high >= largestFloat32 ? Number.POSITIVE_INFINITY : high,
  };
}
