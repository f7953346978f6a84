/** Functions of one variable that integers have too: Neg, Abs, Floor, Ceil, Sqrt. */
import type { Tensor } from '../graph/tensor.js';
import { outputType, required } from './check.js';
import type { Operator } from './operator.js';
import { allocate, fromIntegers, integersOf, isFloat, toFloats } from './storage.js';

function constantFunction(
  name: string,
  float: (value: number) => number,
  integer: (value: bigint) => bigint,
): Operator {
  return {
    name,
    since: 6,
    infer(node, inputs) {
      const { type, shape } = required(node, inputs, 0);
      return [outputType(node, type, shape)];
    },
    fold(node, inputs): Tensor[] {
      const x = required(node, inputs, 0);
      const { type, shape } = x;
      if (!isFloat(type)) {
        const valueAt = integersOf(node, x);
        return [fromIntegers(node, type, shape, (i) => integer(valueAt(i)))];
      }
      const values = toFloats(node, x);
      const data = allocate(node, type, shape) as Float32Array;
      for (let i = 0; i < data.length; i++) data[i] = float(values[i]);
      return [{ type, shape, data }];
    },
  };
}

const same = (value: bigint) => value;
export const floor: Operator = {
  ...constantFunction('Floor', Math.floor, same),
  lower: (node, lowering) => lowering.unary(node, { name: 'floor' }),
};
export const ceil: Operator = {
  ...constantFunction('Ceil', Math.ceil, same),
  lower: (node, lowering) => lowering.unary(node, { name: 'ceiling' }),
};
export const sqrt: Operator = {
  ...constantFunction('Sqrt', Math.sqrt, same),
  lower: (node, lowering) => lowering.unary(node, { name: 'squareRoot' }),
};
export const neg: Operator = {
  ...constantFunction(
    'Neg',
    (value) => -value,
    (value) => -value,
  ),
  lower: (node, lowering) => lowering.unary(node, { name: 'negate' }),
};
export const abs: Operator = {
  ...constantFunction('Abs', Math.abs, (value) => (value < 0n ? -value : value)),
  lower: (node, lowering) => lowering.unary(node, { name: 'absolute' }),
};
