/** Instructions that work element by element, with broadcasting, to kernel calls. */
import { at, codeRange, stepSize } from '../../formats/format.js';
import { keptRange, saturates } from '../../formats/overflow.js';
import { ROUNDINGS } from '../../formats/rounding.js';
import type { Clamp, Instruction, Requantize, Scaling, UnaryFunction } from '../../program/instructions.js';
import { elementCount } from '../../shape.js';
import { walkBroadcast } from './broadcast.js';
import { isCentred } from './centre.js';
import { type Address, type Context, shift } from './context.js';
import { placeAddScaled } from './lower-add-scaled.js';
import { lowerPairSums, lowerRequantizeSums, lowerWideAdd } from './lower-sums.js';
import { elementBytes } from './prepared.js';
import { overflowNumber, roundingNumber } from './rescale.js';
import { type ByShift, bitsFor, byShift, channelShifts, narrowRecords, wideRecords } from './rounding.js';

type Binary = 'add' | 'multiply' | 'leakyRelu';

/** What a binary kernel computes beside its operands. */
interface Operation {
  readonly name: Binary;
  readonly requantize: Requantize | null;
  readonly clamp: Clamp | null;
  readonly sign: 1 | -1;
  /** Left shifts of the operands, add and leakyRelu only, and what scales them afterwards. */
  readonly shifts: readonly [number, number];
  readonly scalings: readonly [Scaling, Scaling] | null;
}

/** Factors of a 16-bit `dot` reach 2^14. */
const LARGEST_FACTOR_SHIFT = 14;

export function lowerAdd(instruction: Instruction<'add'>, context: Context): void {
  const { requantize, inputs } = instruction;
  if (requantize !== null && inputs.some((input) => context.kind(input) === 'i32'))
    lowerWideAdd(instruction, context, { ...instruction, requantize, name: 'add' });
  else lowerBinary(instruction, context, { ...instruction, name: 'add' });
}

export function lowerMultiply(instruction: Instruction<'multiply'>, context: Context): void {
  const plain = { sign: 1, shifts: [0, 0], scalings: null } as const;
  lowerBinary(instruction, context, { ...instruction, ...plain, name: 'multiply' });
}

export function lowerLeakyRelu(instruction: Instruction<'leakyRelu'>, context: Context): void {
  const shifts = [instruction.slopeShift, 0] as const;
  const plain = { clamp: null, sign: 1, shifts, scalings: null } as const;
  lowerBinary(instruction, context, { ...instruction, ...plain, name: 'leakyRelu' });
}

type BinaryInstruction = Instruction<Binary | 'extremum'>;

export function lowerExtremum(instruction: Instruction<'extremum'>, context: Context): void {
  const { starts, extents, steps } = broadcast(instruction, context);
  const kind = context.kind(instruction.output);
  const size = elementBytes(kind);
  const kernel = kind === 'i16' ? 'extremum_i16_i16_i16' : 'extremum_f32_f32_f32';
  const largest = instruction.function === 'maximum' ? 1 : 0;
  const fields = { ...extents, aStep: steps[0] * size, bStep: steps[1] * size, largest };
  for (const start of starts) {
    context.unit();
    context.emit(kernel, { ...start, ...fields });
  }
}

/** Where each call starts and how far it walks; steps count elements. */
function broadcast({ inputs, output }: BinaryInstruction, context: Context) {
  const { rows, length, rowSteps, steps, starts } = walkBroadcast(inputs, output, context);
  const [aRow, bRow] = rowSteps;
  const sizes = inputs.map((input) => elementBytes(context.kind(input)));
  return {
    starts: starts.map(([a, b, y], index) => ({ a, b, y, first: index * rows * length })),
    extents: { rows, length, aRow, bRow },
    steps: sizes.map((size, operand) => steps[operand] / size),
  };
}

function lowerBinary(instruction: Instruction<Binary>, context: Context, operation: Operation): void {
  const { starts, extents, steps } = broadcast(instruction, context);
  const { name, sign, requantize } = operation;
  const vector = { ...extents, aStep: steps[0] * 2, bStep: steps[1] * 2 };
  if (requantize === null) {
    const { low, high } = operation.clamp ?? infinite;
    const real = { ...extents, aStep: steps[0] * 4, bStep: steps[1] * 4, low, high, sign };
    for (const start of starts) {
      context.unit();
      context.emit(`${name}_f32_f32_f32`, { ...start, ...real });
    }
    return;
  }
  const fused = fusedShift(instruction, context, operation);
  if (fused === undefined) {
    const operands = { ...operation, requantize };
    const records =
      name === 'add' ? placeAddScaled(context, instruction.inputs, instruction.output, operands) : undefined;
    if (records !== undefined) {
      for (const start of starts) {
        context.unit();
        context.emit('addScaled_i16_i16_i16', { ...start, ...vector, records });
      }
      return;
    }
    const parts = starts.map((start) => ({ ...start, ...vector }));
    lowerPairSums(instruction, context, operands, parts);
    return;
  }
  const narrow = placeNarrow(instruction, context, operation, fused);
  if (narrow !== undefined) {
    for (const start of starts) {
      context.unit();
      context.emit(`${name}_i16_i16_i32`, { ...start, ...vector, ...narrow });
    }
    return;
  }
  const wide = placeWide(instruction, context, fused, operation.clamp);
  const [aShift, bShift] = operation.shifts;
  for (const start of starts) {
    context.unit();
    context.emit(`${name}_i16_i16_i64`, { ...start, ...vector, ...wide, aShift, bShift, sign });
  }
}

