/** Records for assembly/add-scaled.ts: adds whose operands or sums have scalings or zero points. */
import type { Context } from './context.js';
import { type DoubleStep, doubleStep } from './doubles.js';
import { MOST_INTEGER, rescalingOf } from './lane-records.js';
import { centredRange, type PairOperation } from './lower-sums.js';
import { isPerChannel } from './rescale.js';
import { bitsFor } from './rounding.js';

const RECORD_BYTES = 240;
const OPERAND_BYTES = 64;

/** Nothing saturates before the sum is scaled. */
const everything = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };

const unscaled = { style: 'shift', shift: 0, rounding: 'floor' } as const;

/** The address of the records; undefined where float64 does not give what the instruction does. */
export function placeAddScaled(
  context: Context,
  inputs: readonly number[],
  output: number,
  { requantize, clamp, sign, shifts, scalings }: PairOperation,
): number | undefined {
  const narrow = inputs.every((input) => context.kind(input) === 'i16');
  if (!narrow || context.counters !== undefined || isPerChannel(requantize)) return undefined;
  const codes = rescalingOf(context, output, requantize, clamp);
  if (codes === undefined) return undefined;
  const record = new DataView(new ArrayBuffer(RECORD_BYTES));
  let largest = 0;
  for (const [operand, input] of inputs.entries()) {
    const { low, high, zero } = centredRange(context, input);
    const most = Math.max(-low, high);
    const scaling = scalings?.[operand] ?? unscaled;
    const step = doubleStep(scaling, 0, bitsFor(most), everything, shifts[operand]);
    if (step === undefined) return undefined;
    largest += most * step.scale + 1;
    fillWords(record, operand * OPERAND_BYTES, zero);
    fillStep(record, operand * OPERAND_BYTES + 16, step);
  }
  const { zeroPoint, range } = codes;
  const ends = { low: range.low - zeroPoint, high: range.high - zeroPoint };
  const step = doubleStep(requantize, 0, bitsFor(largest), ends);
  if (step === undefined || largest * step.scale >= MOST_INTEGER) return undefined;
  for (const at of [128, 136]) record.setFloat64(at, sign < 0 ? -0 : 0, true);
  fillStep(record, 144, step);
  fillWords(record, 192, zeroPoint);
  for (let lane = 0; lane < 8; lane++) {
    record.setInt16(208 + lane * 2, range.low, true);
    record.setInt16(224 + lane * 2, range.high, true);
  }
  return context.constants.place(RECORD_BYTES, () => new Int32Array(record.buffer));
}

function fillWords(record: DataView, start: number, value: number): void {
  for (let lane = 0; lane < 4; lane++) record.setInt32(start + lane * 4, value, true);
}

function fillStep(record: DataView, start: number, { scale, offset, difference }: DoubleStep): void {
  for (const [index, value] of [scale, scale, offset, offset, difference, difference].entries())
    record.setFloat64(start + index * 8, value, true);
}
