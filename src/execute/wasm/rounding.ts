/** Records for assembly/round.ts: the constants that turn accumulators into codes. */
import { codeRange, type Format } from '../../formats/format.js';
import { type Overflow, ROUNDINGS, roundingConstants } from '../../formats/rounding.js';
import type { Clamp, PerChannel, Requantize } from '../../program/instructions.js';

export interface CodeRange {
  readonly low: number;
  readonly high: number;
}

/** Bytes of the 64-bit record of one channel. */
export const WIDE_BYTES = 80;

const largest = 2 ** 31 - 1;
const smallest = -(2 ** 31);

/** True where a value outside of the range becomes the nearer end. */
export function saturates(overflow: Overflow): boolean {
  return overflow === 'saturate' || overflow === 'saturateSymmetric';
}

/** A requantisation by shifts that are rounded by one addition. */
export interface ByShift {
  readonly shift: PerChannel;
  readonly rounding: (typeof ROUNDINGS)[number];
  readonly overflow: Overflow;
}

/**
 * The requantisation where the records of this file bring values of `bits` bits to codes: saturating, by shifts that are not too
 * large. Undefined for anything else, which rescale.ts does.
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

/** Range of the codes after a saturating overflow and the clamp. */
export function outputRange(format: Format, overflow: Overflow, clamp: Clamp | null): CodeRange {
  const { low, high } = codeRange(format);
  const start = overflow === 'saturateSymmetric' && format.signed ? -high : low;
  const limit = (code: number) => (clamp === null ? code : Math.min(Math.max(code, clamp.low), clamp.high));
  return { low: limit(start), high: limit(high) };
}

/** The shift of each of `channels` channels. */
export function channelShifts({ shift }: ByShift, channels: number): readonly number[] {
  return typeof shift === 'number' ? new Array<number>(channels).fill(shift) : shift;
}

/** The values of an accumulator beyond which the code saturates whatever the rounding. */
function saturationBounds(shift: number, { low, high }: CodeRange): CodeRange {
  return { low: Math.floor((low - 1) * 2 ** shift), high: Math.ceil((high + 1) * 2 ** shift) };
}

/** Forms of the 32-bit rounding, see assembly/round.ts. */
const PLAIN = 0;
const GENERAL = 1;
const AS_FLOATS = 2;

/**
 * True where float32 rounds sums of `bits` bits as halfEven wants: it holds them exactly, shifted or not, and 1.5 * 2^23 plus any of
 * them, shifted, stays between 2^23 and 2^24, where its last bit is worth 1.
 */
function roundsAsFloats(shifts: readonly number[], rounding: ByShift['rounding'], bits: number): boolean {
  return rounding === 'halfEven' && bits <= 25 && shifts.every((shift) => bits - 1 - shift < 22);
}

function floatRecords(
  shifts: readonly number[],
  range: CodeRange,
  bias: ArrayLike<number | bigint> | undefined,
): NarrowRecords {
  const blocks = new Int32Array(Math.ceil(shifts.length / 8) * 32);
  const scales = new Float32Array(blocks.buffer);
  for (let channel = 0; channel < shifts.length; channel++) {
    const word = (channel >> 3) * 32 + (channel & 7);
    blocks[word] = Number(bias?.[channel] ?? 0);
    scales[word + 24] = 2 ** -shifts[channel];
  }
  return { layer: layerRecord(range, AS_FLOATS), blocks };
}

/** A layer's record with its range and form. */
function layerRecord({ low, high }: CodeRange, form: number): Int32Array {
  const layer = new Int32Array(24);
  new Int16Array(layer.buffer).fill(low, 24, 32).fill(high, 32, 40);
  layer[21] = form;
  return layer;
}

export interface NarrowRecords {
  /** offset, evenMask << shift, negativeMask: 4 x i32; low, high: 8 x i16; shift, form, drop: i32; 24 words in all. */
  readonly layer: Int32Array;
  /** Per 8 channels: bias, minimum, maximum, multiplier: 8 x i32; zeros fill the last block. */
  readonly blocks: Int32Array;
}

/**
 * Records of the 32-bit form; undefined where a sum could overflow 32 bits, so that the 64-bit form is needed. The
 * accumulators must fit `bits` bits, at most 32.
 */
