/** Records for kernels that make codes of their sums by vectors (assembly/round.ts), whatever the scaling. */
import { at, type CodeRange } from '../../formats/format.js';
import { keptRange, saturates } from '../../formats/overflow.js';
import type { Clamp, Requantize, Scaling } from '../../program/instructions.js';
import type { Context } from './context.js';
import { type DoubleStep, doubleStep } from './doubles.js';
import {
  AS_DOUBLES,
  AS_FLOATS,
  byShift,
  CLAMPED_FLOATS,
  type CodeEnds,
  channelShifts,
  GUARDED,
  type LaneRecords,
  LEANING,
  layerRecord,
  narrowRecords,
  WHOLE_BITS,
} from './rounding.js';

/** From exact sums to codes that saturate. */
export interface Rescaling extends CodeEnds {
  readonly scaling: Scaling;
}

export type Biases = ArrayLike<number | bigint>;

/** Lanes that have the numbers of one channel. */
export const UNIFORM_LANES: readonly number[] = new Array<number>(8).fill(0);

/** Words of a block of 8 channels: for sums of 32, 40 and 64 bits. */
export const NARROW_WORDS = 32;
export const JOINED_WORDS = 40;
export const REDUCED_WORDS = 48;

/** What is made of sums for codes of `output`; undefined where these do not saturate, have more than 16 bits or several zero points. */
export function rescalingOf(
  context: Context,
  output: number,
  requantize: Requantize,
  clamp: Clamp | null,
): Rescaling | undefined {
  const { format } = context.tensor(output);
  const { zeroPoint } = format!;
  if (context.kind(output) !== 'i16' || !saturates(requantize.overflow)) return undefined;
  if (typeof zeroPoint !== 'number') return undefined;
  return { scaling: requantize, range: keptRange(format!, requantize.overflow, clamp), zeroPoint };
}

/**
 * Records for sums of `bits` bits, at most 32. `lanes` names the channel of each lane, and repeats one where there are more lanes than
 * channels. Undefined for other styles and roundings, and where neither 32 bits nor a float hold what decides a rounding.
 */
export function laneRecords(
  rescaling: Rescaling,
  lanes: readonly number[],
  bits: number,
  biases?: Biases,
): LaneRecords | undefined {
  if (bits > 32) return undefined;
  const records =
    shiftRecords(rescaling, lanes, bits) ??
    scaleRecords(rescaling, lanes, bits) ??
    doubleRecords(rescaling, lanes, bits, NARROW_WORDS);
  for (let lane = 0; records !== undefined && biases !== undefined && lane < lanes.length; lane++)
    records.blocks[(lane >> 3) * NARROW_WORDS + (lane & 7)] = Number(biases[lane]);
  return records;
}

/**
 * Records for sums of at most 40 bits that the kernel holds as 256 * high + low. The biases of blocks are the high parts, with the low
 * ones (8 x i32) behind each.
 */
export function joinedRecords(
  rescaling: Rescaling,
  lanes: readonly number[],
  bits: number,
  biases?: Biases,
): LaneRecords | undefined {
  if (bits > 40) return undefined;
  const dropped = dropBits(rescaling, lanes, bits, JOINED_WORDS);
  const records =
    dropped !== undefined && dropped.layer[DROP] >= 8
      ? dropped
      : doubleRecords(rescaling, lanes, bits, JOINED_WORDS);
  if (records === undefined) return undefined;
  for (let lane = 0; lane < lanes.length; lane++) {
    const word = (lane >> 3) * JOINED_WORDS + (lane & 7);
    const start = BigInt(biases?.[lane] ?? 0);
    records.blocks[word] = Number(start >> 8n);
    records.blocks[word + 32] = Number(start & 255n);
  }
  records.layer[DROP] -= 8;
  return records;
}

