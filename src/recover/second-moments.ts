/** Means and mean products of what a product reads at sampled positions, and how far they can be believed. */
import { sharedFloats } from './multiply-matrices.js';

/** What rounding weights goes by; see RoundingProblem. */
export interface Moments {
  readonly gram: Float32Array;
  readonly drift: Float32Array;
}

/** First and last row (exclusive) of two halves of `count` rows; of a single row only one. */
export function halvesOf(count: number): [number, number][] {
  const half = Math.ceil(count / 2);
  return half === count
    ? [[0, count]]
    : [
        [0, half],
        [half, count],
      ];
}

/**
 * The moments of all samples from those of their halves. Drifts are averaged and multiplied by their reliability: with r the correlation
 * of the halves, drifts taken against the diagonal of the mean products, 2 r / (1 + r) (Spearman 1910, Brown 1910), 0 where r is negative.
 * What only one half shows is chance: weights that follow it are worse on other samples.
 */
export function combineHalves([first, second]: readonly Moments[]): Moments {
  if (second === undefined) return { gram: first.gram, drift: first.drift.map(() => 0) };
  const gram = first.gram.map((value, entry) => (value + second.gram[entry]) / 2);
  const depth = Math.sqrt(gram.length);
  let [common, own] = [0, 0];
  for (let index = 0; index < first.drift.length; index++) {
    const power = gram[(index % depth) * (depth + 1)];
    if (power === 0) continue;
    const [a, b] = [first.drift[index], second.drift[index]];
    common += (a * b) / power;
    own += (a * a + b * b) / 2 / power;
  }
  const reliability = common > 0 ? (2 * common) / (own + common) : 0;
  const drift = first.drift.map((value, index) => (reliability * (value + second.drift[index])) / 2);
  return { gram, drift };
}

/** Mean of each of `length` columns of a matrix with rows of that length. */
export function columnMeans(rows: Float32Array, length: number): Float64Array {
  const means = new Float64Array(length);
  const count = rows.length / length;
  for (let start = 0; start < rows.length; start += length) {
    for (let index = 0; index < length; index++) means[index] += rows[start + index];
  }
  return means.map((sum) => sum / count);
}

/** For each group some columns of a matrix with rows of `length`, each less what `offsets` says of it. */
export function pickColumns(
  rows: Float32Array,
  length: number,
  groups: readonly (readonly number[])[],
  offsets: Float64Array,
): Float32Array[] {
  const picked = groups.map((columns) => new Float32Array((rows.length / length) * columns.length));
  // All groups of a row at once: they lie side by side.
  for (let start = 0, row = 0; start < rows.length; start += length, row++) {
    for (const [group, columns] of groups.entries()) {
      const values = picked[group];
      const to = row * columns.length;
      for (let index = 0; index < columns.length; index++) {
        const column = columns[index];
        values[to + index] = rows[start + column] - offsets[column];
      }
    }
  }
  return picked;
}

/** Mean products x^T x / rows of a matrix with rows of `length`; for few columns. */
export function meanProducts(x: Float32Array, length: number): Float32Array {
  const sums = new Float64Array(length * length);
  const count = x.length / length;
  for (let start = 0; start < x.length; start += length) {
    for (let i = 0; i < length; i++) {
      const factor = x[start + i];
      if (factor === 0) continue;
      const line = i * length;
      for (let j = i; j < length; j++) sums[line + j] += factor * x[start + j];
    }
  }
  return Float32Array.from(sums, (_, entry) => {
    const row = Math.floor(entry / length);
    const column = entry % length;
    return sums[Math.min(row, column) * length + Math.max(row, column)] / count;
  });
}

/** w (y - x)^T x / rows for each row w of the weights; `x` and `y` have rows of that length, too. For few columns. */
export function meanDrift(
  weights: Float64Array,
  x: Float32Array,
  y: Float32Array,
  length: number,
): Float32Array {
  const sums = new Float64Array(weights.length);
  const count = x.length / length;
  for (let row = 0; row < weights.length; row += length) {
    for (let start = 0; start < x.length; start += length) {
      let missing = 0;
      for (let i = 0; i < length; i++) missing += weights[row + i] * (y[start + i] - x[start + i]);
      for (let i = 0; i < length; i++) sums[row + i] += missing * x[start + i];
    }
  }
  return Float32Array.from(sums, (sum) => sum / count);
}

/** The transpose of a matrix with rows of `length`, each column less its offset. */
export function transposeLess(
  rows: Float32Array,
  length: number,
  offsets: Float64Array,
): Float32Array<SharedArrayBuffer> {
  const count = rows.length / length;
  const result = sharedFloats(rows.length);
  const TILE = 32;
  for (let column0 = 0; column0 < length; column0 += TILE) {
    for (let row0 = 0; row0 < count; row0 += TILE) {
      for (let column = column0; column < Math.min(column0 + TILE, length); column++) {
        const offset = offsets[column];
        for (let row = row0; row < Math.min(row0 + TILE, count); row++) {
          result[column * count + row] = rows[row * length + column] - offset;
        }
      }
    }
  }
  return result;
}

/**
 * Raises the diagonal of mean products, each entry by a share of itself and of their mean: samples are few, and what
 * they do not tell apart must not be traded.
 */
export function damp(gram: Float32Array, length: number, share: number): void {
  let trace = 0;
  for (let index = 0; index < length; index++) trace += gram[index * (length + 1)];
  // Where everything read is 0 any positive diagonal leaves plain rounding.
  const mean = trace > 0 ? trace / length : 1;
  for (let index = 0; index < length; index++) {
    const entry = index * (length + 1);
    gram[entry] += share * (gram[entry] + mean);
  }
}
