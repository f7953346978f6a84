/** What the rules of verify-instructions.ts have in common: checks of operands, formats and requantisation. */
import { at, codeRange, type Format, formatText, sameFormat } from '../formats/format.js';
import { type Overflow, seedOf } from '../formats/rounding.js';
import { sameShape } from '../shape.js';
import type {
  Accumulator,
  Clamp,
  Opcode,
  PerChannel,
  Requantize,
  ScaledPair,
  Scaling,
} from './instructions.js';
import type { ProgramTensor } from './program.js';
import { MOST_SCALED_BITS, offsetBits, scaledBits } from './widths.js';

/** The tensors of one instruction, and the error that names it. */
export interface Check {
  readonly inputs: readonly ProgramTensor[];
  readonly output: ProgramTensor;
  /** The instruction, which says how wide its codes may be. */
  readonly op: Opcode;
  fail(what: string, expected: string, got: string | number): never;
}

/** Most products that an output may have: their sum is exact in a float64. */
export const MOST_PRODUCTS = 2 ** 20;

export function expectOperands(check: Check, least: number, most = least): void {
  const { length } = check.inputs;
  if (length >= least && length <= most) return;
  check.fail('has a wrong number of operands', least === most ? `${least}` : `${least} to ${most}`, length);
}

export function expectInteger(check: Check, what: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  check.fail(`${what} is out of range`, `an integer from ${low} to ${high}`, value);
}

export function expectFinite(check: Check, what: string, value: number): void {
  if (!Number.isFinite(value)) check.fail(`${what} is out of range`, 'a finite number', value);
}

/** One entry for each axis, integers of at least `low`. */
export function expectPerAxis(check: Check, what: string, values: readonly number[], low: number): void {
  const rank = check.inputs[0].shape.length;
  if (values.length !== rank) check.fail(`${what} has a wrong length`, `${rank} entries`, values.length);
  for (const value of values) expectInteger(check, what, value, low, 2 ** 31 - 1);
}

export function expectShape(
  check: Check,
  what: string,
  { shape }: ProgramTensor,
  expected: readonly number[],
): void {
  if (!sameShape(shape, expected)) check.fail(`${what} has a wrong shape`, `[${expected}]`, `[${shape}]`);
}

export function expectRank(check: Check, what: string, { shape }: ProgramTensor, rank: number): void {
  if (shape.length !== rank) check.fail(`${what} has a wrong rank`, `${rank} axes`, `[${shape}]`);
}

export function expectConstant(check: Check, what: string, tensor: ProgramTensor): void {
  if (tensor.data === undefined) check.fail(`${what} is computed`, 'a constant', tensor.name);
}

export function expectFloat(check: Check, tensor: ProgramTensor): void {
  if (tensor.format !== null)
    check.fail(`"${tensor.name}" holds codes`, 'float32', formatText(tensor.format));
}

const movements: readonly Opcode[] = ['concat', 'slice', 'gather', 'pad', 'transpose', 'reshape'];

/** Instructions that read, and that write, codes of up to 32 bits. */
const wideInputs = new Set<Opcode>([...movements, 'dequantize', 'requantize', 'add', 'resample', 'reduce']);
const wideOutputs = new Set<Opcode>([
  ...movements,
  'quantize',
  'requantize',
  'convolution',
  'gemm',
  'matmul',
  'add',
  'resample',
  'reduce',
]);

/** Codes of an activation, weight or table. */
export function expectCodes(check: Check, tensor: ProgramTensor): Format {
  const { format, name } = tensor;
  if (format === null) return check.fail(`"${name}" holds float32`, 'codes', 'f32');
  const most = (tensor === check.output ? wideOutputs : wideInputs).has(check.op) ? 32 : 16;
  if (format.bits > most) check.fail(`"${name}" is too wide`, `2 to ${most} bits`, formatText(format));
  return format;
}

/** Codes of at most 16 bits, or float32. */
export function expectNarrow(check: Check): void {
  const wide = [...check.inputs, check.output].find(({ format }) => format !== null && format.bits > 16);
  if (wide !== undefined) check.fail(`"${wide.name}" is too wide`, '2 to 16 bits', formatText(wide.format!));
}