/** Records for sums of 64 bits: blocks have 8 biases (i64) behind each. */
export function reducedRecords(
  rescaling: Rescaling,
  lanes: readonly number[],
  bits: number,
  biases?: Biases,
): LaneRecords | undefined {
  const records =
    dropBits(rescaling, lanes, bits, REDUCED_WORDS) ??
    (bits <= 51 ? doubleRecords(rescaling, lanes, bits, REDUCED_WORDS) : undefined);
  if (records === undefined) return undefined;
  const starts = new BigInt64Array(records.blocks.buffer);
  for (let lane = 0; lane < lanes.length; lane++)
    starts[(lane >> 3) * 24 + 16 + (lane & 7)] = BigInt(biases?.[lane] ?? 0);
  return records;
}

function shiftRecords({ scaling, ...codes }: Rescaling, lanes: readonly number[], bits: number) {
  const by = byShift({ ...scaling, overflow: 'saturate' }, bits);
  return by && narrowRecords(shiftsOf(by, lanes), by.rounding, codes, bits);
}

function shiftsOf({ shift }: { readonly shift: number | readonly number[] }, lanes: readonly number[]) {
  return lanes.map((channel) => at(shift, channel));
}

/** The word of a layer's record that says how many low bits are dropped. */
const DROP = 22;

/**
 * Shifts of wider sums, which the kernel first reduces to 32 bits: bits below the half only matter by whether one is set. As many are
 * dropped as the rounding does not need. Undefined where what is left has more than 32 bits.
 */
function dropBits(
  { scaling, ...codes }: Rescaling,
  lanes: readonly number[],
  bits: number,
  words: number,
): LaneRecords | undefined {
  const by = byShift({ ...scaling, overflow: 'saturate' }, bits);
  if (by === undefined) return undefined;
  const shifts = shiftsOf(by, lanes);
  // The bit below the half stays, and carries those that are dropped. What is kept of a sum are the 32 bits above.
  const drop = shifts.reduce((least, shift) => Math.min(least, shift - 2), 32);
  if (drop < 0 || bits - drop > 32) return undefined;
  const rest = shifts.map((shift) => shift - drop);
  const narrow = narrowRecords(rest, by.rounding, codes, Math.max(2, bits - drop));
  if (narrow === undefined) return undefined;
  const count = narrow.blocks.length / NARROW_WORDS;
  const blocks = new Int32Array(count * words);
  for (let block = 0; block < count; block++)
    blocks.set(narrow.blocks.subarray(block * NARROW_WORDS, (block + 1) * NARROW_WORDS), block * words);
  narrow.layer[DROP] = drop;
  return { layer: narrow.layer, blocks };
}

/** Style `scale` rounded half to even is what float32 does; sums are clamped first, unless none of them leaves 22 bits. */
function scaleRecords(
  { scaling, range, zeroPoint }: Rescaling,
  lanes: readonly number[],
  bits: number,
): LaneRecords | undefined {
  if (scaling.style !== 'scale' || scaling.rounding !== 'halfEven') return undefined;
  const scales = lanes.map((channel) => at(scaling.scale, channel));
  const clamped = scales.some((scale) => 2 ** (bits - 1) * scale >= MOST_WHOLE);
  const blocks = new Int32Array(Math.ceil(lanes.length / 8) * NARROW_WORDS);
  const reals = new Float32Array(blocks.buffer);
  for (const [lane, scale] of scales.entries()) {
    const word = (lane >> 3) * NARROW_WORDS + (lane & 7);
    const { low, high } = saturatingSums(range, zeroPoint, scale);
    if (clamped && Math.max(-low, high) * scale >= MOST_WHOLE) return undefined;
    blocks[word + 8] = low;
    blocks[word + 16] = high;
    reals[word + 24] = scale;
  }
  const layer = layerRecord(range, clamped ? CLAMPED_FLOATS : AS_FLOATS).fill(WHOLE_BITS - zeroPoint, 0, 4);
  return { layer, blocks };
}

/** Numbers below it, times 1.5 * 2^23 or added to it, keep the unit of float32's last bit. */
const MOST_WHOLE = 2 ** 22 - 1;

