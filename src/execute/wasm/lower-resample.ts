/** resample to kernel calls: with 32-bit sums where they and the rounding fit, with 64-bit ones, or with a pass of its own for codes. */
import { codeRange } from '../../formats/format.js';
import { keptRange } from '../../formats/overflow.js';
import type { Instruction, Requantize } from '../../program/instructions.js';
import { elementCount } from '../../shape.js';
import { isCentred, zeroPointOf } from './centre.js';
import { type Context, shift } from './context.js';
import { elementBytes } from './prepared.js';
import { prepareRescale, SUMS_BYTES, type Sums } from './rescale.js';
import {
  type ByShift,
  byShift,
  type CodeEnds,
  channelShifts,
  narrowRecords,
  wideRecords,
} from './rounding.js';
import { evenStep, unitsFor } from './schedule.js';

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
  const bits = sumBits(context, inputs[0], data as Int16Array, taps);
  const isWide = [inputs[0], output].some((tensor) => context.kind(tensor) === 'i32');
  const fused = isWide ? undefined : fusedShift(instruction, context, requantize, bits);
  if (fused === undefined) {
    lowerResampleSums(instruction, context, requantize);
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
  const range = keptRange(context.tensor(output).format!, fused.overflow);
  const narrow = bits <= 32 ? narrowRounding(fused, { range, zeroPoint: 0 }, bits) : undefined;
  if (narrow !== undefined) {
    const layer = constants.place(narrow.layer.byteLength, () => narrow.layer);
    const block = constants.place(narrow.blocks.byteLength, () => narrow.blocks);
    context.emit('resample_i16_i16_i32', { ...placed, layer, block });
    return;
  }
  const channels = typeof fused.shift === 'number' ? 1 : x.shape.with(axis, count).at(-1)!;
  const records = wideRecords(channelShifts(fused, channels), fused.rounding, range);
  const address = constants.place(records.byteLength, () => records);
  context.emit('resample_i16_i16_i64', { ...placed, records: address, channels });
}

/** The shifts where a kernel can round its own sums: codes without zero points, saturated. */
function fusedShift(
  { inputs, output }: Instruction<'resample'>,
  context: Context,
  requantize: Requantize,
  bits: number,
): ByShift | undefined {
  const centred = [...inputs, output].every((tensor) => isCentred(context.tensor(tensor)));
  return context.counters === undefined && centred ? byShift(requantize, Math.max(33, bits)) : undefined;
}

/** Sums, and a pass that makes codes of them. */
function lowerResampleSums(
  instruction: Instruction<'resample'>,
  context: Context,
  requantize: Requantize,
): void {
  const { inputs, axis, indices } = instruction;
  const { constants } = context;
  const [x, weights] = inputs.map((input) => context.tensor(input));
  const [count, taps] = weights.shape;
  const inner = elementCount(x.shape.slice(axis + 1));
  const outer = elementCount(x.shape.slice(0, axis));
  const offset = zeroPointOf(weights);
  const factors = Int32Array.from(weights.data as Int16Array, (code) => code - offset);
  const kind = context.kind(inputs[0]);
  const row = inner * elementBytes(kind);
  const table = Int32Array.from(indices, (index) => index * row);
  const placed = {
    table: constants.place(table.byteLength, () => table),
    weights: constants.place(factors.byteLength, () => factors),
  };
  const { overflow } = requantize;
  const sums: Sums = { kind: 'i64', bits: 64, above: 0 };
  const rescale = prepareRescale(context, instruction, [requantize], { overflow, clamp: null, sums });
  const most = Math.max(1, Math.floor(SUMS_BYTES / (inner * 8)));
  const step = evenStep(count, most, unitsFor(context.sharing, count * inner * taps), 1);
  const y = context.unitScratch(Math.min(step, count) * inner * 8);
  const zero = zeroPointOf(x);
  for (let i = 0; i < outer; i++)
    for (let line = 0; line < count; line += step) {
      const lines = Math.min(step, count - line);
      context.unit();
      context.emit(kind === 'i16' ? 'resampleSums_i16_i32_i64' : 'resampleSums_i32_i32_i64', {
        x: shift(context.address(inputs[0]), i * x.shape[axis] * row),
        y,
        table: placed.table + line * taps * 4,
        weights: placed.weights + line * taps * 4,
        count: lines,
        inner,
        taps,
        zero,
      });
      rescale(y, (i * count + line) * inner, lines * inner);
    }
}

/** Width that holds every partial sum, and every sum of a pair of products. */
function sumBits(context: Context, x: number, factors: ArrayLike<number>, perLine: number): number {
  const { low, high } = codeRange(context.tensor(x).format!);
  let most = 1;
  for (let start = 0; start < factors.length; start += perLine) {
    let sum = 0;
    for (let i = start; i < start + perLine; i++) sum += Math.abs(factors[i]);
    most = Math.max(most, sum);
  }
  return 1 + Math.ceil(Math.log2(most * Math.max(-low, high) + 1));
}

function narrowRounding({ shift, rounding }: ByShift, codes: CodeEnds, bits: number) {
  if (typeof shift !== 'number') return undefined;
  return narrowRecords(new Array<number>(8).fill(shift), rounding, codes, bits);
}
