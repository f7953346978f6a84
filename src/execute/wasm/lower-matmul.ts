/**
 * matmul to kernel calls: with 32-bit sums that the kernel rounds, or with 64-bit ones, exact or emulated, and a pass of its own
 * for codes.
 */
import { isExact } from '../../program/accumulator.js';
import type { Arithmetic, Instruction } from '../../program/instructions.js';
import { broadcastStrides } from '../../shape.js';
import { accumulatorPlan, productSequence } from './accumulator-plan.js';
import { isCentred, zeroPointOf } from './centre.js';
import { type Address, type Context, shift } from './context.js';
import { laneRecords, rescalingOf, UNIFORM_LANES } from './lane-records.js';
import { elementBytes } from './prepared.js';
import { isPerChannel, prepareRescale, SUMS_BYTES, type Sums } from './rescale.js';
import { evenStep, unitsFor } from './schedule.js';
import { forEachIndex } from './strided.js';

interface Matrices {
  readonly a: Address;
  readonly b: Address;
  readonly y: Address;
  /** Index of the first element in the output. */
  readonly first: number;
}

interface Extents {
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
}

export function lowerMatmul(instruction: Instruction<'matmul'>, context: Context): void {
  const { inputs, output, arithmetic } = instruction;
  const [a, b] = inputs.map((input) => context.tensor(input).shape);
  const [rows, depth] = a.slice(-2);
  const columns = b[b.length - 1];
  const batch = context.tensor(output).shape.slice(0, -2);
  const [aSize, bSize, ySize] = [...inputs, output].map((tensor) => elementBytes(context.kind(tensor)));
  const [left, right] = [a, b].map((shape) => broadcastStrides(shape.slice(0, -2), batch));
  const axes = batch.map((extent, axis) => ({ extent, strides: [left[axis], right[axis]] }));
  const products: Matrices[] = [];
  forEachIndex(axes, 2, ([i, j]) => {
    const first = products.length * rows * columns;
    products.push({
      a: shift(context.address(inputs[0]), i * rows * depth * aSize),
      b: shift(context.address(inputs[1]), j * depth * columns * bSize),
      y: shift(context.address(output), first * ySize),
      first,
    });
  });
  const extents = { rows, depth, columns };
  if (arithmetic === null) {
    for (const { a, b, y } of products) {
      context.unit();
      context.emit('matmul_f32_f32_f32', { a, b, y, ...extents });
    }
    return;
  }
  if (!isExact(arithmetic.accumulator)) {
    lowerEmulated(instruction, context, arithmetic, products, extents);
    return;
  }
  const narrow = placeNarrow(instruction, context, arithmetic);
  if (narrow !== undefined)
    for (const { a, b, y } of products) {
      context.unit();
      context.emit('matmul_i16_i16_i32', { a, b, y, ...extents, ...narrow });
    }
  else lowerSums(instruction, context, arithmetic, products, extents);
}

/** Records of the kernel that rounds its own sums; undefined where it cannot serve. */
function placeNarrow(
  { inputs, output }: Instruction<'matmul'>,
  context: Context,
  { accumulator, requantize }: Arithmetic,
) {
  const { constants } = context;
  const tensors = inputs.map((index) => context.tensor(index));
  if (context.counters !== undefined || !tensors.every(isCentred)) return undefined;
  const rescaling = isPerChannel(requantize) ? undefined : rescalingOf(context, output, requantize, null);
  const records = rescaling && laneRecords(rescaling, UNIFORM_LANES, accumulator.provedBits);
  if (records === undefined) return undefined;
  const { layer, blocks } = records;
  return {
    layer: constants.place(layer.byteLength, () => layer),
    block: constants.place(blocks.byteLength, () => blocks),
  };
}

/** The kernel of emulated accumulators, with b in the place of weights: rows of a are its pixels. */
function lowerEmulated(
  instruction: Instruction<'matmul'>,
  context: Context,
  { accumulator, requantize }: Arithmetic,
  products: readonly Matrices[],
  { rows, depth, columns }: Extents,
): void {
  const { constants, counters } = context;
  const places = productSequence(accumulator, { row: 1, column: 1, channel: depth });
  const plan = accumulatorPlan(accumulator, places.length, 64);
  const taken = Int32Array.from(places, (place) => place?.channel ?? -1);
  const offsets = taken.map((channel) => Math.max(channel, 0) * 2);
  const panels = Math.ceil(columns / 8);
  const biases = new BigInt64Array(panels * 8);
  const [zero, bZero] = instruction.inputs.map((input) => zeroPointOf(context.tensor(input)));
  const weights = context.unitScratch(panels * places.length * 32);
  const y = context.unitScratch(rows * columns * 8);
  const shared = {
    offsets: constants.place(offsets.byteLength, () => offsets),
    weights,
    biases: constants.place(biases.byteLength, () => biases),
    plan: constants.place(plan.byteLength, () => plan),
    zero,
    spread: 0,
    rows: 1,
    columns: rows,
    rowStep: 0,
    columnStep: depth * 2,
    channels: columns,
    yStride: columns * 8,
  };
  const order = {
    rows: constants.place(taken.byteLength, () => taken),
    products: places.length,
    columns,
    zero: bZero,
  };
  const { overflow } = requantize;
  const sums: Sums = { kind: 'i64', bits: accumulator.bits, above: 0 };
  const rescale = prepareRescale(context, instruction, [requantize], { overflow, clamp: null, sums });
  for (const { a, b, first } of products) {
    context.unit();
    context.emit('matmulWeights_i16_i32', { b, y: weights, ...order });
    const args = { ...shared, x: a, y, first };
    if (counters === undefined) context.emit('accumulate_i16_i32_i64', args);
    else context.emit('accumulateCounted_i16_i32_i64', { ...args, counters });
    rescale(y, first, rows * columns);
  }
}

function lowerSums(
  instruction: Instruction<'matmul'>,
  context: Context,
  { requantize }: Arithmetic,
  products: readonly Matrices[],
  { rows, depth, columns }: Extents,
): void {
  const { overflow } = requantize;
  const sums: Sums = { kind: 'i64', bits: 64, above: 0 };
  const rescale = prepareRescale(context, instruction, [requantize], { overflow, clamp: null, sums });
  const [aZero, bZero] = instruction.inputs.map((input) => zeroPointOf(context.tensor(input)));
  const most = Math.max(1, Math.floor(SUMS_BYTES / (columns * 8)));
  const step = evenStep(rows, most, unitsFor(context.sharing, 0, rows * depth * columns), 1);
  const y = context.unitScratch(Math.min(step, rows) * columns * 8);
  for (const { a, b, first } of products)
    for (let row = 0; row < rows; row += step) {
      const count = Math.min(step, rows - row);
      context.unit();
      const from = shift(a, row * depth * 2);
      context.emit('matmulSums_i16_i16_i64', { a: from, b, y, aZero, bZero, rows: count, depth, columns });
      rescale(y, first + row * columns, count * columns);
    }
}
