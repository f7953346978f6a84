/** Records for assembly/round.ts: the constants that turn accumulators into codes. */
import type { CodeRange } from '../../formats/format.js';
import { saturates } from '../../formats/overflow.js';
import { type NamedRounding, type Overflow, ROUNDINGS, roundingConstants } from '../../formats/rounding.js';
import type { PerChannel, Requantize } from '../../program/instructions.js';

/** Bytes of the 64-bit record of one channel. */
export const WIDE_BYTES = 80;

const largest = 2 ** 31 - 1;
const smallest = -(2 ** 31);

/** Width of a register for numbers up to this magnitude. */
export function bitsFor(magnitude: number): number {
  return 1 + Math.ceil(Math.log2(magnitude + 1));
}

/** A requantisation by shifts that are rounded by one addition. */
export interface ByShift {
  readonly shift: PerChannel;
  readonly rounding: NamedRounding;
  readonly overflow: Overflow;
}

/**
 * The requantisation where the records of this file bring values of `bits` bits to codes: saturating, by shifts that are not too
 * large. Undefined for anything else.
 */
export function byShift(requantize: Requantize, bits: number): ByShift | undefined {
  const { style, overflow } = requantize;
  if (style !== 'shift' || !saturates(overflow)) return undefined;
  const { shift } = requantize;
  const rounding = ROUNDINGS.find((name) => name === requantize.rounding);
  const most = bits > 63 ? 44 : 52;
  const shifts = typeof shift === 'number' ? [shift] : shift;
  if (rounding === undefined || shifts.some((by) => by > most)) return undefined;
  return { shift, rounding, overflow };
}

/** The shift of each of `channels` channels. */
export function channelShifts({ shift }: ByShift, channels: number): readonly number[] {
  return typeof shift === 'number' ? new Array<number>(channels).fill(shift) : shift;
}

/** The values of an accumulator beyond which the code saturates whatever the rounding. */
function saturationBounds(shift: number, { low, high }: CodeRange): CodeRange {
  return { low: Math.floor((low - 1) * 2 ** shift), high: Math.ceil((high + 1) * 2 ** shift) };
}

/** Forms of rounding by vectors, see assembly/round.ts. */
const PLAIN = 0;
const GENERAL = 1;
export const AS_FLOATS = 2;
export const CLAMPED_FLOATS = 3;
export const AS_DOUBLES = 4;
export const GUARDED = 5;
export const LEANING = 6;

/** Bits of 1.5 * 2^23 in float32. */
export const WHOLE_BITS = 0x4b400000;

/**
 * True where float32 rounds sums of `bits` bits as halfEven wants: it holds them exactly, shifted or not, and 1.5 * 2^23 plus any of
 * them, shifted, stays between 2^23 and 2^24, where its last bit is worth 1.
 */
function roundsAsFloats(shifts: readonly number[], rounding: ByShift['rounding'], bits: number): boolean {
  return rounding === 'halfEven' && bits <= 25 && shifts.every((shift) => bits - 1 - shift < 22);
}

function floatRecords(shifts: readonly number[], { range, zeroPoint }: CodeEnds): LaneRecords {
  const blocks = new Int32Array(Math.ceil(shifts.length / 8) * 32);
  const scales = new Float32Array(blocks.buffer);
  for (let channel = 0; channel < shifts.length; channel++)
    scales[(channel >> 3) * 32 + (channel & 7) + 24] = 2 ** -shifts[channel];
  return { layer: layerRecord(range, AS_FLOATS).fill(WHOLE_BITS - zeroPoint, 0, 4), blocks };
}

/** A layer's record with its range and form. */
export function layerRecord({ low, high }: CodeRange, form: number): Int32Array {
  const layer = new Int32Array(24);
  new Int16Array(layer.buffer).fill(low, 24, 32).fill(high, 32, 40);
  layer[21] = form;
  return layer;
}

/** Records of the forms that assembly/round.ts describes. */
export interface LaneRecords {
  /** 24 words. */
  readonly layer: Int32Array;
  /** Per 8 channels, the bias first; zeros fill the last block. */
  readonly blocks: Int32Array;
}

