/** Deterministic errors like those of formats: white noise of the size of rounding errors, and what saturates. */

/** Codes of the grid that the noise imitates: 8 bits. */
const LARGEST_CODE = 127;

/** Numbers in [-1/2, 1/2) that depend on the seed alone: xorshift of 32 bits, begun with the FNV-1a hash of the seed. */
export function createNoise(seed: string): () => number {
  let state = 0x811c9dc5;
  for (let index = 0; index < seed.length; index++) {
    state = Math.imul(state ^ seed.charCodeAt(index), 0x01000193);
  }
  state ||= 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 32;
  };
}

function greatestMagnitude(values: Float32Array): number {
  let greatest = 0;
  for (const value of values) greatest = Math.max(greatest, Math.abs(value));
  return greatest;
}

/** The step of the finest power-of-two grid on which 8 bits hold every value; 0 where all are 0. */
export function roundingStep(values: Float32Array): number {
  const greatest = greatestMagnitude(values);
  if (greatest === 0) return 0;
  let step = 2 ** Math.floor(Math.log2(greatest / LARGEST_CODE));
  while (step * LARGEST_CODE < greatest) step *= 2;
  return step;
}

/**
 * `values` with noise evenly spread over one step, but for zeros, which every format holds. Each of `rows` equal rows has a step of
 * its own.
 */
export function addNoise(values: Float32Array, rows: number, noise: () => number): Float32Array {
  const noisy = values.slice();
  const length = values.length / rows;
  for (let row = 0; row < rows; row++) {
    const [from, to] = [row * length, (row + 1) * length];
    const step = roundingStep(values.subarray(from, to));
    for (let index = from; index < to; index++) {
      const uniform = noise();
      if (values[index] !== 0) noisy[index] += uniform * step;
    }
  }
  return noisy;
}

/** `values` saturated where a format with one fraction bit more than holds all of them does, on the average: at 1 / sqrt(2) of the greatest. */
export function saturate(values: Float32Array): Float32Array {
  const limit = greatestMagnitude(values) * Math.SQRT1_2;
  return values.map((value) => Math.min(Math.max(value, -limit), limit));
}

/** Sum of the squares of values. */
export function energy(values: Float32Array): number {
  return differenceEnergy(values, new Float32Array(values.length));
}

/** Sum of squared differences of values. */
export function differenceEnergy(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] - b[index]) ** 2;
  return sum;
}
