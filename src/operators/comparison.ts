/** Equal, Less, Greater and their kin, And, Or and Not: truth values are 0 and 1. */
import type { Node } from '../graph/graph.js';
import type { Tensor } from '../graph/tensor.js';
import { nodeError, outputType, required } from './check.js';
import { operands, pairShape, rejectInnerAxes } from './elementwise.js';
import { decodeHalf, isHalf } from './half.js';
import type { Operator } from './operator.js';
import { allocate, integerWidth, isFloat } from './storage.js';

type Element = number | bigint | string;

/** Elements that compare by value. */
function comparable(node: Node, tensor: Tensor): readonly Element[] {
  const { type, data } = tensor;
  if (isHalf(type)) return Array.from(decodeHalf(tensor));
  if (isFloat(type) || integerWidth(type) || type === 'string') return data as unknown as readonly Element[];
  throw nodeError(node, `constants of type ${type} cannot be computed`);
}

function condition(
  name: string,
  since: number,
  holds: (a: Element, b: Element) => boolean,
  lower: NonNullable<Operator['lower']>,
): Operator {
  return {
    name,
    since,
    types: ['bool'],
    float: true,
    reject: rejectInnerAxes,
    lower,
    infer(node, inputs, _constant, opset) {
      return [outputType(node, 'bool', pairShape(node, inputs, opset))];
    },
    fold(node, inputs, [{ shape }], opset) {
      const [a, b] = operands(node, inputs, shape, opset).map((tensor) => comparable(node, tensor));
      const data = allocate(node, 'bool', shape) as Uint8Array;
      for (let i = 0; i < data.length; i++) data[i] = holds(a[i], b[i]) ? 1 : 0;
      return [{ type: 'bool', shape, data }];
    },
  };
}

/** The node with its inputs in the other order. */
const swapped = (node: Node): Node => ({ ...node, inputs: [node.inputs[1], node.inputs[0]] });

export const equal = condition(
  'Equal',
  1,
  (a, b) => a === b,
  (node, lowering) => lowering.binary(node, 'equal'),
);
export const less = condition(
  'Less',
  1,
  (a, b) => a < b,
  (node, lowering) => lowering.binary(node, 'less'),
);
export const lessOrEqual = condition(
  'LessOrEqual',
  12,
  (a, b) => a <= b,
  (node, lowering) => lowering.binary(node, 'lessOrEqual'),
);
export const greater = condition(
  'Greater',
  1,
  (a, b) => a > b,
  (node, lowering) => lowering.binary(swapped(node), 'less'),
);
export const greaterOrEqual = condition(
  'GreaterOrEqual',
  12,
  (a, b) => a >= b,
  (node, lowering) => lowering.binary(swapped(node), 'lessOrEqual'),
);
export const and = condition(
  'And',
  1,
  (a, b) => a === 1 && b === 1,
  (node, lowering) => lowering.extremum(node, 'minimum'),
);
export const or = condition(
  'Or',
  1,
  (a, b) => a === 1 || b === 1,
  (node, lowering) => lowering.extremum(node, 'maximum'),
);

export const not: Operator = {
  name: 'Not',
  since: 1,
  types: ['bool'],
  float: true,
  lower: (node, lowering) => lowering.unary(node, { name: 'isZero' }),
  infer(node, inputs) {
    return [outputType(node, 'bool', required(node, inputs, 0).shape)];
  },
  fold(node, inputs) {
    const { type, shape, data } = required(node, inputs, 0);
    return [{ type, shape, data: (data as Uint8Array).map((value) => 1 - value) }];
  },
};
