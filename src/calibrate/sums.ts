/**
 * Exact sums of channels as typed arrays, which threads hand over as they are: per channel ten integers in float64, of which the
 * i-th counts 2^(32 i - 149). All but the last lie in [0, 2^32).
 */
export const LIMBS = 10;

/** The sums of both, which have equally many channels. */
export function addLimbs(a: Float64Array, b: Float64Array): Float64Array {
  const sums = new Float64Array(a.length);
  for (let first = 0; first < sums.length; first += LIMBS) {
    let carry = 0;
    for (let i = first; i < first + LIMBS - 1; i++) {
      const sum = a[i] + b[i] + carry;
      carry = sum >= 2 ** 32 ? 1 : 0;
      sums[i] = sum - carry * 2 ** 32;
    }
    const last = first + LIMBS - 1;
    sums[last] = a[last] + b[last] + carry;
  }
  return sums;
}

/** One integer per channel, in units of 2^-149. */
export function joinLimbs(limbs: Float64Array): bigint[] {
  return Array.from({ length: limbs.length / LIMBS }, (_, channel) => {
    const first = channel * LIMBS;
    let [low, high] = [first, first + LIMBS - 1];
    while (high > low && limbs[high] === 0) high--;
    while (low < high && limbs[low] === 0) low++;
    let sum = BigInt(limbs[high]);
    for (let limb = high - 1; limb >= low; limb--) sum = (sum << 32n) + BigInt(limbs[limb]);
    return sum << BigInt(32 * (low - first));
  });
}
