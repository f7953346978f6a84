/** What operators on pairs of elements share: shapes, and computing them on constants. */
import { intAttribute } from '../graph/attributes.js';
import type { Graph, Node } from '../graph/graph.js';
import type { Tensor, TensorType } from '../graph/tensor.js';
import { nodeError, normalizeAxis, required, requireOneType, shapeText, typeOf } from './check.js';
import { allocate, fromIntegers, integersOf, isFloat, toFloats } from './storage.js';
import { broadcast, broadcastShapes } from './strided.js';

/** An operation on two numbers; integers are exact and wrap around to their type afterwards. */
export interface BinaryMeaning {
  float(a: number, b: number): number;
  integer(a: bigint, b: bigint): bigint;
}

export const addition: BinaryMeaning = { float: (a, b) => a + b, integer: (a, b) => a + b };
export const subtraction: BinaryMeaning = { float: (a, b) => a - b, integer: (a, b) => a - b };
export const multiplication: BinaryMeaning = { float: (a, b) => a * b, integer: (a, b) => a * b };
export const minimum: BinaryMeaning = {
  float: Math.min,
  integer(a, b) {
    if (a < b) return a;
    return b;
  },
};
export const maximum: BinaryMeaning = {
  float: Math.max,
  integer(a, b) {
    if (a > b) return a;
    return b;
  },
};

/** The operators whose second operand `broadcast` and `axis` place, up to operator set 6. */
export const placesOperand: ReadonlySet<string> = new Set([
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Pow',
  'And',
  'Or',
  'Equal',
  'Less',
  'Greater',
]);

/**
 * Shape of the second operand as numpy broadcasting reads it. Up to operator set 6, `broadcast` and `axis` say
 * where it lies in the first.
 */
export function alignedShape(
  node: Node,
  a: readonly number[],
  b: readonly number[],
  opset: number,
): readonly number[] {
  if (opset >= 7) return b;
  if (intAttribute(node, 'broadcast', 0) === 0) {
    if (a.join() === b.join()) return b;
    throw nodeError(node, 'the shapes differ without broadcast', shapeText(a), shapeText(b));
  }
  const start = intAttribute(node, 'axis', a.length - b.length);
  const axis = b.length === 0 ? a.length : normalizeAxis(node, start, a.length);
  const missing = a.length - axis - b.length;
  if (missing < 0)
    throw nodeError(node, 'the second input reaches beyond the first', shapeText(a), shapeText(b));
  return [...b, ...Array.from({ length: missing }, () => 1)];
}

/** The old way to broadcast along inner axes; newer models reshape the operand. */
export function rejectInnerAxes(node: Node, graph: Graph): string | undefined {
  const [a, b] = node.inputs.map((name) => typeOf(graph, name).shape);
  const aligned = alignedShape(node, a, b, graph.opset);
  return aligned.length === b.length || b.length === 0 ? undefined : 'broadcasting by the attribute axis';
}

/** Shape of the result of two operands, after checking that they fit. */
export function pairShape(
  node: Node,
  inputs: readonly (TensorType | undefined)[],
  opset: number,
): readonly number[] {
  const a = required(node, inputs, 0);
  const b = required(node, inputs, 1);
  requireOneType(node, inputs.slice(0, 2));
  return broadcastShapes(node, [a.shape, alignedShape(node, a.shape, b.shape, opset)]);
}

/** Both operands, repeated to the shape of the result. */
export function operands(
  node: Node,
  inputs: readonly (Tensor | undefined)[],
  shape: readonly number[],
  opset: number,
): [Tensor, Tensor] {
  const a = required(node, inputs, 0);
  const b = required(node, inputs, 1);
  const aligned = { ...b, shape: alignedShape(node, a.shape, b.shape, opset) };
  return [broadcast(node, a, shape), broadcast(node, aligned, shape)];
}

/** Applies an operation to two tensors of the shape and type of the result. */
export function computePairs(node: Node, a: Tensor, b: Tensor, meaning: BinaryMeaning): Tensor {
  const { type, shape } = a;
  if (!isFloat(type)) {
    const left = integersOf(node, a);
    const right = integersOf(node, b);
    return fromIntegers(node, type, shape, (i) => meaning.integer(left(i), right(i)));
  }
  const left = toFloats(node, a);
  const right = toFloats(node, b);
  const data = allocate(node, type, shape) as Float32Array;
  for (let i = 0; i < data.length; i++) data[i] = meaning.float(left[i], right[i]);
  return { type, shape, data };
}
