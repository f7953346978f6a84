/** QuantizeLinear and DequantizeLinear: codes where they meet codes, else conversions of float32. */
import type { Node } from '../graph/graph.js';
import { nodeError } from '../operators/check.js';
import { requireDequantizable, requireQuantizable } from '../operators/quantize-linear.js';
import { type Draft, defineReal, readQuantity, requireQuantity } from './draft.js';
import { type Quantity, sameQuantity } from './quantity.js';

/** What a QuantizeLinear makes of float32. */
export function readQuantizer(draft: Draft, node: Node): Quantity {
  const [x, scale] = node.inputs;
  const type = draft.type(node.outputs[0]);
  requireQuantizable(node, draft.type(x), draft.type(scale), type);
  return readQuantity(draft, node, 1, type);
}

export function liftQuantizeLinear(node: Node, draft: Draft): void {
  const [x] = node.inputs;
  const [y] = node.outputs;
  const quantity = readQuantizer(draft, node);
  const given = draft.quantity(x);
  if (given !== undefined && sameQuantity(given, quantity) && !draft.isOutput(y)) draft.alias(y, x);
  else draft.emit({ ...node, operator: 'Identity', inputs: [x], attributes: {} }, [quantity]);
}

export function liftDequantizeLinear(node: Node, draft: Draft): void {
  const [x, scale] = node.inputs;
  const [y] = node.outputs;
  requireDequantizable(node, draft.type(x), draft.type(scale), draft.type(y));
  requireQuantity(draft, node, x, readQuantity(draft, node, 1, draft.type(x)));
  defineReal(draft, node, y, x);
}

/** Casts of sums to float32 say what the sums mean; all others are computed in no quantised model. */
export function liftCast(node: Node, draft: Draft): void {
  const [x] = node.inputs;
  const [y] = node.outputs;
  const given = draft.quantity(x);
  if (given === undefined || draft.type(y).type !== 'float32')
    throw nodeError(node, 'only integers are cast, and to float32', 'float32', draft.type(y).type);
  if (given.scale !== 1 || given.zeroPoint !== 0)
    throw nodeError(node, `the codes of "${x}" have a scale, which the cast would lose`);
  defineReal(draft, node, y, x);
}
