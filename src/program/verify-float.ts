/** What is legal for the instructions that exist in float32 alone. */
import { broadcastShape } from '../shape.js';
import type { Check } from './check.js';
import * as check from './check.js';
import type { InstructionTable } from './instructions.js';

export const floatRules: Pick<InstructionTable<[Check], void>, 'binary' | 'select' | 'normalize'> = {
  binary(_, c) {
    expectBroadcast(c, 2);
  },
  select(_, c) {
    expectBroadcast(c, 3);
  },
  normalize({ axis, epsilon, result }, c) {
    check.expectOperands(c, 1);
    expectAllFloat(c);
    const { shape } = c.inputs[0];
    check.expectInteger(c, 'axis', axis, 0, shape.length);
    const isReduced = (i: number) => result !== 'values' && i >= axis;
    const expected = shape.map((size, i) => (isReduced(i) ? 1 : size));
    check.expectShape(c, 'the output', c.output, expected);
    if (!(epsilon >= 0 && epsilon < Infinity))
      c.fail('epsilon is out of range', 'a number from 0 up', epsilon);
  },
};

function expectAllFloat(c: Check): void {
  for (const tensor of [...c.inputs, c.output]) check.expectFloat(c, tensor);
}

function expectBroadcast(c: Check, count: number): void {
  check.expectOperands(c, count);
  expectAllFloat(c);
  const [first, ...others] = c.inputs.map(({ shape }) => shape);
  const join = (joined: readonly number[] | undefined, shape: readonly number[]) =>
    joined && broadcastShape(joined, shape);
  const shape = others.reduce<readonly number[] | undefined>(join, first);
  const shapes = c.inputs.map((input) => `[${input.shape}]`).join(' and ');
  if (shape === undefined) c.fail('the operands do not broadcast', 'equal sizes, or 1', shapes);
  check.expectShape(c, 'the output', c.output, shape);
}
