/** Records for assembly/count.ts: the sums of each channel that become codes within the range. */
import { at, type CodeRange } from '../../formats/format.js';
import type { Scaling } from '../../program/instructions.js';
import type { Sums } from './rescale.js';
import { ofChannel, scaleInteger } from './scale-integer.js';

/** Widest sums that numbers scale exactly. */
const MOST_BITS = 52;

/**
 * Per 4 of `channels` channels, least and greatest sum of a kind (4 each) whose scaled value lies in `range`; undefined for scalings that
 * look at elements or have no such sums, and for sums that are too wide.
 */
export function countEnds(
  scaling: Scaling,
  channels: number,
  range: CodeRange,
  { kind, bits }: Pick<Sums, 'kind' | 'bits'>,
): Int32Array | BigInt64Array | undefined {
  if (kind === 'i64' && bits > MOST_BITS) return undefined;
  const most = 2 ** (kind === 'i32' ? 31 : bits - 1) - 1;
  const blocks = new Float64Array(Math.ceil(channels / 4) * 8);
  for (let channel = 0; channel < channels; channel++) {
    const own = ofChannel(scaling, channel);
    const factor = factorOf(own);
    if (factor === undefined) return undefined;
    const scaled = (sum: number) => scaleInteger(own, sum) ?? 0;
    const below = Number.isFinite(range.low) ? lastWithin(scaled, factor, range.low - 1, most) : -most - 2;
    const last = Number.isFinite(range.high) ? lastWithin(scaled, factor, range.high, most) : most;
    if (below >= most || last < -most - 1) return undefined;
    const word = (channel >> 2) * 8 + (channel & 3);
    blocks[word] = below + 1;
    blocks[word + 4] = last;
  }
  return kind === 'i32' ? Int32Array.from(blocks) : BigInt64Array.from(blocks, BigInt);
}

/** What a scaling multiplies by; undefined where its result depends on the element or does not fit every sum. */
function factorOf(scaling: Scaling): number | undefined {
  if (scaleInteger(scaling, 1) === undefined) return undefined;
  const first = (value: number | readonly number[]) => at(value, 0);
  switch (scaling.style) {
    case 'shift':
      return 2 ** -first(scaling.shift);
    case 'multiplier':
      return first(scaling.multiplier) * 2 ** -first(scaling.shift);
    case 'doubling':
      return first(scaling.shift) < 0
        ? undefined
        : first(scaling.multiplier) * 2 ** (-31 - first(scaling.shift));
    case 'scale':
      return first(scaling.scale);
    case 'division':
      return 1 / first(scaling.divisor);
  }
}

/** The greatest sum up to `most` that is scaled to at most `limit`; one less than the least sum, -most - 1, where there is none. */
function lastWithin(scaled: (sum: number) => number, factor: number, limit: number, most: number): number {
  const least = -most - 1;
  const clip = (sum: number) => Math.min(Math.max(sum, least), most);
  let low = factor === 0 ? least : clip(Math.floor((limit - 2) / factor));
  let high = factor === 0 ? most : clip(Math.ceil((limit + 2) / factor));
  if (scaled(low) > limit) low = least;
  if (scaled(low) > limit) return least - 1;
  if (scaled(high) <= limit) high = most;
  if (scaled(high) <= limit) return most;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (scaled(middle) <= limit) low = middle;
    else high = middle;
  }
  return low;
}
