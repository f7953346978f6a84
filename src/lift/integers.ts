/** Codes as integers: read with another meaning than they have, added, and summed up without a scale. */
import { allocateCodes, codeRange } from '../formats/format.js';
import type { Node } from '../graph/graph.js';
import { float32, type Tensor } from '../graph/tensor.js';
import { nodeError } from '../operators/check.js';
import type { Scaling } from '../program/instructions.js';
import { type Arithmetic, byShift, type Draft } from './draft.js';
import { nodeOf } from './nodes.js';
import { formatOf, plainIntegers, type Quantity, requireWidth, sameQuantity, widthOf } from './quantity.js';

/** Integers as they stand, whatever the scales of what they are made of. */
const unscaled: Scaling = { style: 'multiplier', multiplier: 1, shift: 0, rounding: 'floor' };

/** Sums of products in int32, which wraps. */
export const asSums: Arithmetic = {
  ...byShift,
  overflow: 'wrap',
  given: { kind: 'scaling', scaling: unscaled },
};

/** Sums of two integers that wrap around in the type of the result, as in ONNX, or saturate. */
export const asIntegers = (overflow: 'wrap' | 'saturate'): Arithmetic => ({
  ...byShift,
  overflow,
  given: { kind: 'sum', shifts: [0, 0], scalings: null, output: unscaled },
});

/** The value that holds the codes of `value` as `expected` says: itself, or another one with the same codes. */
export function readCodes(draft: Draft, node: Node, value: string, expected: Quantity): string {
  const found = draft.quantity(value);
  if (found === undefined) throw nodeError(node, `"${value}" holds no codes`);
  return sameQuantity(found, expected) ? value : relabel(draft, value, expected);
}

/** The codes of a value as integers that stand for themselves. */
export function readIntegers(draft: Draft, node: Node, value: string): string {
  return readCodes(draft, node, value, plainIntegers(requireWidth(node, value, draft.type(value))));
}

function relabel(draft: Draft, value: string, quantity: Quantity): string {
  const { scale, zeroPoint } = quantity;
  const output = draft.freshName(`${draft.resolve(value)}/${scale === 1 ? '' : scale}@${zeroPoint}`);
  draft.emit(nodeOf('Identity', [value], output), [quantity], {
    ...byShift,
    // Wide codes have no zero point, so that a conversion keeps them.
    given:
      quantity.bits > 16
        ? { kind: 'scaling', scaling: unscaled }
        : { kind: 'table', table: everyCode(quantity) },
  });
  return output;
}

function everyCode(quantity: Quantity) {
  const { low, high } = codeRange({ ...quantity, narrow: false });
  const table = allocateCodes(quantity, high - low + 1) as Int16Array;
  for (let code = low; code <= high; code++) table[code - low] = code;
  return table;
}

/** Adds constant integers, which a node reads as codes that stand for themselves. */
export function addIntegers(draft: Draft, name: string, tensor: Tensor): string {
  const { shape, data } = tensor;
  const codes = data as Int32Array;
  const format = formatOf(plainIntegers(widthOf(tensor)));
  return draft.addConstant(`${name}/codes`, float32(shape, Float32Array.from(codes)), format, codes);
}

/** Integers at an input of a node, computed or constant. */
export function readOperand(draft: Draft, node: Node, value: string): string {
  const constant = draft.constant(value);
  return constant === undefined ? readIntegers(draft, node, value) : addIntegers(draft, value, constant);
}

/** Add and Sub of integers of at most 32 bits. */
export function liftIntegerSum(node: Node, draft: Draft): void {
  const [y] = node.outputs;
  const width = requireWidth(node, y, draft.type(y));
  const inputs = node.inputs.map((value) => readOperand(draft, node, value));
  draft.emit({ ...node, inputs }, [plainIntegers(width)], asIntegers('wrap'));
}
