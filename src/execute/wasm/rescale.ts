/**
 * From exact sums to codes in a pass of its own: what the kernels that round their own sums do not do. Records: assembly/scale.ts and
 * assembly/rescale.ts.
 */
import { at, codeRange, type Format } from '../../formats/format.js';
import { keptRange, saturates } from '../../formats/overflow.js';
import { type Overflow, ROUNDINGS, type Rounding, seedOf } from '../../formats/rounding.js';
import type { Clamp, Instruction, Requantize, Scaling } from '../../program/instructions.js';
import { elementCount } from '../../shape.js';
import { type Address, type Context, shift } from './context.js';
import { countEnds } from './count-ends.js';
import { rescalingOf } from './lane-records.js';
import { elementBytes } from './prepared.js';
import { placeVectorRescale, type VectorRescale } from './rescale-vector.js';

/** Sums in memory. */
export interface Sums {
  readonly kind: 'i32' | 'i64';
  /** Width that holds them. */
  readonly bits: number;
  /** Bits of a 64-bit number above a register that wraps: sums are taken modulo its width. 0 where they are exact. */
  readonly above: number;
}

/** What a pass over sums may touch, so that it stays in the second-level cache. */
export const SUMS_BYTES = 128 * 1024;

export function sumBytes({ kind }: Sums): number {
  return kind === 'i32' ? 4 : 8;
}

/** Turns sums of consecutive elements of the output, whole pixels, into its codes. */
export type EmitRescale = (sums: Address, first: number, length: number) => void;

const STYLES = ['shift', 'multiplier', 'doubling', 'scale', 'division'] as const;

/** Elements that are taken for a pixel where one record serves all: a multiple of the lanes. */
const UNIFORM_WIDTH = 64;

const RECORD_BYTES = 48;

/** A rounding as kernels know it: its number, that of stochastic ones behind the named ones, and its seed. */
export function roundingNumber(rounding: Rounding): { number: number; seed: number } {
  const seed = seedOf(rounding);
  const number = seed === undefined ? (ROUNDINGS as readonly string[]).indexOf(rounding) : ROUNDINGS.length;
  return { number, seed: seed ?? 0 };
}

const OVERFLOW_NUMBERS: Readonly<Record<Overflow, number>> = {
  saturate: 0,
  saturateSymmetric: 0,
  wrap: 1,
  trap: 2,
};

/** An overflow as kernels know it: symmetric saturation only has other ends. */
export function overflowNumber(overflow: Overflow): number {
  return OVERFLOW_NUMBERS[overflow];
}

/** No sum comes near. */
const BEYOND = 2n ** 62n;

/** low, high, the clamp's low and high, and the ends beyond which a value counts as clipped: those that no clamp hides. */
function codeEnds(format: Format, overflow: Overflow, clamp: Clamp | null): bigint[] {
  const { low, high } = keptRange(format, overflow);
  const ends = clamp ?? codeRange(format);
  const hides = saturates(overflow);
  const hidden = { low: hides && ends.low > low, high: hides && ends.high < high };
  return [
    ...[low, high, ends.low, ends.high].map(BigInt),
    hidden.low ? -BEYOND : BigInt(low),
    hidden.high ? BEYOND : BigInt(high),
  ];
}

export interface RescaleOptions {
  readonly overflow: Overflow;
  readonly clamp: Clamp | null;
  readonly sums: Sums;
  /** Index of the scaling for each pixel; left out: the first for all. */
  readonly picks?: readonly number[];
}

/** True where 32-bit sums are the codes of the output as they stand, so that no pass is needed. */
export function areCodes(
  context: Context,
  output: number,
  requantize: Requantize,
  clamp: Clamp | null,
  { kind, bits, above }: Sums,
): boolean {
  const { format } = context.tensor(output);
  const isOne = requantize.style === 'multiplier' && requantize.multiplier === 1;
  const unscaled =
    (isOne || requantize.style === 'shift') && [requantize.shift].flat().every((by) => by === 0);
  const plain = unscaled && clamp === null && context.counters === undefined && !format!.narrow;
  if (!plain || kind !== 'i32' || context.kind(output) !== 'i32') return false;
  return above === 0 ? bits <= format!.bits : bits === 32 && format!.bits === 32;
}