/** Codes, one scale for the whole tensor or one for each index on `axis`. */
export function expectScale(check: Check, tensor: ProgramTensor, axis: number | null): Format {
  const format = expectCodes(check, tensor);
  if (isPerChannel(format) && format.axis !== axis) {
    const expected = axis === null ? 'one scale for the whole tensor' : `scales along axis ${axis}`;
    check.fail(`"${tensor.name}" has scales along another axis`, expected, formatText(format));
  }
  return format;
}

/** Codes with one zero point, and one scale for the whole tensor or one for each channel, its last axis. */
export function expectChannelScale(check: Check, tensor: ProgramTensor): Format {
  const format = expectScale(check, tensor, tensor.shape.length - 1);
  if (typeof format.zeroPoint !== 'number')
    check.fail(`"${tensor.name}" has zero points per channel`, 'one', formatText(format));
  return format;
}

function isPerChannel({ fractionBits, mantissa, zeroPoint }: Format): boolean {
  return [fractionBits, mantissa, zeroPoint].some((field) => typeof field !== 'number');
}

function every(field: number | readonly number[], value: number): boolean {
  return typeof field === 'number' ? field === value : field.every((entry) => entry === value);
}

export function hasUnitMantissa({ mantissa }: Format): boolean {
  return every(mantissa, 1);
}

export function expectNoZeroPoint(check: Check, name: string, format: Format): void {
  if (!every(format.zeroPoint, 0))
    check.fail(`"${name}" has a zero point`, 'zeroPoint 0', formatText(format));
}

/** True where the instruction works on codes; all operands given must be of the output's kind. */
export function worksOnCodes(check: Check, operands: readonly ProgramTensor[] = check.inputs): boolean {
  const isCodes = check.output.format !== null;
  for (const operand of operands) isCodes ? expectCodes(check, operand) : expectFloat(check, operand);
  if (isCodes) expectCodes(check, check.output);
  return isCodes;
}

/** All operands and the output are float32, or have one and the same format. */
export function expectOneFormat(check: Check): void {
  const { inputs, output } = check;
  worksOnCodes(check);
  for (const { name, format } of inputs) {
    if (format === null || output.format === null || sameFormat(format, output.format)) continue;
    check.fail(`"${name}" has another format`, formatText(output.format), formatText(format));
  }
}

/** As `expectOneFormat`, and one scale for the whole tensor, because elements move between channels. */
export function expectMovable(check: Check): void {
  expectOneFormat(check);
  if (check.output.format !== null) expectScale(check, check.output, null);
}

export function expectOverflow(check: Check, format: Format, overflow: Overflow): void {
  if (overflow !== 'wrap' || !format.narrow) return;
  check.fail('a narrow format cannot wrap', 'saturate, saturateSymmetric or trap', formatText(format));
}

/** Codes: integers of the output's format. Float32: float32 numbers or infinities. */
export function expectClamp(check: Check, clamp: Clamp | null): void {
  if (clamp === null) return;
  const { low, high } = clamp;
  if (!(low <= high)) check.fail('clamp is empty', 'low <= high', `[${low},${high}]`);
  for (const end of [low, high]) expectElement(check, 'clamp', end);
}

/** A number that the output can hold. */
export function expectElement(check: Check, what: string, value: number): void {
  const { format } = check.output;
  if (format !== null) {
    const { low, high } = codeRange(format);
    expectInteger(check, what, value, low, high);
  } else if (Math.fround(value) !== value) check.fail(`${what} is out of range`, 'a float32', value);
}

/** A shift to the left that keeps codes of an operand within 48 bits. */
export function expectShift(check: Check, what: string, shift: number, { format }: ProgramTensor): void {
  expectInteger(check, what, shift, 0, Math.min(31, 48 - (format?.bits ?? 16)));
}

/** The numbers of a scaling: one, or one for each of `channels`. */
export function expectScaling(check: Check, scaling: Scaling, channels: number): void {
  const expectNumbers = (what: string, values: PerChannel, expectOne: (value: number) => void) => {
    if (typeof values !== 'number' && values.length !== channels)
      check.fail(`${what} has a wrong length`, `one, or one for each of ${channels} channels`, values.length);
    if (typeof values === 'number') expectOne(values);
    else for (const value of values) expectOne(value);
  };
  const expectIntegers = (what: string, values: PerChannel, low: number, high: number) =>
    expectNumbers(what, values, (value) => expectInteger(check, what, value, low, high));
  if (scaling.style === 'shift') expectIntegers('shift', scaling.shift, -32, 62);
  if (scaling.style === 'multiplier' || scaling.style === 'doubling') {
    expectIntegers('multiplier', scaling.multiplier, 0, 2 ** 31 - 1);
    const limit = scaling.style === 'doubling' ? 31 : 62;
    expectIntegers('shift', scaling.shift, -31, limit);
  }
  if (scaling.style === 'division') expectIntegers('divisor', scaling.divisor, 1, 2 ** 31 - 1);
  if (scaling.style === 'scale')
    expectNumbers('scale', scaling.scale, (value) => {
      if (value > 0 && value <= 2 ** 60 && Math.fround(value) === value) return;
      check.fail('scale is out of range', 'a float32 above 0, at most 2^60', value);
    });
}

