/** Real values to codes and back, one by one and for whole tensors with scales per channel. */
import { FormatError } from '../errors.js';
import { elementCount } from '../shape.js';
import { allocateCodes, at, type Codes, type Format, formatText, stepSize, stepSizes } from './format.js';
import { applyOverflow, applyOverflowBig, checkOverflow, keptRange, saturates } from './overflow.js';
import { createRounder, type Overflow, type Rounding } from './rounding.js';

/** Stands for infinity where one saturates: outside of every format, whatever the zero point. */
const BEYOND = 1n << 80n;

/** Throws the error that the caller wants: what is wrong, and the value. */
export type ConversionFailure = (what: string, got: string) => never;

/** One real value of a channel to its code, overflow(rounding(value / step) + zeroPoint), as element `element`. */
export type Quantizer = (
  value: number,
  channel: number,
  element: number,
  fail: ConversionFailure,
) => number | bigint;

/**
 * The function that docs/arithmetic.md defines as `quantize`. NaN fails; an infinity fails unless the overflow saturates.
 * Codes beyond 2^52 come as bigint. Throws a FormatError naming `where` for an overflow that the format does not have.
 */
export function createQuantizer(
  format: Format,
  rounding: Rounding,
  overflow: Overflow,
  where: string,
  { float32Quotient = false } = {},
): Quantizer {
  checkOverflow(format, overflow, where);
  const round = createRounder(rounding);
  const steps = stepSizes(format);
  const { low, high } = keptRange(format, overflow);
  return (value, channel, element, fail) => {
    const exact = value / steps[steps.length === 1 ? 0 : channel];
    const quotient = float32Quotient ? Math.fround(exact) : exact;
    if (Number.isNaN(quotient)) fail('not a number has no code', 'NaN');
    if (!Number.isFinite(quotient) && !saturates(overflow))
      fail(`an infinity cannot ${overflow}`, String(value));
    const rounded = round(quotient, element);
    const zeroPoint = at(format.zeroPoint, channel);
    const code = rounded + zeroPoint;
    if (code >= low && code <= high && Math.abs(rounded) < 2 ** 52) return code;
    const trap = (): never => fail(`does not fit ${formatText(format)}`, String(value));
    if (Math.abs(rounded) < 2 ** 52) return applyOverflow(code, format, overflow, trap);
    const integer = Number.isFinite(rounded) ? BigInt(rounded) : rounded > 0 ? BEYOND : -BEYOND;
    return applyOverflowBig(integer + BigInt(zeroPoint), format, overflow, trap);
  };
}

/** Real value of a code of a channel in float64, exact for codes up to 16 bits and mantissas up to 36. */
export function realValue(code: number | bigint, format: Format, channel = 0): number {
  return offsetOf(code, format, channel) * stepSize(format, channel);
}

/** The same as float32, which the offset from the zero point becomes first: more than 24 bits are rounded twice. */
export function floatValue(code: number | bigint, format: Format, channel = 0): number {
  return Math.fround(Math.fround(offsetOf(code, format, channel)) * stepSize(format, channel));
}

function offsetOf(code: number | bigint, format: Format, channel: number): number {
  const zeroPoint = at(format.zeroPoint, channel);
  return typeof code === 'bigint' ? Number(code - BigInt(zeroPoint)) : code - zeroPoint;
}

/** Which channel of a format an element of a tensor belongs to: its index on the format's axis. */
export function createChannelIndex(shape: readonly number[], format: Format): (element: number) => number {
  if (format.axis === null) return () => 0;
  const { length, channels } = channelRuns(shape, format.axis);
  return (element) => Math.floor(element / length) % channels;
}

/** How many elements of one channel follow one another, and how many channels there are. */
function channelRuns(shape: readonly number[], axis: number): { length: number; channels: number } {
  return { length: elementCount(shape.slice(axis + 1)), channels: shape[axis] };
}

/** Codes of a tensor's values. Throws a FormatError naming the element for NaN and for what traps. */
export function quantizeValues(
  values: ArrayLike<number>,
  shape: readonly number[],
  format: Format,
  rounding: Rounding,
  overflow: Overflow,
): Codes {
  const codes = allocateCodes(format, values.length);
  const quantize = createQuantizer(format, rounding, overflow, formatText(format));
  const quantizeElement = (element: number, channel: number) =>
    quantize(values[element], channel, element, (what, got) => {
      throw new FormatError({ where: `element ${element}`, what, got });
    });
  const { length, channels } =
    format.axis === null ? { length: values.length, channels: 1 } : channelRuns(shape, format.axis);
  const range = keptRange(format, overflow);
  const round = createRounder(rounding);
  for (let first = 0, channel = 0; first < values.length; first += length, channel = (channel + 1) % channels)
    if (codes instanceof BigInt64Array)
      for (let i = first; i < first + length; i++) codes[i] = BigInt(quantizeElement(i, channel));
    else {
      const [step, zeroPoint] = [stepSize(format, channel), at(format.zeroPoint, channel)];
      const run = { first, end: first + length, step, zeroPoint, ...range };
      const quantizeOther = (element: number) => Number(quantizeElement(element, channel));
      if (rounding === 'halfEven') quantizeToEven(values, codes, run, quantizeOther);
      else quantizeRun(values, codes, run, round, quantizeOther);
    }
  return codes;
}

/** Elements of one channel, and the codes that no overflow changes. */
interface Run {
  readonly first: number;
  readonly end: number;
  readonly step: number;
  readonly zeroPoint: number;
  readonly low: number;
  readonly high: number;
}

type NumberCodes = Exclude<Codes, BigInt64Array>;

/** Codes of a run; `quantize` takes care of those that are not in the range, and of what is not a number. */
function quantizeRun(
  values: ArrayLike<number>,
  codes: NumberCodes,
  { first, end, step, zeroPoint, low, high }: Run,
  round: (x: number, element: number) => number,
  quantize: (element: number) => number,
): void {
  for (let i = first; i < end; i++) {
    const code = round(values[i] / step, i) + zeroPoint;
    if (code >= low && code <= high) codes[i] = code;
    else codes[i] = quantize(i);
  }
}

/** 1.5 * 2^52: to add it rounds reals below 2^51 to integers, ties to even ones. */
const INTEGERS = 1.5 * 2 ** 52;

/** The same for the rounding of most weights, without a call for each. */
function quantizeToEven(
  values: ArrayLike<number>,
  codes: NumberCodes,
  { first, end, step, zeroPoint, low, high }: Run,
  quantize: (element: number) => number,
): void {
  for (let i = first; i < end; i++) {
    const code = values[i] / step + INTEGERS - INTEGERS + zeroPoint;
    if (code >= low && code <= high) codes[i] = code;
    else codes[i] = quantize(i);
  }
}

/** Real values of a tensor's codes as float32: what the instruction `dequantize` gives. */
export function dequantizeCodes(codes: Codes, shape: readonly number[], format: Format): Float32Array {
  const values = new Float32Array(codes.length);
  const channelOf = createChannelIndex(shape, format);
  for (let i = 0; i < codes.length; i++) values[i] = floatValue(codes[i], format, channelOf(i));
  return values;
}
