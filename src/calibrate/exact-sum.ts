/**
 * Exact sums of float32 values. Every finite float32 is an integer times 2^-149; a running sum is kept in 32
 * float64 buckets, one for each 8 neighbouring exponents. What enters a bucket is an integer below 2^31 times
 * the bucket's unit, so that 2^22 additions stay below 2^53 and are exact; then the buckets are emptied into
 * a bigint. (The idea of a superaccumulator: R. M. Neal, "Fast exact summation using small and large
 * superaccumulators", 2015.)
 */

export const BUCKETS = 32;
/** Additions that a bucket takes before it must be emptied. */
export const BUCKET_CAPACITY = 2 ** 22;

export interface ExactSums {
  /** BUCKETS per channel; a value enters bucket (float32 bits >>> 26) & 31. */
  readonly buckets: Float64Array;
  /** Emptied buckets, per channel, in units of 2^-149. */
  readonly totals: bigint[];
  /** Additions per channel since the buckets were last emptied; no bucket has seen more. */
  pending: number;
}

export function createExactSums(channels: number): ExactSums {
  return {
    buckets: new Float64Array(channels * BUCKETS),
    totals: new Array<bigint>(channels).fill(0n),
    pending: 0,
  };
}

/** Moves what the buckets hold into the totals. */
export function emptyBuckets(sums: ExactSums): void {
  const { buckets, totals } = sums;
  for (let index = 0; index < buckets.length; index++) {
    if (buckets[index] === 0) continue;
    const shift = Math.max(0, (index % BUCKETS) * 8 - 1);
    totals[Math.floor(index / BUCKETS)] += BigInt(buckets[index] * 2 ** (149 - shift)) << BigInt(shift);
  }
  buckets.fill(0);
  sums.pending = 0;
}
