/** Instructions that work element by element and whose codes are made of exact sums in a pass of its own, to kernel calls. */
import { at, codeRange } from '../../formats/format.js';
import type { Clamp, Instruction, Requantize, Scaling } from '../../program/instructions.js';
import { elementCount } from '../../shape.js';
import { walkBroadcast } from './broadcast.js';
import { zeroPointOf } from './centre.js';
import { type Address, type Context, shift } from './context.js';
import { elementBytes } from './prepared.js';
import { placeRecords, prepareRescale, SUMS_BYTES, type Sums, scaleRecord } from './rescale.js';
import { evenStep, unitsFor } from './schedule.js';

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

type Pair = Instruction<PairOperation['name']>;

export function lowerPairSums(
  instruction: Pair,
  context: Context,
  operation: PairOperation,
  parts: readonly BroadcastPart[],
): void {
  const { requantize, clamp } = operation;
  const { overflow } = requantize;
  const channels = context.tensor(instruction.output).shape.at(-1) ?? 1;
  const elements = elementCount(context.tensor(instruction.output).shape);
  const block = blockOf(context, elements, channels);
  const y = context.unitScratch(block * 8);
  const { sums, emit } = choosePairs(instruction, context, operation, y);
  const rescale = prepareRescale(context, instruction, [requantize], { overflow, clamp, sums });
  for (const part of parts.flatMap((whole) => splitPart(whole, block))) {
    context.unit();
    emit(part);
    rescale(y, part.first, part.rows * part.length);
  }
}

/** An add of which an operand has more than 16 bits; the other is widened, less its zero point. */
export function lowerWideAdd(
  instruction: Instruction<'add'>,
  context: Context,
  operation: PairOperation,
): void {
  const { inputs, output } = instruction;
  const placed = new Map(inputs.map((input) => [input, widen(context, input)]));
  context.stage();
  const locate = (tensor: number) => ({
    address: placed.get(tensor) ?? context.address(tensor),
    size: elementBytes(placed.has(tensor) ? 'i32' : context.kind(tensor)),
  });
  const { rows, length, rowSteps, steps, starts } = walkBroadcast(inputs, output, context, locate);
  const [aRow, bRow] = rowSteps;
  const [aStep, bStep] = steps;
  const parts = starts.map(([a, b], index) => {
    return { a, b, first: index * rows * length, rows, length, aRow, bRow, aStep, bStep };
  });
  lowerPairSums(instruction, context, operation, parts);
}

/** The codes of a tensor less its zero point, as i32. */
function widen(context: Context, tensor: number): Address {
  const x = context.address(tensor);
  if (context.kind(tensor) === 'i32') return x;
  const length = elementCount(context.tensor(tensor).shape);
  const zeros = Int32Array.of(zeroPointOf(context.tensor(tensor)));
  const y = context.scratch(length * 4);
  const placed = context.constants.place(zeros.byteLength, () => zeros);
  const args = { x, y, zeros: placed, period: 1, inner: length, first: 0, length };
  context.emit('requantizeSums_i16_i32', args);
  return y;
}

interface PairSums {
  readonly sums: Sums;
  readonly emit: (part: BroadcastPart) => void;
}

/** The codes of a tensor less their zero point: the ends of their range. */
export function centredRange(context: Context, tensor: number): { low: number; high: number; zero: number } {
  const { low, high } = codeRange(context.tensor(tensor).format!);
  const zero = zeroPointOf(context.tensor(tensor));
  return { low: low - zero, high: high - zero, zero };
}

function choosePairs(
  instruction: Pair,
  context: Context,
  { name, sign, shifts, scalings }: PairOperation,
  y: Address,
): PairSums {
  const [a, b] = instruction.inputs.map((input) => centredRange(context, input));
  const shared = { y, aZero: a.zero, bZero: b.zero, aShift: shifts[0] };
  if (name === 'add') {
    const [aRecord, bRecord] = scalings?.map((scaling) =>
      placeRecords(context, [scaleRecord(scaling, 0, 0)]),
    ) ?? [0, 0];
    const more = { bShift: shifts[1], sign, aRecord, bRecord };
    if (instruction.inputs.some((input) => context.kind(input) === 'i32')) {
      const wide = { ...shared, ...more, aZero: 0, bZero: 0 };
      return { sums: exact, emit: (part) => context.emit('addSums_i32_i32_i64', { ...part, ...wide }) };
    }
    return {
      sums: exact,
      emit: (part) => context.emit('addSums_i16_i16_i64', { ...part, ...shared, ...more }),
    };
  }
  const short = [a, b].every(({ low, high }) => low >= -32768 && high <= 32767);
  const [aMost, bMost] = [a, b].map(({ low, high }) => Math.max(-low, high));
  if (name === 'multiply' && short)
    return {
      sums: { kind: 'i32', bits: 1 + Math.ceil(Math.log2(aMost * bMost + 1)), above: 0 },
      emit: (part) => context.emit('multiplySums_i16_i16_i32', { ...part, ...shared }),
    };
  return {
    sums: exact,
    emit: (part) => context.emit(`${name}Sums_i16_i16_i64`, { ...part, ...shared }),
  };
}

/** Elements whose sums stay in the cache: whole pixels, fewer of them where threads share the run. */
function blockOf({ sharing }: Context, elements: number, channels: number): number {
  const most = Math.max(1, Math.floor(BLOCK / channels)) * channels;
  return evenStep(Math.max(elements, most), most, unitsFor(sharing, elements), channels);
}

/** Parts of at most `block` elements: whole rows, or whole pixels of one. */
function splitPart(part: BroadcastPart, block: number): BroadcastPart[] {
  const { a, b, first, rows, length, aRow, bRow, aStep, bStep } = part;
  const split: BroadcastPart[] = [];
  const most = Math.max(1, Math.floor(block / length));
  const piece = Math.min(length, block);
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
  const { overflow } = requantize;
  const options = { overflow, clamp: null };
  if (context.kind(inputs[0]) === 'i32') {
    const sums: Sums = { kind: 'i32', bits: format!.bits, above: 0 };
    prepareRescale(context, instruction, [requantize], { ...options, sums })(
      context.address(inputs[0]),
      0,
      length,
    );
    return;
  }
  const period = typeof zeroPoint === 'number' ? 1 : zeroPoint.length;
  const zeros = Int32Array.from({ length: period }, (_, channel) => at(zeroPoint, channel));
  const inner = period === 1 ? length : elementCount(shape.slice(format!.axis! + 1));
  const placed = context.constants.place(zeros.byteLength, () => zeros);
  const sums: Sums = { kind: 'i32', bits: 18, above: 0 };
  const rescale = prepareRescale(context, instruction, [requantize], { ...options, sums });
  const block = blockOf(context, length, shape.at(-1) ?? 1);
  const y = context.unitScratch(Math.min(length, block) * 4);
  for (let first = 0; first < length; first += block) {
    const count = Math.min(block, length - first);
    context.unit();
    const x = shift(context.address(inputs[0]), first * 2);
    context.emit('requantizeSums_i16_i32', { x, y, zeros: placed, period, inner, first, length: count });
    rescale(y, first, count);
  }
}
