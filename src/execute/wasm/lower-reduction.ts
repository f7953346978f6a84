/** reduce and argMax to kernel calls. */
import type { Instruction, Requantize } from '../../program/instructions.js';
import { elementCount, stridesOf } from '../../shape.js';
import { zeroPointOf } from './centre.js';
import { type Address, type Context, shift } from './context.js';
import { emitMove } from './lower-movement.js';
import { elementBytes } from './prepared.js';
import { prepareRescale, SUMS_BYTES, type Sums } from './rescale.js';
import { evenStep, unitsFor } from './schedule.js';

/** The elements to reduce: `length` of them, `inner` elements apart, for each of `outer` blocks. */
interface Lines {
  readonly x: Address;
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

/** Reduced axes that do not lie side by side are moved to the front. */
function placeLines(context: Context, tensor: number, axes: readonly number[]): Lines {
  const { shape } = context.tensor(tensor);
  const x = context.address(tensor);
  const extended = axes.filter((axis) => shape[axis] > 1);
  const first = extended[0] ?? shape.length;
  const last = extended.at(-1) ?? shape.length - 1;
  const length = elementCount(extended.map((axis) => shape[axis]));
  const together = shape.every(
    (size, axis) => axis < first || axis > last || size === 1 || axes.includes(axis),
  );
  if (together)
    return {
      x,
      outer: elementCount(shape.slice(0, first)),
      length,
      inner: elementCount(shape.slice(last + 1)),
    };
  const order = [...axes, ...shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis))];
  const from = stridesOf(shape);
  const to = stridesOf(order.map((axis) => shape[axis]));
  const kind = context.kind(tensor);
  const y = context.scratch(elementCount(shape) * elementBytes(kind));
  emitMove(
    context,
    kind,
    x,
    y,
    order.map((axis, i) => ({ extent: shape[axis], strides: [from[axis], to[i]] })),
  );
  context.stage();
  return { x: y, outer: 1, length, inner: elementCount(shape) / length };
}

const KINDS = ['sum', 'maximum', 'minimum'];

export function lowerReduce(instruction: Instruction<'reduce'>, context: Context): void {
  const { inputs, output, axes, function: fn, requantize } = instruction;
  const lines = placeLines(context, inputs[0], axes);
  if (requantize !== null) {
    lowerSums(instruction, context, lines, requantize);
    return;
  }
  const y = context.address(output);
  const kernel = context.kind(output) === 'f32' ? 'reduce_f32_f32' : 'reduce_i16_i16';
  context.emit(kernel, { ...lines, y, kind: KINDS.indexOf(fn) });
}

/** Sums of blocks that stay in the cache, and a pass that makes codes of them. */
function lowerSums(
  instruction: Instruction<'reduce'>,
  context: Context,
  { x, outer, length, inner }: Lines,
  requantize: Requantize,
): void {
  const { overflow } = requantize;
  const sums: Sums = { kind: 'i64', bits: 64, above: 0 };
  const rescale = prepareRescale(context, instruction, [requantize], { overflow, clamp: null, sums });
  const zero = zeroPointOf(context.tensor(instruction.inputs[0]));
  const kind = context.kind(instruction.inputs[0]);
  // Whole pixels: the last axis of the output lies within a block, or has size 1.
  const most = Math.max(1, Math.floor(SUMS_BYTES / (inner * 8)));
  const step = evenStep(outer, most, unitsFor(context.sharing, outer * length * inner), 1);
  const y = context.unitScratch(Math.min(step, outer) * inner * 8);
  for (let first = 0; first < outer; first += step) {
    context.unit();
    const blocks = Math.min(step, outer - first);
    const from = shift(x, first * length * inner * elementBytes(kind));
    context.emit(kind === 'i16' ? 'reduceSums_i16_i64' : 'reduceSums_i32_i64', {
      x: from,
      y,
      zero,
      outer: blocks,
      length,
      inner,
    });
    rescale(y, first * inner, blocks * inner);
  }
}

export function lowerArgMax(instruction: Instruction<'argMax'>, context: Context): void {
  const { inputs, output, axis, last } = instruction;
  const lines = placeLines(context, inputs[0], [axis]);
  const from = context.kind(inputs[0]);
  const to = context.kind(output);
  const kernel =
    from === 'i16'
      ? to === 'i16'
        ? 'argMax_i16_i16'
        : 'argMax_i16_f32'
      : to === 'i16'
        ? 'argMax_f32_i16'
        : 'argMax_f32_f32';
  context.emit(kernel, {
    ...lines,
    y: context.address(output),
    last: Number(last),
    base: zeroPointOf(context.tensor(output)),
  });
}
