/** resample to kernel calls: with 32-bit sums where they and the rounding fit, else with 64-bit ones. */
import { codeRange } from '../../formats/format.js';
import type { Instruction } from '../../program/instructions.js';
import { elementCount } from '../../program/shapes.js';
import type { Context } from './context.js';
import { elementBytes } from './prepared.js';
import {
  type ByShift,
  channelShifts,
  narrowRecords,
  outputRange,
  requireShift,
  wideRecords,
} from './rounding.js';

export function lowerResample(instruction: Instruction<'resample'>, context: Context): void {
  const { inputs, output, axis, indices, requantize } = instruction;
  const [x, weights] = inputs.map((input) => context.tensor(input));
  const size = elementBytes(context.kind(output));
  const inner = elementCount(x.shape.slice(axis + 1));
  const [count, taps] = weights.shape;
  const common = {
    x: context.address(inputs[0]),
    y: context.address(output),
    outer: elementCount(x.shape.slice(0, axis)),
    count,
    inner,
    xOuter: x.shape[axis] * inner * size,
  };
  const data = weights.data as Float32Array | Int16Array;
  const row = inner * size;
  const { constants } = context;
  if (requantize === null) {
    const table = Int32Array.from(indices, (index) => index * row);
    context.emit('resample_f32_f32_f32', {
      ...common,
      table: constants.place(table.byteLength, () => table),
      weights: context.address(inputs[1]),
      taps,
    });
    return;
  }
  // Taps go in pairs; the last of an odd number is joined by one of weight 0.
  const pairs = Math.ceil(taps / 2);
  const table = new Int32Array(count * pairs * 2);
  const factors = new Int16Array(count * pairs * 2);
  for (let line = 0; line < count; line++)
    for (let tap = 0; tap < taps; tap++) {
      table[line * pairs * 2 + tap] = indices[line * taps + tap] * row;
      factors[line * pairs * 2 + tap] = Number(data[line * taps + tap]);
    }
  const placed = {
    ...common,
    table: constants.place(table.byteLength, () => table),
    weights: constants.place(factors.byteLength, () => factors),
    pairs,
  };
  const bits = sumBits(context, inputs[0], factors, pairs * 2);
  const byShift = requireShift(instruction, requantize);
  const range = outputRange(instruction, context.tensor(output).format!, byShift.overflow, null);
  const narrow = bits <= 32 ? narrowRounding(byShift, range, bits) : undefined;
  if (narrow !== undefined) {
    const layer = constants.place(narrow.layer.byteLength, () => narrow.layer);
    const block = constants.place(narrow.blocks.byteLength, () => narrow.blocks);
    context.emit('resample_i16_i16_i32', { ...placed, layer, block });
    return;
  }
  const channels = typeof byShift.shift === 'number' ? 1 : x.shape.with(axis, count).at(-1)!;
  const shifts = channelShifts(byShift, channels);
  const records = wideRecords(instruction, shifts, byShift.rounding, range, Math.max(33, bits));
  const address = constants.place(records.byteLength, () => records);
  context.emit('resample_i16_i16_i64', { ...placed, records: address, channels });
}

/** Width that holds every partial sum, and every sum of a pair of products. */
function sumBits(context: Context, x: number, factors: Int16Array, perLine: number): number {
  const { low, high } = codeRange(context.tensor(x).format!);
  let most = 1;
  for (let start = 0; start < factors.length; start += perLine) {
    const line = factors.subarray(start, start + perLine);
    most = Math.max(
      most,
      line.reduce((sum, weight) => sum + Math.abs(weight), 0),
    );
  }
  return 1 + Math.ceil(Math.log2(most * Math.max(-low, high) + 1));
}

function narrowRounding({ shift, rounding }: ByShift, range: { low: number; high: number }, bits: number) {
  if (typeof shift !== 'number') return undefined;
  return narrowRecords(new Array<number>(8).fill(shift), rounding, range, bits);
}
