/** binary and select: docs/arithmetic.md section 5. */
import type { BinaryFunction, Instruction } from '../../program/instructions.js';
import { broadcastShape } from '../../shape.js';
import { power64 } from './elementary.js';
import {
  check,
  checkFloat,
  checkInputs,
  checkShape,
  numbers,
  type Operands,
  type Run,
  shapeText,
} from './operands.js';
import { broadcastIndex } from './strided-index.js';

const functions: { readonly [K in BinaryFunction]: (a: number, b: number) => number } = {
  divide: (a, b) => a / b,
  power: power64,
  equal: (a, b) => (a === b ? 1 : 0),
  notEqual: (a, b) => (a === b ? 0 : 1),
  less: (a, b) => (a < b ? 1 : 0),
  lessOrEqual: (a, b) => (a <= b ? 1 : 0),
};

export function prepareBinary(instruction: Instruction<'binary'>, operands: Operands): Run {
  const [a, b] = broadcastOperands(operands, 2);
  const y = numbers(operands.where, operands.output);
  const compute = functions[instruction.function];
  return () => {
    for (let i = 0; i < y.length; i++) y[i] = Math.fround(compute(a(i), b(i)));
  };
}

export function prepareSelect(_: Instruction<'select'>, operands: Operands): Run {
  const [condition, a, b] = broadcastOperands(operands, 3);
  const y = numbers(operands.where, operands.output);
  return () => {
    for (let i = 0; i < y.length; i++) y[i] = condition(i) !== 0 ? a(i) : b(i);
  };
}

/** Float32 operands that broadcast to the output: for each element of it, theirs. */
function broadcastOperands(operands: Operands, count: number): ((element: number) => number)[] {
  const { where, inputs, output } = operands;
  checkInputs(operands, count);
  const shape = inputs.reduce<number[] | undefined>(
    (joined, input) => joined && broadcastShape(joined, input.shape),
    [],
  );
  const shapes = inputs.map((input) => shapeText(input.shape)).join(' and ');
  check(shape !== undefined, where, 'shapes do not broadcast', 'equal sizes, or 1', shapes);
  checkShape(where, output, shape);
  checkFloat(where, [...inputs, output]);
  return inputs.map((input) => {
    const data = numbers(where, input);
    const index = broadcastIndex(input.shape, shape);
    return (element) => data[index[element]];
  });
}
