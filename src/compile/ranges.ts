/**
 * Proofs of accumulator width from the actual weights and the range of the input codes. The bound covers every partial
 * sum in every order: positive and negative contributions are added up separately.
 */
import { ProgramError } from '../errors.js';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Width of the smallest two's complement register that holds both ends; at least 1. Throws a ProgramError where one is NaN. */
export function bitsFor({ low, high }: Interval): number {
  if (Number.isNaN(low) || Number.isNaN(high))
    throw new ProgramError({ where: 'an accumulator', what: 'has no bounds', got: `${low} to ${high}` });
  let bits = 1;
  while (high > 2 ** (bits - 1) - 1 || low < -(2 ** (bits - 1))) bits++;
  return bits;
}

/**
 * Interval of any partial sum of products, bias included, over all output channels; `weights` and `input` are taken above
 * their zero points. `weights` holds `channels` rows of equal length. Exact while the bound stays below
 * 2^53, and widened beyond by more than the sums can have lost.
 */
export function accumulatorRange(
  weights: ArrayLike<number>,
  channels: number,
  bias: ArrayLike<number | bigint> | undefined,
  input: Interval,
): Interval {
  const length = channels === 0 ? 0 : weights.length / channels;
  const least = Math.min(0, input.low);
  const greatest = Math.max(0, input.high);
  let low = 0;
  let high = 0;
  for (let channel = 0; channel < channels; channel++) {
    const offset = bias === undefined ? 0 : Number(bias[channel]);
    let sum = 0;
    let magnitude = 0;
    for (let index = channel * length; index < (channel + 1) * length; index++) {
      const weight = weights[index];
      sum += weight;
      magnitude += Math.abs(weight);
    }
    const positive = (magnitude + sum) / 2;
    const negative = (sum - magnitude) / 2;
    low = Math.min(low, Math.min(0, offset) + positive * least + negative * greatest);
    high = Math.max(high, Math.max(0, offset) + positive * greatest + negative * least);
  }
  const widen = (bound: number) => (Math.abs(bound) < 2 ** 53 ? bound : bound * (1 + 2 ** -30));
  return { low: widen(low), high: widen(high) };
}

export function intersect(a: Interval, b: Interval): Interval {
  return { low: Math.max(a.low, b.low), high: Math.min(a.high, b.high) };
}

export function union(a: Interval, b: Interval): Interval {
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
}
