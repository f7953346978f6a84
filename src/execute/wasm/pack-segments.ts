/** Weights for assembly/convolution-segments.ts: panels of 16 output channels whose products are summed in 32 bits, segment by segment. */
import type { CodeRange } from '../../formats/format.js';
import type { CentredProduct } from './centre.js';
import { type ProductShape, turns, type WeightGroup, weightGroup } from './pack-weights.js';

const PANEL = 16;
/** Bytes before the pairs of a segment. */
const HEADER = 80;
/** Bytes of a pair of input channels. */
const TURN = 64;
/** Segments of one sum. */
const MOST_SEGMENTS = 65535;

const smallest = -(2 ** 31);
const largest = 2 ** 31 - 1;

/** Where the segments of a group of weights end, for panel after panel and in it tap after tap, and what they start with. */
export interface Segments {
  /** Pairs of input channels. */
  readonly lengths: readonly number[];
  /** Of each segment 16, one per output channel of the panel. */
  readonly starts: readonly number[];
  /** Per output channel, what all its segments start with together. */
  readonly totals: readonly number[];
  /** Bytes of the panel that takes most. */
  readonly panelBytes: number;
}

/** Those of all groups of a product. */
export interface ProductSegments {
  readonly groups: readonly Segments[];
  /** The same for all panels. */
  readonly panelBytes: number;
  /** What sums start with, less what their segments start with. */
  readonly start: readonly bigint[];
}

/** `range`: what the codes of x can be. */
export function segmentProduct(
  { weights, start }: CentredProduct,
  shape: ProductShape,
  range: CodeRange,
): ProductSegments {
  const codes = weights instanceof Int16Array ? weights : Int16Array.from(weights);
  const groups = Array.from({ length: shape.groups }, (_, index) =>
    planSegments(weightGroup(codes, shape, index), range),
  );
  const totals = groups.flatMap((group) => group.totals);
  return {
    groups,
    panelBytes: Math.max(...groups.map(({ panelBytes }) => panelBytes)),
    start: totals.map((total, output) => BigInt(start?.[output] ?? 0) - BigInt(total)),
  };
}

/** False where a sum of so many products may take more segments than the kernel can count. */
export function fitsSegments(products: number): boolean {
  return products <= MOST_SEGMENTS;
}

/**
 * The longest segments, one after the other, whose sums span less than 2^32 for all codes of `range` (within 16 bits): with a start that
 * moves what they span into 32 bits, they cannot overflow. One pair always fits.
 */
function planSegments(group: WeightGroup, range: CodeRange): Segments {
  const { outputs, taps, channels } = group;
  const all = turns(group);
  const lengths: number[] = [];
  const starts: number[] = [];
  const totals = new Array<number>(outputs).fill(0);
  let most = 0;
  for (let panel = 0; panel < outputs; panel += PANEL) {
    const before = lengths.length;
    for (let tap = 0; tap < taps; tap++) {
      let turn = 0;
      do {
        const first = (panel * taps + tap) * channels + turn * 2;
        const length = segmentLength(group, panel, first, all - turn, range);
        lengths.push(length);
        const weights = Math.min(2 * length, channels - turn * 2);
        for (let lane = 0; lane < PANEL; lane++) {
          const from = first + lane * taps * channels;
          const start = panel + lane < outputs ? startOf(group, from, weights, range) : 0;
          starts.push(start);
          if (panel + lane < outputs) totals[panel + lane] += start;
        }
        turn += length;
      } while (turn < all);
    }
    most = Math.max(most, lengths.length - before);
  }
  return { lengths, starts, totals, panelBytes: most * HEADER + taps * all * TURN };
}

/** How many of `most` pairs, which in the panel's first output start at the weight `first`, can be summed up in a segment. */
function segmentLength(
  { data, start, outputs, taps, channels }: WeightGroup,
  panel: number,
  first: number,
  most: number,
  { low, high }: CodeRange,
): number {
  const row = taps * channels;
  const end = channels - (first % channels);
  const widest = (2 ** 32 - 1) / (high - low);
  let length = most;
  for (let output = panel; output < Math.min(panel + PANEL, outputs); output++) {
    const from = start + first + (output - panel) * row;
    const count = Math.min(2 * length, end);
    let sum = 0;
    for (let weight = 0; weight < count; weight++) {
      sum += Math.abs(data[from + weight]);
      if (sum <= widest) continue;
      length = Math.max(1, weight >> 1);
      break;
    }
  }
  return length;
}

/** What moves all that `count` products can sum up to into 32 bits. */
function startOf(
  { data, start }: WeightGroup,
  first: number,
  count: number,
  { low, high }: CodeRange,
): number {
  let sum = 0;
  let magnitude = 0;
  for (let index = start + first; index < start + first + count; index++) {
    sum += data[index];
    magnitude += Math.abs(data[index]);
  }
  const positive = (magnitude + sum) / 2;
  const negative = (sum - magnitude) / 2;
  const least = positive * low + negative * high;
  const greatest = positive * high + negative * low;
  return Math.max(smallest - least, Math.min(0, largest - greatest));
}

/** Packs a group from `address` on into bytes that are zero; `panelBytes` lie from panel to panel. */
export function packSegments(
  group: WeightGroup,
  { lengths, starts }: Segments,
  panelBytes: number,
  buffer: ArrayBufferLike,
  address: number,
): void {
  const { data, start, outputs, taps, channels } = group;
  const weights = new Int16Array(buffer);
  const words = new Int32Array(buffer);
  const all = turns(group);
  let segment = 0;
  for (let panel = 0; panel < outputs; panel += PANEL) {
    let position = address + (panel / PANEL) * panelBytes;
    for (let tap = 0; tap < taps; tap++) {
      let turn = 0;
      do {
        const length = lengths[segment];
        const bytes = length * TURN;
        for (let lane = 0; lane < PANEL; lane++) words[position / 4 + lane] = starts[segment * PANEL + lane];
        words[position / 4 + PANEL] = bytes;
        words[position / 4 + PANEL + 1] = turn + length < all ? 1 : 0;
        const count = Math.min(2 * length, channels - turn * 2);
        for (let lane = 0; lane < Math.min(PANEL, outputs - panel); lane++) {
          const from = start + ((panel + lane) * taps + tap) * channels + turn * 2;
          const to = (position + HEADER) / 2 + lane * 2;
          for (let i = 0; i < count; i++) weights[to + (i >> 1) * PANEL * 2 + (i & 1)] = data[from + i];
        }
        position += HEADER + bytes;
        turn += length;
        segment++;
      } while (turn < all);
    }
  }
}
