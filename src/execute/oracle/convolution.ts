/** convolution and gemm: docs/arithmetic.md sections 4 and 5. */
import { isExact } from '../../program/accumulator.js';
import type { Arithmetic, Clamp, Instruction, Window } from '../../program/instructions.js';
import { elementCount } from '../../shape.js';
import { createAccumulate } from './accumulate.js';
import { clampNumber } from './elementary.js';
import {
  check,
  checkCodes,
  checkFloat,
  checkInputs,
  checkRank,
  checkShape,
  createCentred,
  type Operand,
  type Operands,
  type Run,
} from './operands.js';
import { EXACT } from './scale.js';
import { createStore, overflowError } from './store-codes.js';
import { checkWindow, forEachWindow } from './windows.js';

/** A convolution whose operands fit each other; a gemm is one with a kernel of 1 x 1. */
interface Geometry {
  readonly window: Window;
  readonly groups: number;
  /** [N,H,W,C] and [N,H',W',O] */
  readonly input: readonly number[];
  readonly output: readonly number[];
  /** Input channels of one group. */
  readonly depth: number;
}

const POINT: Window = { kernel: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] };

export function prepareConvolution(instruction: Instruction<'convolution'>, operands: Operands): Run {
  const { window, groups, clamp, arithmetic } = instruction;
  const { where, inputs, output } = operands;
  checkInputs(operands, 2, 3);
  const [x, weights] = inputs;
  checkWindow(where, window, x, output);
  checkRank(where, weights, 4);
  const channels = x.shape[3];
  const outputs = output.shape[3];
  const divides = groups > 0 && channels % groups === 0 && outputs % groups === 0;
  check(divides, where, 'groups do not divide the channels', `${channels} and ${outputs}`, String(groups));
  const depth = channels / groups;
  checkShape(where, weights, [outputs, ...window.kernel, depth]);
  const geometry = { window, groups, input: x.shape, output: output.shape, depth };
  return prepareProducts(geometry, operands, clamp, arithmetic);
}

export function prepareGemm(instruction: Instruction<'gemm'>, operands: Operands): Run {
  const { clamp, arithmetic } = instruction;
  const { where, inputs, output } = operands;
  checkInputs(operands, 2, 3);
  const [x, weights] = inputs;
  checkRank(where, x, 2);
  checkRank(where, weights, 2);
  const [rows, depth] = x.shape;
  const [outputs] = weights.shape;
  checkShape(where, weights, [outputs, depth]);
  checkShape(where, output, [rows, outputs]);
  const geometry = {
    window: POINT,
    groups: 1,
    input: [rows, 1, 1, depth],
    output: [rows, 1, 1, outputs],
    depth,
  };
  return prepareProducts(geometry, operands, clamp, arithmetic);
}

function prepareProducts(
  geometry: Geometry,
  operands: Operands,
  clamp: Clamp | null,
  arithmetic: Arithmetic | null,
): Run {
  const { where, inputs, output } = operands;
  const [, , bias] = inputs;
  if (bias !== undefined) checkShape(where, bias, [geometry.output[3]]);
  if (arithmetic !== null) {
    checkCodes(where, [...inputs, output]);
    const length = elementCount(geometry.window.kernel) * geometry.depth;
    check(length <= 2 ** 20, where, 'has too many products per output', '2^20', String(length));
    const exact = isExact(arithmetic.accumulator);
    return (exact ? prepareExact : prepareEmulated)(geometry, operands, clamp, arithmetic);
  }
  checkFloat(where, [...inputs, output]);
  return prepareFloat(geometry, operands, clamp);
}