/** The shifts where a kernel can round what it computes: codes without zero points, by shifts that fit 64 bits. */
function fusedShift(
  instruction: Rounded,
  context: Context,
  { requantize, shifts, scalings }: Pick<Operation, 'requantize' | 'shifts' | 'scalings'>,
): ByShift | undefined {
  const { counters } = context;
  const tensors = [...instruction.inputs, instruction.output].map((tensor) => context.tensor(tensor));
  const bits = Math.max(33, 18 + Math.max(...shifts));
  const narrow = tensors.every((tensor) => isCentred(tensor) && tensor.format!.bits <= 16);
  if (counters !== undefined || scalings !== null || bits > 63 || !narrow) return undefined;
  return byShift(requantize!, bits);
}

const infinite: Clamp = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };

/** The largest magnitude of a tensor's codes. */
function largestCode(tensor: number, context: Context): number {
  const { low, high } = codeRange(context.tensor(tensor).format!);
  return Math.max(-low, high);
}

/** Records of the 32-bit kernel with the factors in place of biases; undefined where it cannot serve. */
function placeNarrow(
  instruction: Instruction<Binary>,
  context: Context,
  operation: Operation,
  requantize: ByShift,
) {
  const { shifts, sign, name } = operation;
  if (typeof requantize.shift !== 'number') return undefined;
  if (Math.max(...shifts) > LARGEST_FACTOR_SHIFT) return undefined;
  const { format } = context.tensor(instruction.output);
  const range = keptRange(format!, requantize.overflow, operation.clamp);
  const [a, b] = instruction.inputs.map((input) => largestCode(input, context));
  const products = {
    add: a * 2 ** shifts[0] + b * 2 ** shifts[1],
    multiply: a * b,
    leakyRelu: a * Math.max(b, 2 ** shifts[0]),
  };
  const bits = bitsFor(products[name]);
  const uniform = new Array<number>(8).fill(requantize.shift);
  const records = narrowRecords(uniform, requantize.rounding, { range, zeroPoint: 0 }, bits);
  if (records === undefined) return undefined;
  const factors = new Int16Array(records.blocks.buffer, 0, 16);
  const second = name === 'leakyRelu' ? 2 ** shifts[0] : sign * 2 ** shifts[1];
  for (let i = 0; i < 16; i += 2) factors.set([2 ** shifts[0], second], i);
  return placeRecords(context, records);
}

function placeRecords({ constants }: Context, { layer, blocks }: { layer: Int32Array; blocks: Int32Array }) {
  return {
    layer: constants.place(layer.byteLength, () => layer),
    block: constants.place(blocks.byteLength, () => blocks),
  };
}

type Rounded = Instruction<Binary | 'requantize'>;

/** Records of the 64-bit kernel: one for all, or one per channel. */
function placeWide(instruction: Rounded, context: Context, requantize: ByShift, clamp: Clamp | null) {
  const { format, shape } = context.tensor(instruction.output);
  const channels = typeof requantize.shift === 'number' ? 1 : shape[shape.length - 1];
  const range = keptRange(format!, requantize.overflow, clamp);
  const records = wideRecords(channelShifts(requantize, channels), requantize.rounding, range);
  return { records: context.constants.place(records.byteLength, () => records), channels };
}

/** Addresses and length of an instruction with one dense operand. */
function dense({ inputs: [x], output }: Instruction, context: Context) {
  return {
    x: context.address(x),
    y: context.address(output),
    length: elementCount(context.tensor(output).shape),
  };
}

export function lowerRequantize(instruction: Instruction<'requantize'>, context: Context): void {
  const { requantize } = instruction;
  const args = dense(instruction, context);
  const fused = fusedShift(instruction, context, { requantize, shifts: [0, 0], scalings: null });
  if (fused === undefined) {
    lowerRequantizeSums(instruction, context);
    return;
  }
  const range = keptRange(context.tensor(instruction.output).format!, fused.overflow);
  const narrow =
    typeof fused.shift === 'number'
      ? narrowRecords(new Array<number>(8).fill(fused.shift), fused.rounding, { range, zeroPoint: 0 }, 16)
      : undefined;
  if (narrow !== undefined) context.emit('requantize_i16_i32', { ...args, ...placeRecords(context, narrow) });
  else context.emit('requantize_i16_i64', { ...args, ...placeWide(instruction, context, fused, null) });
}

