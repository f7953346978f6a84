/** QuantizeLinear and DequantizeLinear: codes where they meet codes, else conversions of float32. */
import type { Node } from '../graph/graph.js';
import { nodeError } from '../operators/check.js';
import { requireDequantizable, requireQuantizable } from '../operators/quantize-linear.js';
import { type Draft, defineReal, readQuantity, requireQuantity } from './draft.js';
import { nodeOf } from './nodes.js';
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
  if (given !== undefined && sameQuantity(given, quantity) && !draft.isOutput(y)) {
    draft.alias(y, x);
    return;
  }
  const lifted = { ...node, operator: 'Identity', attributes: {} };
  if (!isIntegerOnly(draft, y)) {
    draft.emit({ ...lifted, inputs: [x] }, [quantity]);
    return;
  }
  const quotient = draft.freshName(`${y}/quotient`);
  draft.emit(nodeOf('Div', [x, node.inputs[1]], quotient), []);
  draft.emit({ ...lifted, inputs: [quotient] }, [{ ...quantity, scale: 1 }]);
}

/** True where codes are only read as integers, so that the division by their scale is a step of its own. */
function isIntegerOnly(draft: Draft, value: string): boolean {
  const readers = draft.consumers(value);
  return readers.length > 0 && readers.every(({ operator }) => /^(Conv|MatMul)Integer$/.test(operator));
}

export function liftDequantizeLinear(node: Node, draft: Draft): void {
  const [x, scale] = node.inputs;
  const [y] = node.outputs;
  requireDequantizable(node, draft.type(x), draft.type(scale), draft.type(y));
  requireQuantity(draft, node, x, readQuantity(draft, node, 1, draft.type(x)));
  defineReal(draft, node, y, x);
}

/** The sums of integer products are float32 already; codes that stand for themselves become it; other casts stay. */
export function liftCast(node: Node, draft: Draft): void {
  const [x] = node.inputs;
  const [y] = node.outputs;
  const given = draft.quantity(x);
  if (draft.type(y).type !== 'float32' || !['int32', 'uint8', 'int8'].includes(draft.type(x).type)) {
    draft.emit(node, []);
    return;
  }
  if (given !== undefined && (given.scale !== 1 || given.zeroPoint !== 0))
    throw nodeError(node, `the codes of "${x}" have a scale, which the cast would lose`);
  defineReal(draft, node, y, x);
}
