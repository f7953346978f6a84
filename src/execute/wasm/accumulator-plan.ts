/** The plan of assembly/accumulate.ts: an accumulator's registers, and its products in the order in which they are added. */
import {
  type NamedRounding,
  type Overflow,
  type Rounding,
  roundingConstants,
} from '../../formats/rounding.js';
import type { Accumulator } from '../../program/instructions.js';

/** Kernel rows and columns, and channels of a group. */
export interface Extents {
  readonly row: number;
  readonly column: number;
  readonly channel: number;
}

/** One product: its tap and channel; undefined for a lane behind the last channel. */
export interface Place {
  readonly row: number;
  readonly column: number;
  readonly channel: number;
}

const MODES: Readonly<Record<Overflow, number>> = { saturate: 1, saturateSymmetric: 1, wrap: 2, trap: 3 };

/** True where wrapping after every step gives what wrapping once at the end gives. */
export function wrapsAsOne({ bits, overflow, treeBits, partialSum }: Accumulator): boolean {
  // Symmetric saturation moves the least number of a register of its own width.
  const room = partialSum?.overflow === 'saturateSymmetric' ? 1 : 0;
  const stored = partialSum === null || partialSum.bits >= bits + room;
  return overflow === 'wrap' && stored && (treeBits === 0 || treeBits >= bits);
}

/** The sequence of products: the loop nest `order`, outermost first. */
export function productSequence(
  { order, productsPerStep }: Accumulator,
  { row, column, channel }: Extents,
): (Place | undefined)[] {
  const extents = {
    row,
    column,
    inputChannel: channel,
    inputBlock: Math.ceil(channel / productsPerStep),
    inputLane: productsPerStep,
  };
  let places = [{ row: 0, column: 0, inputChannel: 0, inputBlock: 0, inputLane: 0 }];
  for (const loop of order)
    places = places.flatMap((place) =>
      Array.from({ length: extents[loop] }, (_, index) => ({ ...place, [loop]: index })),
    );
  return places.map((place) => {
    const index = place.inputChannel + place.inputBlock * productsPerStep + place.inputLane;
    return index < channel ? { row: place.row, column: place.column, channel: index } : undefined;
  });
}

/** The plan; `lane` is the width of a lane. */
export function accumulatorPlan(accumulator: Accumulator, products: number, lane: 32 | 64): BigInt64Array {
  const { bits, overflow, productsPerStep, treeBits, bias, partialSum } = accumulator;
  const dropped = partialSum === null ? 0 : Math.max(0, bits - partialSum.bits);
  return BigInt64Array.from([
    ...[products, productsPerStep, bias === 'first' ? 1 : 0, partialSum?.every ?? 0].map(BigInt),
    ...storeRounding(partialSum?.rounding ?? 'floor', dropped),
    ...register(treeBits, overflow, lane),
    ...register(bits, overflow, lane),
    ...register(partialSum?.bits ?? 0, partialSum?.overflow ?? 'wrap', lane),
  ]);
}

/** Mode, low, high, and the bits of a lane above the register; no register: nothing changes. */
function register(bits: number, overflow: Overflow, lane: number): bigint[] {
  if (bits === 0) return [0n, 0n, 0n, 0n];
  const width = Math.min(bits, lane);
  const high = 2n ** BigInt(width - 1) - 1n;
  const low = overflow === 'saturateSymmetric' ? -high : -high - 1n;
  return [BigInt(MODES[overflow]), low, high, BigInt(lane - width)];
}

/** shift, offset, evenMask and negativeMask; programs store partial sums by named roundings only. */
function storeRounding(rounding: Rounding, shift: number): bigint[] {
  const { offset, evenMask, negativeMask } = roundingConstants(rounding as NamedRounding, shift);
  return [BigInt(shift), offset, evenMask, negativeMask];
}