function prepareFloat(geometry: Geometry, { inputs, output }: Operands, clamp: Clamp | null): Run {
  const { window, groups, input, output: shape, depth } = geometry;
  const [x, w, bias] = inputs.map(({ data }) => data as Float32Array);
  const y = output.data as Float32Array;
  const low = Math.fround(clamp?.low ?? -Infinity);
  const high = Math.fround(clamp?.high ?? Infinity);
  const channels = input[3];
  const outputs = shape[3];
  const size = window.kernel[0] * window.kernel[1];
  return () => {
    forEachWindow(window, input, shape, (position, taps) => {
      for (let o = 0; o < outputs; o++) {
        const first = Math.floor(o / (outputs / groups)) * depth;
        let sum = 0;
        for (let t = 0; t < taps.count; t++) {
          const from = taps.pixels[t] * channels + first;
          const at = (o * size + taps.places[t]) * depth;
          for (let k = 0; k < depth; k++) sum = Math.fround(sum + Math.fround(x[from + k] * w[at + k]));
        }
        if (bias !== undefined) sum = Math.fround(sum + bias[o]);
        y[position * outputs + o] = clampNumber(sum, low, high);
      }
    });
  };
}

/** 2^20 products of 16-bit codes sum exactly in a float64; only the bias may need more. */
function prepareExact(
  geometry: Geometry,
  operands: Operands,
  clamp: Clamp | null,
  { requantize }: Arithmetic,
): Run {
  const { window, groups, input, output: shape, depth } = geometry;
  const { where, inputs } = operands;
  const [readX, readW] = inputs.slice(0, 2).map((operand) => createCentred(where, operand));
  const bias = biasReader(inputs[2]);
  const store = createStore(operands, requantize, clamp);
  const channels = input[3];
  const outputs = shape[3];
  const size = window.kernel[0] * window.kernel[1];
  return () => {
    const values = readX();
    const w = readW();
    forEachWindow(window, input, shape, (position, taps) => {
      for (let o = 0; o < outputs; o++) {
        const first = Math.floor(o / (outputs / groups)) * depth;
        let sum = 0;
        for (let t = 0; t < taps.count; t++) {
          const from = taps.pixels[t] * channels + first;
          const at = (o * size + taps.places[t]) * depth;
          for (let k = 0; k < depth; k++) sum += values[from + k] * w[at + k];
        }
        store(position * outputs + o, o, addExactly(sum, bias(o)));
      }
    });
  };
}

function prepareEmulated(
  geometry: Geometry,
  operands: Operands,
  clamp: Clamp | null,
  { accumulator, requantize }: Arithmetic,
): Run {
  const { window, groups, input, output: shape, depth } = geometry;
  const { where, inputs } = operands;
  const [readX, readW] = inputs.slice(0, 2).map((operand) => createCentred(where, operand));
  const bias = biasReader(inputs[2]);
  const store = createStore(operands, requantize, clamp);
  const extents = { row: window.kernel[0], column: window.kernel[1], inputChannel: depth };
  const productBits = inputs[0].format!.bits + inputs[1].format!.bits;
  const accumulate = createAccumulate(accumulator, extents, productBits, where);
  const channels = input[3];
  const outputs = shape[3];
  const size = window.kernel[0] * window.kernel[1];
  const products = new Float64Array(size * depth);
  return () => {
    const x = readX();
    const w = readW();
    forEachWindow(window, input, shape, (position, taps) => {
      for (let o = 0; o < outputs; o++) {
        const first = Math.floor(o / (outputs / groups)) * depth;
        products.fill(0);
        for (let t = 0; t < taps.count; t++) {
          const from = taps.pixels[t] * channels + first;
          const place = taps.places[t] * depth;
          for (let k = 0; k < depth; k++) products[place + k] = x[from + k] * w[o * size * depth + place + k];
        }
        const element = position * outputs + o;
        const sum = accumulate(products, bias(o), (value) => {
          throw overflowError(where, element, value);
        });
        store(element, o, sum);
      }
    });
  };
}

function biasReader(bias: Operand | undefined): (channel: number) => number | bigint {
  return bias === undefined ? () => 0 : (channel) => bias.data[channel];
}

function addExactly(sum: number, bias: number | bigint): number | bigint {
  const exact = Math.abs(Number(bias)) < EXACT / 2 && Math.abs(sum) < EXACT / 2;
  return exact ? sum + Number(bias) : BigInt(sum) + BigInt(bias);
}