/** A scaling of an operand shifted to the left, whose result can be added to another one. */
export function expectScaledOperand(
  check: Check,
  scaling: Scaling,
  { name, format }: ProgramTensor,
  shift: number,
): void {
  expectScaling(check, scaling, 1);
  const bits = scaledBits(scaling, offsetBits(format!) + shift);
  if (bits > MOST_SCALED_BITS) check.fail(`"${name}" scaled is too wide`, `${MOST_SCALED_BITS} bits`, bits);
}

/**
 * A requantisation. Where channel c of what it scales has its binary point at `position(c)`, a shift fits the output's
 * fraction bits; other scalings, and shifts where mantissas enter, say what the formats do not.
 */
export function expectRequantize(
  check: Check,
  requantize: Requantize | null,
  position?: (channel: number) => number,
): void {
  const { output } = check;
  if (requantize === null) check.fail('has no requantisation', 'one, as it works on codes', 'none');
  const format = expectScale(check, output, output.shape.length - 1);
  expectOverflow(check, format, requantize.overflow);
  const channels = output.shape.at(-1) ?? 1;
  expectScaling(check, requantize, channels);
  if (requantize.style !== 'shift' || position === undefined || !hasUnitMantissa(format)) return;
  for (let channel = 0; channel < channels; channel++) {
    const given = at(requantize.shift, channel);
    const expected = position(channel) - at(format.fractionBits, channel);
    if (given !== expected)
      check.fail(`shift of channel ${channel} does not fit the formats`, `${expected}`, given);
  }
}

export function expectNoRequantize(check: Check, requantize: unknown): void {
  if (requantize !== null) check.fail('requantises', 'no requantisation, as it works on float32', 'one');
}

/** Fields of docs/arithmetic.md section 4.1. */
export function expectAccumulator(check: Check, accumulator: Accumulator): void {
  const { bits, order, productsPerStep, treeBits, partialSum, provedBits } = accumulator;
  expectInteger(check, 'accumulator', bits, 8, 64);
  expectInteger(check, 'productsPerStep', productsPerStep, 1, 65536);
  if (treeBits !== 0) expectInteger(check, 'treeBits', treeBits, 2, 64);
  expectInteger(check, 'provedBits', provedBits, 0, 128);
  if (partialSum !== null) {
    expectInteger(check, 'the steps of partialSum', partialSum.every, 1, 2 ** 31 - 1);
    expectInteger(check, 'the width of partialSum', partialSum.bits, 2, 64);
    if (seedOf(partialSum.rounding) !== undefined)
      check.fail('partialSum rounds at random', 'a rounding without a seed', partialSum.rounding);
  }
  const loops = [...order].sort().join();
  if (loops === 'column,inputChannel,row' || loops === 'column,inputBlock,inputLane,row') return;
  const expected = 'row, column and inputChannel, or inputBlock and inputLane, in any order';
  check.fail('order is not a loop nest', expected, `[${order}]`);
}

/** Codes of at most 8 bits, and numbers that float32 holds. */
export function expectScaledPair(check: Check, by: ScaledPair): void {
  for (const tensor of [...check.inputs, check.output]) {
    const { bits } = expectScale(check, tensor, null);
    if (bits > 8) check.fail(`"${tensor.name}" is too wide`, 'at most 8 bits', bits);
  }
  const scales = by.function === 'sum' ? by.scales : [by.scale];
  const isFloat = (value: number) => Math.fround(value) === value && Number.isFinite(value);
  const wrong = [...scales, by.offset].find((value) => !isFloat(value));
  if (wrong !== undefined) check.fail('a scale or the offset is no float32', 'a float32 number', wrong);
}