export function narrowRecords(
  shifts: readonly number[],
  rounding: ByShift['rounding'],
  range: CodeRange,
  bits: number,
  bias?: ArrayLike<number | bigint>,
): NarrowRecords | undefined {
  if (roundsAsFloats(shifts, rounding, bits)) return floatRecords(shifts, range, bias);
  const common = Math.max(0, ...shifts);
  if (common > 30) return undefined;
  const { offset, evenMask, negativeMask } = roundingConstants(rounding, common);
  const blocks = new Int32Array(Math.ceil(shifts.length / 8) * 32);
  for (let channel = 0; channel < shifts.length; channel++) {
    const bounds = saturationBounds(shifts[channel], range);
    const minimum = Math.max(bounds.low, smallest);
    const maximum = Math.min(bounds.high, largest);
    const multiplier = 2 ** (common - shifts[channel]);
    const fits =
      multiplier <= 2 ** 30 &&
      maximum * multiplier + offset + 1 <= largest &&
      minimum * multiplier + Math.min(0, negativeMask) >= smallest;
    if (!fits) return undefined;
    const word = (channel >> 3) * 32 + (channel & 7);
    blocks[word] = bias === undefined ? 0 : Number(bias[channel]);
    blocks[word + 8] = minimum;
    blocks[word + 16] = maximum;
    blocks[word + 24] = multiplier;
  }
  const factor = 2 ** (common - Math.min(...shifts));
  const general = negativeMask !== 0 || 2 ** (bits - 1) * factor + offset + 1 > largest;
  const layer = layerRecord(range, general ? GENERAL : PLAIN);
  layer
    .fill(offset, 0, 4)
    .fill(evenMask * 2 ** common, 4, 8)
    .fill(negativeMask, 8, 12);
  layer[20] = common;
  return { layer, blocks };
}

/** Words of a block of 8 channels in records for sums of 64 bits, and of 40. */
export const REDUCED_WORDS = 48;
export const JOINED_WORDS = 40;

/**
 * Records for 64-bit sums that the kernel first reduces to 32 bits: bits far below the rounding only matter by whether one is set.
 * Blocks are those of the 32-bit form with 8 biases (i64) behind each. Undefined where what is left has more than 32 bits.
 */
export function reducedRecords(
  shifts: readonly number[],
  rounding: ByShift['rounding'],
  range: CodeRange,
  bits: number,
  bias?: ArrayLike<number | bigint>,
): NarrowRecords | undefined {
  const dropped = dropBits(shifts, rounding, range, bits, REDUCED_WORDS);
  if (dropped === undefined) return undefined;
  const { records, drop } = dropped;
  const biases = new BigInt64Array(records.blocks.buffer);
  for (let channel = 0; channel < shifts.length; channel++)
    biases[(channel >> 3) * 24 + 16 + (channel & 7)] = BigInt(bias?.[channel] ?? 0);
  records.layer[22] = drop;
  return records;
}

/**
 * Records for sums of at most 40 bits that the kernel holds as 256 * high + low, of which it drops low first. Blocks are those of the
 * 32-bit form, whose biases are the high parts, with the low ones (8 x i32) behind each. Undefined where low reaches the rounding.
 */
export function joinedRecords(
  shifts: readonly number[],
  rounding: ByShift['rounding'],
  range: CodeRange,
  bits: number,
  bias?: ArrayLike<number | bigint>,
): NarrowRecords | undefined {
  const dropped = bits <= 40 ? dropBits(shifts, rounding, range, bits, JOINED_WORDS) : undefined;
  if (dropped === undefined || dropped.drop < 8) return undefined;
  const { records, drop } = dropped;
  for (let channel = 0; channel < shifts.length; channel++) {
    const word = (channel >> 3) * JOINED_WORDS + (channel & 7);
    const start = BigInt(bias?.[channel] ?? 0);
    records.blocks[word] = Number(start >> 8n);
    records.blocks[word + 32] = Number(start & 255n);
  }
  records.layer[22] = drop - 8;
  return records;
}

/** As many low bits as the rounding does not need but for whether one is set, and records without biases for what is left. */
function dropBits(
  shifts: readonly number[],
  rounding: ByShift['rounding'],
  range: CodeRange,
  bits: number,
  words: number,
): { drop: number; records: NarrowRecords } | undefined {
  // The bit below the half stays, and carries those that are dropped. What is kept of a sum are the 32 bits above.
  const drop = Math.min(32, ...shifts.map((shift) => shift - 2));
  if (drop < 0 || bits - drop > 32) return undefined;
  const rest = shifts.map((shift) => shift - drop);
  const narrow = narrowRecords(rest, rounding, range, Math.max(2, bits - drop));
  if (narrow === undefined) return undefined;
  const count = narrow.blocks.length / 32;
  const blocks = new Int32Array(count * words);
  for (let block = 0; block < count; block++)
    blocks.set(narrow.blocks.subarray(block * 32, block * 32 + 32), block * words);
  return { drop, records: { layer: narrow.layer, blocks } };
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
        BigInt(offset),
        BigInt(negativeMask),
        BigInt(evenMask),
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
