/** Instructions that work element by element and whose codes are made of exact sums in a pass of its own, to kernel calls. */
import { at } from '../../formats/format.js';
import type { Clamp, Instruction, Requantize, Scaling } from '../../program/instructions.js';
import { elementCount } from '../../program/shapes.js';
import { zeroPointOf } from './centre.js';
import { type Address, type Context, shift } from './context.js';
import { placeRecords, prepareRescale, SUMS_BYTES, type Sums, scaleRecord } from './rescale.js';

const exact: Sums = { kind: 'i64', bits: 64, above: 0 };

/** Elements whose sums stay in the cache. */
const BLOCK = SUMS_BYTES / 8;

/** A part of two broadcast operands: `rows` rows of `length` elements, strides in bytes. */
export interface BroadcastPart {
  readonly a: Address;
  readonly b: Address;
  /** Index of the first element in the output. */
  readonly first: number;
  readonly rows: number;
  readonly length: number;
  readonly aRow: number;
  readonly bRow: number;
  readonly aStep: number;
  readonly bStep: number;
}

/** What is computed of two operands. */
export interface PairOperation {
  readonly name: 'add' | 'multiply' | 'leakyRelu';
  readonly requantize: Requantize;
  readonly clamp: Clamp | null;
  readonly sign: 1 | -1;
  readonly shifts: readonly [number, number];
  readonly scalings: readonly [Scaling, Scaling] | null;
}

export function lowerPairSums(
  instruction: Instruction<PairOperation['name']>,
  context: Context,
  operation: PairOperation,
  parts: readonly BroadcastPart[],
): void {
  const { name, requantize, clamp, sign, shifts, scalings } = operation;
  const [aZero, bZero] = instruction.inputs.map((input) => zeroPointOf(context.tensor(input)));
  const [aRecord, bRecord] = scalings?.map((scaling) =>
    placeRecords(context, [scaleRecord(scaling, 0, 0)]),
  ) ?? [0, 0];
  const { overflow } = requantize;
  const rescale = prepareRescale(context, instruction, [requantize], { overflow, clamp, sums: exact });
  const y = context.scratch(BLOCK * 8);
  const shared = { y, aZero, bZero, aShift: shifts[0] };
  for (const part of parts.flatMap(splitPart)) {
    if (name === 'add')
      context.emit('addSums_i16_i16_i64', { ...part, ...shared, bShift: shifts[1], sign, aRecord, bRecord });
    else context.emit(`${name}Sums_i16_i16_i64`, { ...part, ...shared });
    rescale(y, part.first, part.rows * part.length);
  }
}

/** Parts of at most BLOCK elements: whole rows, or pieces of one. */
function splitPart(part: BroadcastPart): BroadcastPart[] {
  const { a, b, first, rows, length, aRow, bRow, aStep, bStep } = part;
  const split: BroadcastPart[] = [];
  const most = Math.max(1, Math.floor(BLOCK / Math.max(1, length)));
  const piece = Math.min(length, BLOCK);
  for (let row = 0; row < rows; row += most)
    for (let start = 0; start < length; start += piece)
      split.push({
        ...part,
        a: shift(a, row * aRow + start * aStep),
        b: shift(b, row * bRow + start * bStep),
        first: first + row * length + start,
        rows: Math.min(most, rows - row),
        length: Math.min(piece, length - start),
      });
  return split;
}

export function lowerRequantizeSums(instruction: Instruction<'requantize'>, context: Context): void {
  const { requantize, inputs } = instruction;
  const { format, shape } = context.tensor(inputs[0]);
  const { zeroPoint } = format!;
  const length = elementCount(shape);
  const period = typeof zeroPoint === 'number' ? 1 : zeroPoint.length;
  const zeros = Int32Array.from({ length: period }, (_, channel) => at(zeroPoint, channel));
  const inner = Math.max(1, period === 1 ? length : elementCount(shape.slice(format!.axis! + 1)));
  const placed = context.constants.place(zeros.byteLength, () => zeros);
  const { overflow } = requantize;
  const options = { overflow, clamp: null, sums: exact };
  const rescale = prepareRescale(context, instruction, [requantize], options);
  const y = context.scratch(Math.min(length, BLOCK) * 8);
  for (let first = 0; first < length; first += BLOCK) {
    const count = Math.min(BLOCK, length - first);
    const x = shift(context.address(inputs[0]), first * 2);
    context.emit('requantizeSums_i16_i64', { x, y, zeros: placed, period, inner, first, length: count });
    rescale(y, first, count);
  }
}