/** Sums beyond which codes saturate, with room for the error of a float32. */
function saturatingSums({ low, high }: CodeRange, zeroPoint: number, scale: number): CodeRange {
  return {
    low: Math.max(-(2 ** 31), Math.floor((low - zeroPoint - 2) / scale)),
    high: Math.min(2 ** 31 - 1, Math.ceil((high - zeroPoint + 2) / scale)),
  };
}

/** Integers up to it, and zero points more, fit 32 bits. */
export const MOST_INTEGER = 2 ** 30;

/** Blocks of as many words, and behind all of them blocks of offsets; behind these what guarded float32 adds. */
function doubleRecords(
  { scaling, range, zeroPoint }: Rescaling,
  lanes: readonly number[],
  bits: number,
  words: number,
): LaneRecords | undefined {
  const ends = { low: range.low - zeroPoint, high: range.high - zeroPoint };
  const steps = new Map<number, DoubleStep>();
  for (const channel of lanes) {
    const step = steps.get(channel) ?? doubleStep(scaling, channel, bits, ends);
    if (step === undefined || 2 ** (bits - 1) * step.scale >= MOST_INTEGER) return undefined;
    steps.set(channel, step);
  }
  const form = words === NARROW_WORDS ? guardedForm([...steps.values()], bits, ends) : AS_DOUBLES;
  const offsets = Math.ceil(lanes.length / 8) * words;
  const blocks = new Int32Array((form === LEANING ? 3 : 2) * offsets);
  const reals = new Float64Array(blocks.buffer);
  const floats = new Float32Array(blocks.buffer);
  for (const [lane, channel] of lanes.entries()) {
    const { scale, offset, difference, lean } = steps.get(channel)!;
    const block = (lane >> 3) * words;
    const place = block / 2 + (((lane & 2) << 1) | ((lane & 4) >> 1) | (lane & 1));
    reals[place + 4] = scale;
    reals[place + offsets / 2] = offset;
    reals[place + offsets / 2 + 8] = difference;
    if (form !== AS_DOUBLES) floats[block + 24 + (lane & 7)] = scale;
    if (form === LEANING) floats[block + 2 * offsets + (lane & 7)] = lean!;
  }
  const layer = layerRecord(range, form);
  layer
    .fill(WHOLE_BITS - zeroPoint, 0, 4)
    .fill(offsets * 4, 4, 5)
    .fill(zeroPoint, 8, 12);
  new Float32Array(layer.buffer).set([0.5 - floatError(ends), 1.5 * 2 ** 23, -0], 5);
  return { layer, blocks };
}

/** The largest error of a result in float32: of sum, scale, product, and of what is added, each half a unit of its last bit. */
function floatError({ low, high }: CodeRange): number {
  return 4 * (Math.max(-low, high) + 1) * 2 ** -24;
}

/** Whether float32 settles nearly all results of a rounding to the nearest. */
function guardedForm(steps: readonly DoubleStep[], bits: number, ends: CodeRange): number {
  const settles = steps.every(
    ({ scale, lean }) => lean !== undefined && 2 ** (bits - 1) * scale + 1 < MOST_WHOLE,
  );
  if (!settles || floatError(ends) > MOST_DOUBT) return AS_DOUBLES;
  return steps.some(({ lean }) => lean !== 0) ? LEANING : GUARDED;
}

/** Of so few results there may be doubt, on either side of the middle between two integers. */
const MOST_DOUBT = 2 ** -12;

/** The shifts of all channels, where scalar code makes codes of sums of 64 bits: without a zero point. */
export function wideShifts({ scaling, zeroPoint }: Rescaling, channels: number, bits: number) {
  const by = zeroPoint === 0 ? byShift({ ...scaling, overflow: 'saturate' }, bits) : undefined;
  return by && { shifts: channelShifts(by, channels), rounding: by.rounding };
}
