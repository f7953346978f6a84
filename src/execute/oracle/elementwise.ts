/** add, multiply, clamp, leakyRelu, lookup and unary: docs/arithmetic.md section 5. */
import { codeRange } from '../../formats/format.js';
import { roundReal } from '../../formats/rounding.js';
import type { Clamp, Instruction, Requantize } from '../../program/instructions.js';
import { broadcastShape } from '../../shape.js';
import { clampNumber, evaluateUnary } from './elementary.js';
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
import { createScale } from './scale.js';
import { createStore, overflowError } from './store-codes.js';
import { broadcastIndex } from './strided-index.js';

const { fround } = Math;

export function prepareAdd(instruction: Instruction<'add'>, operands: Operands): Run {
  const { sign, shifts, scalings, clamp, requantize } = instruction;
  const { where } = operands;
  const legal = shifts.every((shift) => Number.isInteger(shift) && shift >= 0 && shift <= 32);
  check(legal, where, 'has wrong shifts', '0 to 32', shifts.join(', '));
  const scales = scalings?.map((scaling) => createScale(scaling, 1, where));
  const operand = (value: number, index: number, element: number): number => {
    const shifted = value * 2 ** shifts[index];
    const trap = (got: number | bigint): never => {
      throw overflowError(where, element, got);
    };
    return Number(scales?.[index](shifted, 0, element, trap) ?? shifted);
  };
  const codes = (a: number, b: number, element: number) =>
    operand(a, 0, element) + sign * operand(b, 1, element);
  const floats = (a: number, b: number) => a + sign * b;
  return preparePairs(operands, clamp, requantize, codes, floats);
}

export function prepareMultiply({ clamp, requantize }: Instruction<'multiply'>, operands: Operands): Run {
  const times = (a: number, b: number) => a * b;
  return preparePairs(operands, clamp, requantize, times, times);
}

/** Two operands that broadcast to the output: for each element of it, the index of theirs. */
function pairs(operands: Operands) {
  const { where, inputs, output } = operands;
  checkInputs(operands, 2);
  const shape = broadcastShape(inputs[0].shape, inputs[1].shape);
  const both = inputs.map((input) => shapeText(input.shape)).join(' and ');
  check(shape !== undefined, where, 'shapes do not broadcast', 'equal sizes, or 1', both);
  checkShape(where, output, shape);
  const [a, b] = inputs.map((input) => numbers(where, input));
  return { a, b, index: inputs.map((input) => broadcastIndex(input.shape, shape)) };
}

/** A function of two broadcast tensors: exact on codes; on float32 its float64 result is rounded once. */
function preparePairs(
  operands: Operands,
  clamp: Clamp | null,
  requantize: Requantize | null,
  codes: (a: number, b: number, element: number) => number,
  floats: (a: number, b: number) => number,
): Run {
  const { where, inputs, output } = operands;
  const { shape } = output;
  const { index } = pairs(operands);
  const [indexA, indexB] = index;
  if (requantize !== null) {
    checkCodes(where, [...inputs, output]);
    const store = createStore(operands, requantize, clamp);
    const channels = shape.at(-1) ?? 1;
    const [readA, readB] = inputs.map((input) => createCentred(where, input));
    return () => {
      const [a, b] = [readA(), readB()];
      for (let i = 0; i < indexA.length; i++) store(i, i % channels, codes(a[indexA[i]], b[indexB[i]], i));
    };
  }
  checkFloat(where, [...inputs, output]);
  const [a, b] = inputs.map((input) => numbers(where, input));
  const y = numbers(where, output);
  const low = fround(clamp?.low ?? -Infinity);
  const high = fround(clamp?.high ?? Infinity);
  return () => {
    for (let i = 0; i < y.length; i++) {
      y[i] = clampNumber(fround(floats(a[indexA[i]], b[indexB[i]])), low, high);
    }
  };
}

export function prepareExtremum(instruction: Instruction<'extremum'>, operands: Operands): Run {
  const { where, inputs, output } = operands;
  const { index, a, b } = pairs(operands);
  checkSameFormat(where, [...inputs, output]);
  const y = numbers(where, output);
  const isLarger = (p: number, q: number) => p < q;
  const isSmaller = (p: number, q: number) => q < p;
  const replaces = instruction.function === 'maximum' ? isLarger : isSmaller;
  return () => {
    for (let i = 0; i < y.length; i++) {
      const [p, q] = [a[index[0][i]], b[index[1][i]]];
      y[i] = replaces(p, q) ? q : p;
    }
  };
}

