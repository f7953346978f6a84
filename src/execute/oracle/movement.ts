/** concat, slice, gather, pad, transpose, reshape: docs/arithmetic.md section 5. Bits are copied, never changed. */
import type { Instruction } from '../../program/instructions.js';
import { elementCount, stridesOf } from '../../shape.js';
import {
  check,
  checkInputs,
  checkRank,
  checkSameFormat,
  checkShape,
  numbers,
  type Operands,
  type Run,
  shapeText,
} from './operands.js';
import { stridedIndex } from './strided-index.js';

/** Throws a ProgramError unless an attribute has one legal integer per axis. */
function checkPerAxis(
  { where, inputs }: Operands,
  name: string,
  values: readonly number[],
  legal: (value: number, axis: number) => boolean,
): void {
  const { shape } = inputs[0];
  const fits =
    values.length === shape.length && values.every((v, axis) => Number.isInteger(v) && legal(v, axis));
  check(fits, where, `has wrong ${name}`, `what fits ${shapeText(shape)}`, values.join(', '));
}

export function prepareConcat({ axis }: Instruction<'concat'>, operands: Operands): Run {
  const { where, inputs, output } = operands;
  checkInputs(operands, 1, Infinity);
  checkSameFormat(where, [output, ...inputs]);
  const { shape } = output;
  check(shape[axis] !== undefined, where, 'has a wrong axis', `one of ${shapeText(shape)}`, String(axis));
  const y = numbers(where, output);
  const strides = stridesOf(shape);
  let start = 0;
  const copies = inputs.map((input) => {
    checkRank(where, input, shape.length);
    const extent = input.shape[axis];
    checkShape(where, input, shape.with(axis, extent));
    const places = stridedIndex(input.shape, strides, start * strides[axis]);
    start += extent;
    return { x: numbers(where, input), places };
  });
  check(
    start === shape[axis],
    where,
    'the inputs do not fill the output',
    String(shape[axis]),
    String(start),
  );
  return () => {
    for (const { x, places } of copies)
      places.forEach((place, i) => {
        y[place] = x[i];
      });
  };
}

/** Each output element i is input element places[i]. */
function copyFrom({ where, inputs, output }: Operands, places: Int32Array): Run {
  const x = numbers(where, inputs[0]);
  const y = numbers(where, output);
  return () => {
    for (let i = 0; i < places.length; i++) y[i] = x[places[i]];
  };
}

export function prepareSlice({ starts, steps }: Instruction<'slice'>, operands: Operands): Run {
  const { where, inputs, output } = operands;
  checkInputs(operands, 1);
  checkSameFormat(where, [inputs[0], output]);
  const { shape } = inputs[0];
  checkRank(where, output, shape.length);
  const inside = (index: number, axis: number) => index >= 0 && index < shape[axis];
  const last = (axis: number) => starts[axis] + (output.shape[axis] - 1) * steps[axis];
  checkPerAxis(operands, 'starts', starts, (start, axis) => output.shape[axis] === 0 || inside(start, axis));
  checkPerAxis(
    operands,
    'steps',
    steps,
    (step, axis) => step !== 0 && (output.shape[axis] === 0 || inside(last(axis), axis)),
  );
  const strides = stridesOf(shape);
  const offset = starts.reduce((sum, start, axis) => sum + start * strides[axis], 0);
  const stepped = strides.map((stride, axis) => stride * steps[axis]);
  return copyFrom(operands, stridedIndex(output.shape, stepped, offset));
}

export function prepareGather({ axis, indices }: Instruction<'gather'>, operands: Operands): Run {
  const { where, inputs, output } = operands;
  checkInputs(operands, 1);
  checkSameFormat(where, [inputs[0], output]);
  const { shape } = inputs[0];
  check(shape[axis] !== undefined, where, 'has a wrong axis', `one of ${shapeText(shape)}`, String(axis));
  const inside = indices.every((index) => Number.isInteger(index) && index >= 0 && index < shape[axis]);
  check(inside, where, 'has wrong indices', `0 to ${shape[axis] - 1}`, indices.join(', '));
  checkShape(where, output, shape.with(axis, indices.length));
  const inner = elementCount(shape.slice(axis + 1));
  const places = Int32Array.from({ length: elementCount(output.shape) }, (_, element) => {
    const line = Math.floor(element / inner);
    const outer = Math.floor(line / indices.length);
    return (outer * shape[axis] + indices[line % indices.length]) * inner + (element % inner);
  });
  return copyFrom(operands, places);
}

export function preparePad({ before, after, interior, value }: Instruction<'pad'>, operands: Operands): Run {
  const { where, inputs, output } = operands;
  checkInputs(operands, 1);
  checkSameFormat(where, [inputs[0], output]);
  const { shape } = inputs[0];
  checkPerAxis(operands, 'padding', before, (size) => size >= 0);
  checkPerAxis(operands, 'padding', after, (size) => size >= 0);
  const between = interior.length === 0 ? shape.map(() => 0) : interior;
  checkPerAxis(operands, 'padding', between, (size) => size >= 0);
  const padded = shape.map((size, axis) => before[axis] + size + (size - 1) * between[axis] + after[axis]);
  checkShape(where, output, padded);
  const strides = stridesOf(padded);
  const offset = before.reduce((sum, size, axis) => sum + size * strides[axis], 0);
  const spread = strides.map((stride, axis) => stride * (1 + between[axis]));
  const places = stridedIndex(shape, spread, offset);
  const x = numbers(where, inputs[0]);
  const y = numbers(where, output);
  return () => {
    y.fill(value);
    for (let i = 0; i < places.length; i++) y[places[i]] = x[i];
  };
}

export function prepareTranspose({ permutation }: Instruction<'transpose'>, operands: Operands): Run {
  const { where, inputs, output } = operands;
  checkInputs(operands, 1);
  checkSameFormat(where, [inputs[0], output]);
  const { shape } = inputs[0];
  checkPerAxis(operands, 'permutation', permutation, (axis) => axis >= 0 && axis < shape.length);
  const once = new Set(permutation).size === shape.length;
  check(once, where, 'has a wrong permutation', 'every axis once', permutation.join(', '));
  const permuted = permutation.map((axis) => shape[axis]);
  checkShape(where, output, permuted);
  const strides = stridesOf(shape);
  const places = stridedIndex(
    permuted,
    permutation.map((axis) => strides[axis]),
  );
  return copyFrom(operands, places);
}

export function prepareReshape(_: Instruction<'reshape'>, operands: Operands): Run {
  const { where, inputs, output } = operands;
  checkInputs(operands, 1);
  checkSameFormat(where, [inputs[0], output]);
  const [from, to] = [inputs[0].shape, output.shape];
  check(elementCount(from) === elementCount(to), where, 'loses elements', shapeText(from), shapeText(to));
  const x = numbers(where, inputs[0]);
  const y = numbers(where, output);
  return () => y.set(x);
}
