/** Records for assembly/rescale-vector.ts: the scalings of sums that vectors do. */
import { at, type Format } from '../../formats/format.js';
import { ROUNDINGS } from '../../formats/rounding.js';
import type { Scaling } from '../../program/instructions.js';
import type { Context } from './context.js';
import type { Sums } from './rescale.js';
import { byShift, type CodeRange, channelShifts, narrowRecords, reducedRecords } from './rounding.js';

export interface VectorRescale {
  readonly kernel:
    | 'rescaleDoubling_i32_i16'
    | 'rescaleScale_i32_i16'
    | 'rescaleMultiplier_i32_i16'
    | 'rescaleShift_i64_i16';
  readonly layer: number;
  readonly blocks: number;
}

const largest = 2 ** 31 - 1;
const smallest = -(2 ** 31);

/**
 * The kernel and its records for codes from `range.low` to `range.high`, what lies outside of it saturated; undefined where the scaling
 * is none of those, or its numbers leave the lanes.
 */
export function placeVectorRescale(
  context: Context,
  scaling: Scaling,
  format: Format,
  channels: number,
  range: CodeRange,
  sums: Sums,
): VectorRescale | undefined {
  const { zeroPoint } = format;
  if (sums.above !== 0 || typeof zeroPoint !== 'number') return undefined;
  const ends = { low: range.low - zeroPoint, high: range.high - zeroPoint };
  const place = (kernel: VectorRescale['kernel'], records: Records | undefined) =>
    records && {
      kernel,
      layer: context.constants.place(records.layer.byteLength, () => records.layer),
      blocks: context.constants.place(records.blocks.byteLength, () => records.blocks),
    };
  if (sums.kind === 'i64')
    return place('rescaleShift_i64_i16', shiftRecords(scaling, channels, ends, zeroPoint, sums.bits));
  switch (scaling.style) {
    case 'doubling':
      return place('rescaleDoubling_i32_i16', doublingRecords(scaling, channels, ends, zeroPoint, sums.bits));
    case 'scale':
      return place('rescaleScale_i32_i16', scaleRecords(scaling, channels, ends, zeroPoint));
    case 'shift':
    case 'multiplier':
      return place('rescaleMultiplier_i32_i16', multiplierRecords(scaling, channels, ends, zeroPoint));
    default:
      return undefined;
  }
}

interface Records {
  readonly layer: Int32Array;
  readonly blocks: Int32Array;
}

type Style<K extends Scaling['style']> = Extract<Scaling, { style: K }>;

function doublingRecords(
  { multiplier, shift }: Style<'doubling'>,
  channels: number,
  { low, high }: CodeRange,
  zeroPoint: number,
  bits: number,
): Records | undefined {
  const words = new Int32Array(Math.ceil(channels / 8) * 32);
  const reals = new Float64Array(words.buffer);
  for (let channel = 0; channel < channels; channel++) {
    const by = at(shift, channel);
    if (bits + Math.max(0, -by) > 32) return undefined;
    const [block, lane] = [channel >> 3, channel & 7];
    words[block * 32 + lane] = at(multiplier, channel);
    words[block * 32 + 8 + lane] = 2 ** Math.max(0, -by);
    reals[block * 16 + 8 + lane] = 2 ** -Math.max(0, by);
  }
  return { layer: Int32Array.of(low, high, zeroPoint), blocks: words };
}

function shiftRecords(
  scaling: Scaling,
  channels: number,
  ends: CodeRange,
  zeroPoint: number,
  bits: number,
): Records | undefined {
  const by = byShift({ ...scaling, overflow: 'saturate' }, bits);
  if (by === undefined || zeroPoint !== 0 || ends.low < -32768 || ends.high > 32767) return undefined;
  return reducedRecords(channelShifts(by, channels), by.rounding, ends, bits);
}

function scaleRecords(
  { scale, rounding }: Style<'scale'>,
  channels: number,
  { low, high }: CodeRange,
  zeroPoint: number,
): Records | undefined {
  if (rounding !== 'halfEven') return undefined;
  const blocks = new Int32Array(Math.ceil(channels / 8) * 8);
  new Float32Array(blocks.buffer).set(Array.from({ length: channels }, (_, channel) => at(scale, channel)));
  const layer = Int32Array.of(0, 0, zeroPoint);
  new Float32Array(layer.buffer).set([low, high]);
  return { layer, blocks };
}

/** Words of a block: those of the 32-bit rounding, and multiplier, least and greatest sum of each channel. */
const MULTIPLIER_WORDS = 56;

function multiplierRecords(
  scaling: Style<'shift' | 'multiplier'>,
  channels: number,
  ends: CodeRange,
  zeroPoint: number,
): Records | undefined {
  const rounding = ROUNDINGS.find((name) => name === scaling.rounding);
  if (rounding === undefined || ends.low < -32768 || ends.high > 32767) return undefined;
  const shifts = Array.from({ length: channels }, (_, channel) => at(scaling.shift, channel));
  // The bit below the half stays, and carries those that are dropped. What is kept of a product are the 32 bits above.
  const drop = Math.max(0, Math.min(32, ...shifts.map((by) => by - 2)));
  const rest = shifts.map((by) => by - drop);
  const narrow = narrowRecords(rest, rounding, ends, 32);
  if (narrow === undefined) return undefined;
  const count = narrow.blocks.length / 32;
  const blocks = new Int32Array(count * MULTIPLIER_WORDS);
  for (let block = 0; block < count; block++)
    blocks.set(narrow.blocks.subarray(block * 32, block * 32 + 32), block * MULTIPLIER_WORDS);
  for (let channel = 0; channel < channels; channel++) {
    const multiplier = scaling.style === 'shift' ? 1 : at(scaling.multiplier, channel);
    // One beyond the sums whose codes saturate, for the error of the division.
    const end = (code: number) => (multiplier === 0 ? 0 : (code * 2 ** shifts[channel]) / multiplier);
    const least = Math.max(smallest, Math.floor(end(ends.low - 1)) - 1);
    const most = Math.min(largest, Math.ceil(end(ends.high + 1)) + 1);
    const reach = Math.max(Math.abs(least), Math.abs(most)) * multiplier;
    if (reach * 2 ** -drop > largest - 2) return undefined;
    const word = (channel >> 3) * MULTIPLIER_WORDS + 32 + (channel & 7);
    blocks[word] = multiplier;
    blocks[word + 8] = least;
    blocks[word + 16] = most;
  }
  narrow.layer[22] = drop;
  narrow.layer[23] = zeroPoint;
  return { layer: narrow.layer, blocks };
}