export function lowerClamp(instruction: Instruction<'clamp'>, context: Context): void {
  const args = dense(instruction, context);
  const { low, high } = instruction.clamp;
  if (context.tensor(instruction.output).format === null)
    context.emit('clamp_f32_f32', { ...args, low, high });
  else context.emit('clamp_i16_i16', { ...args, low: toShort(low), high: toShort(high) });
}

/** Bounds beyond every code act as the outermost codes. */
function toShort(code: number): number {
  return Math.min(Math.max(code, -32768), 32767);
}

export function lowerLookup(instruction: Instruction<'lookup'>, context: Context): void {
  const [x, table] = instruction.inputs;
  const { bits, signed } = context.tensor(x).format!;
  const zero = shift(context.address(table), signed ? 2 ** bits : 0);
  context.emit('lookup_i16_i16', { ...dense(instruction, context), table: zero });
}

export function lowerUnary(instruction: Instruction<'unary'>, context: Context): void {
  const { function: fn } = instruction;
  context.emit(`${fn.name}_f32_f32`, { ...dense(instruction, context), ...parameters(fn) });
}

function parameters(fn: UnaryFunction): { alpha: number; beta: number } {
  if (fn.name === 'hardSigmoid') return { alpha: fn.alpha, beta: fn.beta };
  if (fn.name === 'elu') return { alpha: fn.alpha, beta: fn.scale };
  return { alpha: 0, beta: 0 };
}

/** Channels with scales of their own, and how many elements in a row share one. */
export function channelRun(tensor: number, context: Context): { channels: number; inner: number } {
  const { format, shape } = context.tensor(tensor);
  const axis = format?.axis ?? null;
  if (axis === null) return { channels: 1, inner: elementCount(shape) };
  return { channels: shape[axis], inner: elementCount(shape.slice(axis + 1)) };
}

export function lowerQuantize(instruction: Instruction<'quantize'>, context: Context): void {
  emitQuantize(context, context.address(instruction.inputs[0]), instruction.output, instruction);
}

/** Emits what makes codes of the float values at `x`. */
export function emitQuantize(
  context: Context,
  x: Address,
  output: number,
  {
    rounding,
    overflow,
    float32Quotient,
  }: Pick<Instruction<'quantize'>, 'rounding' | 'overflow' | 'float32Quotient'>,
): void {
  const format = context.tensor(output).format!;
  const range = keptRange(format, overflow);
  const args = { x, y: context.address(output), length: elementCount(context.tensor(output).shape) };
  const { channels, inner } = channelRun(output, context);
  const { fractionBits, mantissa, zeroPoint } = format;
  const kind = context.kind(output) === 'i32' ? 'i32' : 'i16';
  const single = kind === 'i16' && mantissa === 1 && zeroPoint === 0 && typeof fractionBits === 'number';
  // In float32, quotients by a power of two are exact but for those that saturate or round to 0 anyway.
  if (single && saturates(overflow) && rounding === 'halfEven' && Math.abs(fractionBits) <= 126) {
    context.emit('quantizeShift_f32_i16', { ...args, ...range, scale: 2 ** fractionBits });
    return;
  }
  const steps = new Float64Array(channels * 4);
  for (let channel = 0; channel < channels; channel++) {
    const zero = at(zeroPoint, channel);
    steps.set([stepSize(format, channel), range.low - zero, range.high - zero, zero], channel * 4);
  }
  const { number, seed } = roundingNumber(rounding);
  const shared = {
    ...args,
    steps: context.constants.place(steps.byteLength, () => steps),
    channels,
    inner,
    single: Number(float32Quotient),
    rounding: number,
  };
  if (saturates(overflow) && number < ROUNDINGS.length) context.emit(`quantize_f32_${kind}`, shared);
  else context.emit(`quantizeChecked_f32_${kind}`, { ...shared, seed, overflow: overflowNumber(overflow) });
}

export function lowerDequantize(instruction: Instruction<'dequantize'>, context: Context): void {
  const [x] = instruction.inputs;
  const format = context.tensor(x).format!;
  const { channels, inner } = channelRun(x, context);
  const steps = new Float64Array(channels * 2);
  for (let channel = 0; channel < channels; channel++)
    steps.set([at(format.zeroPoint, channel), stepSize(format, channel)], channel * 2);
  context.emit(context.kind(x) === 'i32' ? 'dequantize_i32_f32' : 'dequantize_i16_f32', {
    ...dense(instruction, context),
    steps: context.constants.place(steps.byteLength, () => steps),
    channels,
    inner,
  });
}

export function lowerLocalResponseNormalization(
  instruction: Instruction<'localResponseNormalization'>,
  context: Context,
): void {
  const { size, alpha, beta, bias } = instruction;
  const { shape } = context.tensor(instruction.output);
  const { x, y } = dense(instruction, context);
  const lines = elementCount(shape.slice(0, -1));
  const channels = shape[shape.length - 1];
  context.emit('localResponseNormalization_f32_f32', {
    x,
    y,
    lines,
    channels,
    size,
    factor: alpha / size,
    beta,
    bias,
  });
}
