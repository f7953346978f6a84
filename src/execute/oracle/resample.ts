/** resample: docs/arithmetic.md section 5. */
import type { Instruction } from '../../program/instructions.js';
import { elementCount } from '../../shape.js';
import {
  check,
  checkCodes,
  checkFloat,
  checkInputs,
  checkRank,
  checkShape,
  createCentred,
  numbers,
  type Operands,
  type Run,
  shapeText,
} from './operands.js';
import { createStore } from './store-codes.js';

const { fround } = Math;

export function prepareResample(instruction: Instruction<'resample'>, operands: Operands): Run {
  const { axis, indices, requantize } = instruction;
  const { where, inputs, output } = operands;
  checkInputs(operands, 2);
  const { shape } = inputs[0];
  check(shape[axis] !== undefined, where, 'has a wrong axis', `one of ${shapeText(shape)}`, String(axis));
  checkRank(where, inputs[1], 2);
  const [outputs, taps] = inputs[1].shape;
  const inside = indices.every((index) => Number.isInteger(index) && index >= 0 && index < shape[axis]);
  const fits = inside && indices.length === outputs * taps;
  check(
    fits,
    where,
    'has wrong indices',
    `${outputs * taps} from 0 to ${shape[axis] - 1}`,
    indices.join(', '),
  );
  checkShape(where, output, shape.with(axis, outputs));
  const [x, weights] = inputs.map((input) => numbers(where, input));
  const inner = elementCount(shape.slice(axis + 1));
  const count = elementCount(output.shape);
  /** Calls `add` for each tap of an output element, with the positions of x and of the weight. */
  const forEachTap = (element: number, add: (at: number, weight: number) => void) => {
    const line = Math.floor(element / inner);
    const outer = Math.floor(line / outputs) * shape[axis];
    for (let t = (line % outputs) * taps, end = t + taps; t < end; t++)
      add((outer + indices[t]) * inner + (element % inner), t);
  };
  if (requantize === null) {
    checkFloat(where, [...inputs, output]);
    const y = numbers(where, output);
    return () => {
      for (let i = 0; i < count; i++) {
        let sum = 0;
        forEachTap(i, (at, t) => {
          sum = fround(sum + fround(x[at] * weights[t]));
        });
        y[i] = sum;
      }
    };
  }
  checkCodes(where, [...inputs, output]);
  const store = createStore(operands, requantize, null);
  const channels = output.shape.at(-1)!;
  const [readX, readWeights] = inputs.map((input) => createCentred(where, input));
  return () => {
    const [codes, factors] = [readX(), readWeights()];
    for (let i = 0; i < count; i++) {
      let sum = 0;
      forEachTap(i, (at, t) => {
        sum += codes[at] * factors[t];
      });
      store(i, i % channels, sum);
    }
  };
}