export function prepareScaledPair({ by, clamp }: Instruction<'scaledPair'>, operands: Operands): Run {
  const { where, inputs, output } = operands;
  const { index, a, b } = pairs(operands);
  checkCodes(where, [...inputs, output]);
  const codes = numbers(where, output);
  const [readA, readB] = inputs.map((input) => createCentred(where, input));
  const range = codeRange(output.format!);
  const low = clamp?.low ?? range.low;
  const high = clamp?.high ?? range.high;
  return () => {
    const [centredA, centredB] = [readA(), readB()];
    for (let i = 0; i < codes.length; i++) {
      const [p, q] = [index[0][i], index[1][i]];
      const v =
        by.function === 'sum'
          ? fround(a[p] * by.scales[0] + fround(b[q] * by.scales[1] + by.offset))
          : fround(fround(centredA[p] * centredB[q] * by.scale) + by.offset);
      const rounded = clampNumber(roundReal(v, 'halfEven'), range.low, range.high);
      codes[i] = clampNumber(rounded, low, high);
    }
  };
}

export function prepareClamp({ clamp }: Instruction<'clamp'>, operands: Operands): Run {
  const { where, inputs, output } = operands;
  checkInputs(operands, 1);
  checkSameFormat(where, [inputs[0], output]);
  checkShape(where, output, inputs[0].shape);
  const x = numbers(where, inputs[0]);
  const y = numbers(where, output);
  const { low, high } = output.format === null ? { low: fround(clamp.low), high: fround(clamp.high) } : clamp;
  return () => {
    for (let i = 0; i < x.length; i++) y[i] = clampNumber(x[i], low, high);
  };
}

export function prepareLeakyRelu(instruction: Instruction<'leakyRelu'>, operands: Operands): Run {
  const { slopeShift, requantize } = instruction;
  const { where, inputs, output } = operands;
  checkInputs(operands, 2);
  checkShape(where, output, inputs[0].shape);
  const channels = output.shape.at(-1) ?? 1;
  const perChannel = inputs[1].shape.length === 1 && inputs[1].shape[0] !== 1;
  checkShape(where, inputs[1], perChannel ? [channels] : [1]);
  const slopeOf = (slopes: ArrayLike<number>, i: number) => slopes[perChannel ? i % channels : 0];
  if (requantize === null) {
    checkFloat(where, [...inputs, output]);
    const [x, slopes] = inputs.map((input) => numbers(where, input));
    const y = numbers(where, output);
    return () => {
      for (let i = 0; i < x.length; i++) y[i] = x[i] >= 0 ? x[i] : fround(x[i] * slopeOf(slopes, i));
    };
  }
  checkCodes(where, [...inputs, output]);
  const legal = Number.isInteger(slopeShift) && slopeShift >= 0 && slopeShift <= 32;
  check(legal, where, 'has a wrong slope shift', '0 to 32', String(slopeShift));
  const store = createStore(operands, requantize, null);
  const [readX, readSlopes] = inputs.map((input) => createCentred(where, input));
  return () => {
    const [x, slopes] = [readX(), readSlopes()];
    for (let i = 0; i < x.length; i++) {
      store(i, i % channels, x[i] >= 0 ? x[i] * 2 ** slopeShift : x[i] * slopeOf(slopes, i));
    }
  };
}

export function prepareLookup(_: Instruction<'lookup'>, operands: Operands): Run {
  const { where, inputs, output } = operands;
  checkInputs(operands, 2);
  const [x, table] = inputs;
  const { format } = x;
  check(format !== null, where, `"${x.name}" cannot index`, 'codes', 'float32');
  checkSameFormat(where, [table, output]);
  checkShape(where, table, [2 ** format.bits]);
  checkShape(where, output, x.shape);
  const { low } = codeRange({ ...format, narrow: false });
  const [codes, entries] = inputs.map((input) => numbers(where, input));
  const y = numbers(where, output);
  return () => {
    for (let i = 0; i < codes.length; i++) y[i] = entries[codes[i] - low];
  };
}

export function prepareUnary(instruction: Instruction<'unary'>, operands: Operands): Run {
  const { where, inputs, output } = operands;
  checkInputs(operands, 1);
  checkFloat(where, [inputs[0], output]);
  checkShape(where, output, inputs[0].shape);
  const x = numbers(where, inputs[0]);
  const y = numbers(where, output);
  return () => {
    for (let i = 0; i < x.length; i++) y[i] = evaluateUnary(instruction.function, x[i]);
  };
}