/** Prepares the pass for the codes of an instruction's output, by one scaling or by those that `picks` name. */
export function prepareRescale(
  context: Context,
  { output }: Instruction,
  scalings: readonly Scaling[],
  { overflow, clamp, sums, picks = [0] }: RescaleOptions,
): EmitRescale {
  const { constants, counters } = context;
  const { format, shape } = context.tensor(output);
  const { zeroPoint } = format!;
  const perChannel = typeof zeroPoint !== 'number' || scalings.some(isPerChannel);
  const channels = shape.at(-1) ?? 1;
  const kind = context.kind(output) === 'i32' ? 'i32' : 'i16';
  if (kind === 'i16' && saturates(overflow) && picks.length === 1) {
    const width = perChannel ? channels : UNIFORM_WIDTH;
    const rescaling = rescalingOf(context, output, { ...scalings[0], overflow }, clamp);
    const vectors = rescaling && placeVectorRescale(context, rescaling, width, sums);
    const ends =
      counters && vectors && placeEnds(context, scalings[0], format!, { overflow, clamp, sums }, width);
    if (vectors !== undefined && (counters === undefined || ends !== undefined))
      return emitVectors(context, output, vectors, width, sums.kind, ends);
  }
  const modes = [overflowNumber(overflow), sums.above].map(BigInt);
  const layer = BigInt64Array.from([...modes, ...codeEnds(format!, overflow, clamp)]);
  const each = perChannel ? channels : 1;
  const records = scalings.flatMap((scaling) =>
    Array.from({ length: each }, (_, channel) => scaleRecord(scaling, channel, at(zeroPoint, channel))),
  );
  const base = placeRecords(context, records);
  const selectors = Uint32Array.from({ length: picks.length * each }, (_, index) => {
    return base + (picks[Math.floor(index / each)] * each + (index % each)) * RECORD_BYTES;
  });
  // One record serves all elements, or a pixel, or a channel of one.
  const inner = perChannel ? 1 : picks.length > 1 ? channels : elementCount(shape);
  const shared = {
    layer: constants.place(layer.byteLength, () => layer),
    selectors: constants.place(selectors.byteLength, () => selectors),
    period: Math.max(1, selectors.length),
    inner: Math.max(1, inner),
  };
  const y = context.address(output);
  return (x, first, length) => {
    const args = { x, y: shift(y, first * elementBytes(kind)), ...shared, first, length };
    if (counters !== undefined) context.emit(`rescaleCounted_${sums.kind}_${kind}`, { ...args, counters });
    else context.emit(`rescale_${sums.kind}_${kind}`, args);
  };
}

/** The ends of sums that become codes within the range, for counting; of one zero point. */
function placeEnds(
  { constants }: Context,
  scaling: Scaling,
  format: Format,
  { overflow, clamp, sums }: RescaleOptions,
  width: number,
): number | undefined {
  const zeroPoint = at(format.zeroPoint, 0);
  const [low, high] = codeEnds(format, overflow, clamp)
    .slice(4)
    .map((end) => (end === BEYOND || end === -BEYOND ? Number(end) * Infinity : Number(end) - zeroPoint));
  const blocks = countEnds(scaling, width, { low, high }, sums);
  return blocks && constants.place(blocks.byteLength, () => blocks);
}

/** `width` channels are alike from one to the next. `ends`: what sums are counted by, where they are. */
function emitVectors(
  context: Context,
  output: number,
  { kernel, ...records }: VectorRescale,
  width: number,
  kind: Sums['kind'],
  ends: number | undefined,
): EmitRescale {
  const { counters } = context;
  const y = context.address(output);
  const bytes = kind === 'i32' ? 4 : 8;
  const emit = (x: Address, first: number, pixels: number, channels: number) => {
    if (counters !== undefined && ends !== undefined)
      context.emit(`countSums_${kind}`, { x, blocks: ends, pixels, channels, counters });
    context.emit(kernel, { x, y: shift(y, first * 2), ...records, pixels, channels });
  };
  return (x, first, length) => {
    const rest = length % width;
    const whole = length - rest;
    if (whole > 0) emit(x, first, whole / width, width);
    if (rest > 0) emit(shift(x, whole * bytes), first + whole, 1, rest);
  };
}

/** True where channels have numbers of their own. */
export function isPerChannel(scaling: Scaling): boolean {
  return Object.values(scaling).some((value) => typeof value === 'object');
}

/** Places records for assembly/scale.ts, one after the other. */
export function placeRecords({ constants }: Context, records: readonly (readonly bigint[])[]): number {
  return constants.place(records.length * RECORD_BYTES, () => BigInt64Array.from(records.flat()));
}

/** style, rounding, seed, factor, shift, zero point. */
export function scaleRecord(scaling: Scaling, channel: number, zeroPoint: number): bigint[] {
  const { number, seed } = roundingNumber(scaling.style === 'doubling' ? 'floor' : scaling.rounding);
  const by = 'shift' in scaling ? at(scaling.shift, channel) : 0;
  return [
    ...[STYLES.indexOf(scaling.style), number, seed].map(BigInt),
    factorOf(scaling, channel),
    ...[by, zeroPoint].map(BigInt),
  ];
}

function factorOf(scaling: Scaling, channel: number): bigint {
  switch (scaling.style) {
    case 'shift':
      return 1n;
    case 'division':
      return BigInt(at(scaling.divisor, channel));
    case 'scale':
      return new BigInt64Array(Float64Array.of(at(scaling.scale, channel)).buffer)[0];
    default:
      return BigInt(at(scaling.multiplier, channel));
  }
}