/** Codes that saturate at the ends of a range, and what is added to a scaled sum to get one. */
export interface CodeEnds {
  readonly range: CodeRange;
  readonly zeroPoint: number;
}

/**
 * Records of shifts in 32 bits, without biases; undefined where a sum could overflow 32 bits. The accumulators must fit `bits` bits, at
 * most 32.
 */
export function narrowRecords(
  shifts: readonly number[],
  rounding: ByShift['rounding'],
  codes: CodeEnds,
  bits: number,
): LaneRecords | undefined {
  if (roundsAsFloats(shifts, rounding, bits)) return floatRecords(shifts, codes);
  const { range, zeroPoint } = codes;
  const common = shifts.reduce((most, shift) => Math.max(most, shift), 0);
  if (common > 30) return undefined;
  const constants = roundingConstants(rounding, common);
  const [evenMask, negativeMask] = [Number(constants.evenMask), Number(constants.negativeMask)];
  const offset = Number(constants.offset) + zeroPoint * 2 ** common;
  const ends = { low: range.low - zeroPoint, high: range.high - zeroPoint };
  const blocks = new Int32Array(Math.ceil(shifts.length / 8) * 32);
  for (let channel = 0; channel < shifts.length; channel++) {
    const bounds = saturationBounds(shifts[channel], ends);
    const minimum = Math.max(bounds.low, smallest);
    const maximum = Math.min(bounds.high, largest);
    const multiplier = 2 ** (common - shifts[channel]);
    const fits =
      multiplier <= 2 ** 30 &&
      maximum * multiplier + Math.max(0, offset) + 1 <= largest &&
      minimum * multiplier + Math.min(0, negativeMask) + Math.min(0, offset) >= smallest;
    if (!fits) return undefined;
    const word = (channel >> 3) * 32 + (channel & 7);
    blocks[word + 8] = minimum;
    blocks[word + 16] = maximum;
    blocks[word + 24] = multiplier;
  }
  const factor = 2 ** (common - shifts.reduce((least, shift) => Math.min(least, shift), common));
  const general = negativeMask !== 0 || 2 ** (bits - 1) * factor + Math.abs(offset) + 1 > largest;
  const layer = layerRecord(range, general ? GENERAL : PLAIN);
  layer
    .fill(offset, 0, 4)
    .fill(evenMask * 2 ** common, 4, 8)
    .fill(negativeMask, 8, 12);
  layer[20] = common;
  return { layer, blocks };
}

/**
 * Records of the 64-bit form, one per channel: bias, minimum, maximum, offset, negativeMask, evenMask, shift right,
 * shift left, low, high. The shifts are those that byShift allows.
 */
export function wideRecords(
  shifts: readonly number[],
  rounding: ByShift['rounding'],
  range: CodeRange,
  bias?: ArrayLike<number | bigint>,
): BigInt64Array {
  const padded = Math.ceil(shifts.length / 8) * 8;
  const words = WIDE_BYTES / 8;
  const records = new BigInt64Array(padded * words);
  const limit = 2n ** 62n;
  for (let channel = 0; channel < shifts.length; channel++) {
    const shift = shifts[channel];
    const right = Math.max(0, shift);
    // Beyond 40 bits to the left everything but 0 saturates.
    const left = Math.min(40, Math.max(0, -shift));
    const bounds = saturationBounds(right - left, range);
    const { offset, evenMask, negativeMask } = roundingConstants(rounding, right);
    const clip = (value: number) => {
      const exact = BigInt(value);
      return exact > limit ? limit : exact < -limit ? -limit : exact;
    };
    records.set(
      [
        BigInt(bias?.[channel] ?? 0),
        clip(bounds.low),
        clip(bounds.high),
        offset,
        negativeMask,
        evenMask,
        BigInt(right),
        BigInt(left),
        BigInt(range.low),
        BigInt(range.high),
      ],
      channel * words,
    );
  }
  return records;
}
