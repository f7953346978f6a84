/** Makes Relu and Clip part of the node before them, which then limits its own output. */
import type { Node } from '../graph/graph.js';
import type { Rule } from '../graph/rewrite.js';
import { readClamp } from './clamp.js';

/** Operators whose lowering applies `clamp`. */
const fusible = new Set(['Conv', 'ConvTranspose', 'Gemm', 'Add', 'Sub', 'Mul']);

export const fuseActivation: Rule = (node, context) => {
  const clamp = readClamp(node, context);
  const before = context.soleProducer(node.inputs[0]);
  if (clamp === undefined || before === undefined) return undefined;
  if (before.domain !== '' || !fusible.has(before.operator)) return undefined;
  const fused: Node = {
    ...before,
    name: node.name,
    outputs: node.outputs,
    clamp: before.clamp === undefined ? clamp : compose(before.clamp, clamp),
  };
  return { what: `fused into ${before.operator} "${before.name}"`, nodes: [fused] };
};

type Clamp = NonNullable<Node['clamp']>;

/** The clamp that equals `first` and then `second`. */
function compose(first: Clamp, second: Clamp): Clamp {
  const apply = (value: number) => Math.min(Math.max(value, second.low), second.high);
  return { low: apply(first.low), high: apply(first.high) };
}
