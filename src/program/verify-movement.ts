/** What is legal for the instructions that move data or weight what they moved; as verify-instructions.ts. */
import { at } from '../formats/format.js';
import { elementCount } from '../shape.js';
import * as check from './check.js';
import { type Check, MOST_PRODUCTS } from './check.js';
import type { InstructionTable, Opcode } from './instructions.js';

const LARGEST = 2 ** 31 - 1;

type Movement = Extract<Opcode, 'concat' | 'slice' | 'gather' | 'resample' | 'pad' | 'transpose' | 'reshape'>;

export const movementRules: Pick<InstructionTable<[Check], void>, Movement> = {
  concat({ axis }, c) {
    check.expectOperands(c, 1, Number.POSITIVE_INFINITY);
    const { output, inputs } = c;
    check.expectInteger(c, 'axis', axis, 0, output.shape.length - 1);
    for (const input of inputs) {
      check.expectShape(c, `"${input.name}"`, input, output.shape.with(axis, input.shape[axis]));
    }
    const total = inputs.reduce((sum, { shape }) => sum + shape[axis], 0);
    check.expectShape(c, 'the output', output, output.shape.with(axis, total));
    check.expectMovable(c);
  },
  slice({ starts, steps }, c) {
    check.expectOperands(c, 1);
    const [x] = c.inputs;
    check.expectPerAxis(c, 'starts', starts, 0);
    check.expectPerAxis(c, 'steps', steps, -LARGEST);
    check.expectRank(c, 'the output', c.output, x.shape.length);
    x.shape.forEach((size, axis) => {
      if (steps[axis] === 0) c.fail('steps has a zero', 'other integers', `[${steps}]`);
      const last = starts[axis] + (c.output.shape[axis] - 1) * steps[axis];
      for (const index of [starts[axis], last]) check.expectInteger(c, `axis ${axis}`, index, 0, size - 1);
    });
    check.expectMovable(c);
  },
  gather({ axis, indices }, c) {
    check.expectOperands(c, 1);
    const { shape } = c.inputs[0];
    check.expectInteger(c, 'axis', axis, 0, shape.length - 1);
    for (const index of indices) check.expectInteger(c, 'an index', index, 0, shape[axis] - 1);
    check.expectShape(c, 'the output', c.output, shape.with(axis, indices.length));
    check.expectMovable(c);
  },
  resample({ axis, indices, requantize }, c) {
    check.expectOperands(c, 2);
    const [x, weights] = c.inputs;
    const { shape } = x;
    check.expectInteger(c, 'axis', axis, 0, shape.length - 1);
    check.expectConstant(c, 'the weights', weights);
    check.expectRank(c, 'the weights', weights, 2);
    const [outputs, taps] = weights.shape;
    if (indices.length !== outputs * taps)
      c.fail('indices has a wrong length', `${outputs * taps} entries`, indices.length);
    for (const index of indices) check.expectInteger(c, 'an index', index, 0, shape[axis] - 1);
    if (taps > MOST_PRODUCTS) c.fail('an output has too many products', `at most ${MOST_PRODUCTS}`, taps);
    check.expectShape(c, 'the output', c.output, shape.with(axis, outputs));
    if (!check.worksOnCodes(c)) return check.expectNoRequantize(c, requantize);
    const [input, weight] = c.inputs.map((operand) => check.expectScale(c, operand, null));
    if (weight.bits > 16) c.fail('the weights are too wide', '2 to 16 bits', weight.bits);
    const exact = check.hasUnitMantissa(input) && check.hasUnitMantissa(weight);
    const position = at(input.fractionBits, 0) + at(weight.fractionBits, 0);
    check.expectRequantize(c, requantize, exact ? () => position : undefined);
  },
  pad({ before, after, interior, value }, c) {
    check.expectOperands(c, 1);
    const [x] = c.inputs;
    check.expectPerAxis(c, 'before', before, 0);
    check.expectPerAxis(c, 'after', after, 0);
    if (interior.length > 0) check.expectPerAxis(c, 'interior', interior, 0);
    const shape = x.shape.map(
      (size, axis) => before[axis] + size + (size - 1) * (interior[axis] ?? 0) + after[axis],
    );
    check.expectShape(c, 'the output', c.output, shape);
    check.expectMovable(c);
    check.expectElement(c, 'value', value);
  },
  transpose({ permutation }, c) {
    check.expectOperands(c, 1);
    const [x] = c.inputs;
    const axes = x.shape.map((_, axis) => axis);
    if ([...permutation].sort((a, b) => a - b).join() !== axes.join()) {
      c.fail('permutation does not name every axis once', `the axes ${axes}`, `[${permutation}]`);
    }
    check.expectShape(
      c,
      'the output',
      c.output,
      permutation.map((axis) => x.shape[axis]),
    );
    check.expectMovable(c);
  },
  reshape(_, c) {
    check.expectOperands(c, 1);
    const [x] = c.inputs;
    if (elementCount(x.shape) !== elementCount(c.output.shape)) {
      c.fail('the output has another number of elements', `${elementCount(x.shape)}`, `[${c.output.shape}]`);
    }
    check.expectMovable(c);
  },
};
