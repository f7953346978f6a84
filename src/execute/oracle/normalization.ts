/** softmax, normalize and localResponseNormalization: docs/arithmetic.md section 5. */
import type { Instruction } from '../../program/instructions.js';
import { elementCount } from '../../shape.js';
import { exp64, log64 } from './elementary.js';
import {
  check,
  checkFloat,
  checkInputs,
  checkShape,
  type Operands,
  type Run,
  shapeText,
} from './operands.js';
import { prepareSoftmaxCodes } from './softmax-codes.js';

const { fround } = Math;

function floatPair({ where, inputs, output }: Operands): [Float32Array, Float32Array] {
  checkFloat(where, [inputs[0], output]);
  checkShape(where, output, inputs[0].shape);
  return [inputs[0].data as Float32Array, output.data as Float32Array];
}

export function prepareSoftmax({ axis }: Instruction<'softmax'>, operands: Operands): Run {
  const isFloat = operands.output.format === null;
  checkInputs(operands, isFloat ? 1 : 2, isFloat ? 1 : 3);
  const { shape } = operands.output;
  const extent = shape[axis];
  check(extent !== undefined, operands.where, 'has a wrong axis', `one of ${shapeText(shape)}`, String(axis));
  const inner = elementCount(shape.slice(axis + 1));
  if (!isFloat) return prepareSoftmaxCodes(operands, extent, inner);
  const [x, y] = floatPair(operands);
  return () => {
    for (let line = 0; line < x.length / extent; line++) {
      const first = Math.floor(line / inner) * extent * inner + (line % inner);
      const end = first + extent * inner;
      let greatest = -Infinity;
      for (let i = first; i < end; i += inner) if (greatest < x[i]) greatest = x[i];
      let sum = 0;
      for (let i = first; i < end; i += inner) {
        y[i] = exp64(fround(x[i] - greatest));
        sum = fround(sum + y[i]);
      }
      for (let i = first; i < end; i += inner) y[i] = y[i] / sum;
    }
  };
}

export function prepareLocalResponseNormalization(
  instruction: Instruction<'localResponseNormalization'>,
  operands: Operands,
): Run {
  checkInputs(operands, 1);
  const { size, alpha, beta, bias } = instruction;
  const legal = Number.isInteger(size) && size > 0;
  check(legal, operands.where, 'has a wrong size', 'an integer above 0', String(size));
  const [x, y] = floatPair(operands);
  const channels = operands.output.shape.at(-1) ?? 1;
  const before = Math.floor((size - 1) / 2);
  const after = Math.ceil((size - 1) / 2);
  return () => {
    for (let i = 0; i < x.length; i++) {
      const channel = i % channels;
      const base = i - channel;
      const last = Math.min(channels - 1, channel + after);
      let squares = 0;
      for (let k = Math.max(0, channel - before); k <= last; k++) squares += x[base + k] * x[base + k];
      y[i] = x[i] / exp64(beta * log64(bias + (alpha / size) * squares));
    }
  };
}

export function prepareNormalize(instruction: Instruction<'normalize'>, operands: Operands): Run {
  checkInputs(operands, 1);
  const { axis, epsilon, result } = instruction;
  const { where, inputs, output } = operands;
  const { shape } = inputs[0];
  const legal = Number.isInteger(axis) && axis >= 0 && axis <= shape.length;
  check(legal, where, 'has a wrong axis', `0 to ${shape.length}`, String(axis));
  checkFloat(where, [inputs[0], output]);
  const isReduced = (i: number) => result !== 'values' && i >= axis;
  checkShape(
    where,
    output,
    shape.map((size, i) => (isReduced(i) ? 1 : size)),
  );
  const x = inputs[0].data as Float32Array;
  const y = output.data as Float32Array;
  const count = elementCount(shape.slice(axis));
  return () => {
    for (let line = 0; line < x.length / count; line++) {
      const values = x.subarray(line * count, (line + 1) * count);
      let sum = 0;
      for (const value of values) sum += value;
      const mean = sum / count;
      let squares = 0;
      for (const value of values) squares += (value - mean) * (value - mean);
      const scale = 1 / Math.sqrt(squares / count + epsilon);
      if (result === 'values')
        y.set(
          values.map((value) => (value - mean) * scale),
          line * count,
        );
      else y[line] = result === 'mean' ? mean : scale;
    }
  };
}
