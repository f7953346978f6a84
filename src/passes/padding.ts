/** Pad as numbers. */
import { floatAttribute, stringAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import type { RewriteContext } from '../graph/rewrite.js';
import { constantsOf, scalar } from '../operators/check.js';
import { padAmounts } from '../operators/pad.js';

/** Elements added before and after along each axis (negative: removed), and their value. */
export interface Padding {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
}

/** What a constant Pad of float32 adds; undefined for other nodes and modes and where it is computed. */
export function readPadding(node: Node, context: RewriteContext): Padding | undefined {
  if (node.operator !== 'Pad' || node.domain !== '') return undefined;
  if (stringAttribute(node, 'mode', 'constant') !== 'constant') return undefined;
  const type = context.type(node.inputs[0]);
  const isConstant = node.inputs.slice(1).every((name) => name === '' || context.constants.has(name));
  if (type?.type !== 'float32' || !isConstant) return undefined;
  const constant = constantsOf(context, node);
  const value = scalar(node, constant, 2) ?? floatAttribute(node, 'value', 0);
  return { ...padAmounts(node, type.shape.length, constant), value };
}
