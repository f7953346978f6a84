/** reduce and argMax: docs/arithmetic.md section 5. */
import type { Instruction } from '../../program/instructions.js';
import { elementCount, stridesOf } from '../../shape.js';
import {
  check,
  checkCodes,
  checkFloat,
  checkInputs,
  checkSameFormat,
  checkShape,
  createCentred,
  numbers,
  type Operands,
  type Run,
  shapeText,
} from './operands.js';
import { createStore } from './store-codes.js';
import { stridedIndex } from './strided-index.js';

const { fround } = Math;

/** The first input element of each output element, and from there the elements that are reduced, in stored order. */
function lines(axes: readonly number[], operands: Operands) {
  const { where, inputs, output } = operands;
  checkInputs(operands, 1);
  const { shape } = inputs[0];
  const ascend = axes.every((axis, i) => shape[axis] !== undefined && (i === 0 || axes[i - 1] < axis));
  check(ascend, where, 'has wrong axes', `ascending axes of ${shapeText(shape)}`, axes.join(', '));
  const isReduced = (axis: number) => axes.includes(axis);
  const kept = shape.map((size, axis) => (isReduced(axis) ? 1 : size));
  checkShape(where, output, kept);
  const reduced = shape.map((size, axis) => (isReduced(axis) ? size : 1));
  const strides = stridesOf(shape);
  return { starts: stridedIndex(kept, strides), steps: stridedIndex(reduced, strides) };
}

export function prepareReduce(instruction: Instruction<'reduce'>, operands: Operands): Run {
  const { function: fn, axes, requantize } = instruction;
  const { where, inputs, output } = operands;
  const { starts, steps } = lines(axes, operands);
  const x = numbers(where, inputs[0]);
  const y = numbers(where, output);
  if (fn !== 'sum') {
    checkSameFormat(where, [inputs[0], output]);
    const isMaximum = fn === 'maximum';
    return () => {
      starts.forEach((start, i) => {
        let best = isMaximum ? -Infinity : Infinity;
        for (const step of steps) {
          const value = x[start + step];
          if (isMaximum ? best < value : value < best) best = value;
        }
        y[i] = best;
      });
    };
  }
  if (requantize === null) {
    checkFloat(where, [inputs[0], output]);
    return () => {
      starts.forEach((start, i) => {
        let sum = 0;
        for (const step of steps) sum = fround(sum + x[start + step]);
        y[i] = sum;
      });
    };
  }
  checkCodes(where, [inputs[0], output]);
  const read = createCentred(where, inputs[0]);
  const store = createStore(operands, requantize, null);
  const channels = output.shape.at(-1) ?? 1;
  return () => {
    const codes = read();
    starts.forEach((start, i) => {
      let sum = 0;
      for (const step of steps) sum += codes[start + step];
      store(i, i % channels, sum);
    });
  };
}

export function prepareArgMax({ axis, last }: Instruction<'argMax'>, operands: Operands): Run {
  const { where, inputs, output } = operands;
  const { starts, steps } = lines([axis], operands);
  const x = numbers(where, inputs[0]);
  const y = numbers(where, output);
  const length = elementCount(inputs[0].shape.slice(axis, axis + 1));
  return () => {
    starts.forEach((start, i) => {
      let best = 0;
      for (let index = 1; index < length; index++) {
        const [value, leader] = [x[start + steps[index]], x[start + steps[best]]];
        if (value > leader || (last && value === leader)) best = index;
      }
      y[i] = best;
    });
  };
}
