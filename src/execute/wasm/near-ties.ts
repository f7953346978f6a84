/** Sums whose scaled value comes so near to the middle between two integers that rounding errors might decide. */

/** More are taken for a sign that ties are no exception. */
const MOST = 64;

/**
 * All a of 0 .. most whose product with `factor`, modulo 2^bits, is within `width` of `centre`; undefined where they are many.
 */
export function nearTies(
  factor: bigint,
  bits: bigint,
  centre: bigint,
  width: bigint,
  most: bigint,
): bigint[] | undefined {
  const modulus = 1n << bits;
  const found: bigint[] = [];
  for (let start = 0n; start <= most; ) {
    const low = mod(centre - width - start * factor, modulus);
    const steps =
      low + 2n * width >= modulus ? 0n : firstWithin(factor % modulus, modulus, low, low + 2n * width);
    if (steps === undefined || start + steps > most) return found;
    if (found.length === MOST) return undefined;
    found.push(start + steps);
    start += steps + 1n;
  }
  return found;
}

function mod(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

/** The least x from 0 on with low <= factor * x mod modulus <= high, by Euclid's algorithm; undefined where there is none. */
function firstWithin(factor: bigint, modulus: bigint, low: bigint, high: bigint): bigint | undefined {
  if (low === 0n) return 0n;
  if (factor === 0n) return undefined;
  if (2n * factor > modulus) return firstWithin(modulus - factor, modulus, modulus - high, modulus - low);
  const steps = (low + factor - 1n) / factor;
  if (steps * factor <= high) return steps;
  // No multiple of the factor lies between: after some turns around the modulus one does.
  const turns = firstWithin(mod(-modulus, factor), factor, low % factor, high % factor);
  return turns === undefined ? undefined : (low + modulus * turns + factor - 1n) / factor;
}
