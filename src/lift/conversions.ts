/** QuantizeLinear and DequantizeLinear: codes where they meet codes, else conversions of float32. */
import type { Node } from '../graph/graph.js';
import { rejectWrapping } from '../operators/cast.js';
import { nodeError } from '../operators/check.js';
import { requireDequantizable, requireQuantizable } from '../operators/quantize-linear.js';
import { integerWidth } from '../operators/storage.js';
import { type Draft, defineReal, readQuantity } from './draft.js';
import { asSums, readCodes, readIntegers } from './integers.js';
import { plainIntegers, type Quantity, sameQuantity } from './quantity.js';
import { dequantizeScattered, hasOneScale, quantizeScattered } from './scattered-scales.js';

/** What a QuantizeLinear makes of float32. */
export function readQuantizer(draft: Draft, node: Node): Quantity {
  return readQuantity(draft, node, 1, draft.type(node.outputs[0]));
}

export function liftQuantizeLinear(node: Node, draft: Draft): void {
  const [x, scale] = node.inputs;
  const [y] = node.outputs;
  requireQuantizable(node, draft.type(x), draft.type(scale), draft.type(y));
  if (!hasOneScale(node, draft)) {
    quantizeScattered(node, draft);
    return;
  }
  const quantity = readQuantizer(draft, node);
  const given = draft.quantity(x);
  if (given !== undefined && sameQuantity(given, quantity) && !draft.isOutput(y)) draft.alias(y, x);
  else draft.emit({ ...node, operator: 'Identity', attributes: {}, inputs: [x] }, [quantity]);
}

export function liftDequantizeLinear(node: Node, draft: Draft): void {
  const [x, scale] = node.inputs;
  const [y] = node.outputs;
  requireDequantizable(node, draft.type(x), draft.type(scale), draft.type(y));
  if (!hasOneScale(node, draft)) {
    dequantizeScattered(node, draft);
    return;
  }
  defineReal(draft, node, y, readCodes(draft, node, x, readQuantity(draft, node, 1, draft.type(x))));
}

/** Codes become the float32 or the wider integers that they stand for; other casts stay. */
export function liftCast(node: Node, draft: Draft): void {
  const [x] = node.inputs;
  const [y] = node.outputs;
  const { type } = draft.type(y);
  const { type: from } = draft.type(x);
  if (draft.quantity(x) === undefined || integerWidth(from) === undefined) {
    draft.emit(node, []);
    return;
  }
  const wrapping = rejectWrapping(from, type);
  if (wrapping !== undefined) throw nodeError(node, wrapping);
  const integers = readIntegers(draft, node, x);
  const { bits } = draft.quantity(integers)!;
  if (type === 'float32') defineReal(draft, node, y, integers);
  else if (type === 'int32')
    draft.emit({ ...node, operator: 'Identity', attributes: {}, inputs: [integers] }, [wide], asSums);
  else if (bits <= 16) draft.emit({ ...node, inputs: [integers] }, []);
  else throw nodeError(node, 'a cast of int32 is not supported', 'to float32', type);
}

const wide = plainIntegers({ bits: 32, signed: true });
