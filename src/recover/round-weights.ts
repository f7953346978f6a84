/**
 * Adaptive rounding: codes of a product's weights that disturb its output least, given how what it reads is correlated (Nagel et
 * al. 2020, AdaRound, state the problem). Rounding errors are fed forward from one weight to the next, as in GPTQ (Frantar et
 * al. 2022), and then improved by cyclic coordinate descent (Behdin et al. 2023, QuantEase).
 */

/** Rows of weights that read the same inputs. */
export interface RoundingProblem {
  /** Weights in steps of their row's format, above the zero point: [rows, depth]. */
  readonly weights: Float64Array;
  /** Mean products of the inputs: [depth, depth], symmetric, with a diagonal above 0. */
  readonly gram: Float32Array;
  /**
   * Minus half the slope of the squared error where no weight is rounded, [rows, depth]; absent: 0. It comes from inputs
   * that are disturbed themselves.
   */
  readonly drift?: Float32Array;
  /** Least and greatest code above the zero point, by row. */
  readonly low: Float64Array;
  readonly high: Float64Array;
}

const MOST_SWEEPS = 4;
/** Rows that are rounded side by side, so that a line of `gram` is read once for all of them. */
const SIDE_BY_SIDE = 8;

/** Codes above the zero point, [rows, depth]: each a neighbour of its weight, or the end of the range beside it. */
export function roundWeights(problem: RoundingProblem): Float64Array {
  const { weights, gram, low } = problem;
  const depth = Math.sqrt(gram.length);
  const codes = weights.slice();
  const order = Array.from({ length: depth }, (_, index) => index).sort(
    (a, b) => gram[b * depth + b] - gram[a * depth + a] || a - b,
  );
  for (let first = 0; first < low.length; first += SIDE_BY_SIDE) {
    roundRows(problem, order, codes, first, Math.min(first + SIDE_BY_SIDE, low.length));
  }
  return codes;
}

/** Rounds some rows of `codes`, which are the weights at first: the first sweep decides every code, later ones revise. */
function roundRows(
  { weights, gram, drift, low, high }: RoundingProblem,
  order: readonly number[],
  codes: Float64Array,
  first: number,
  end: number,
): void {
  const depth = order.length;
  const slopes = new Float64Array((end - first) * depth);
  if (drift) slopes.set(drift.subarray(first * depth, end * depth));
  for (let sweep = 0, moved = true; moved && sweep <= MOST_SWEEPS; sweep++) {
    moved = false;
    for (const index of order) {
      const line = gram.subarray(index * depth, (index + 1) * depth);
      for (let row = first; row < end; row++) {
        const entry = row * depth + index;
        const start = (row - first) * depth;
        const weight = weights[entry];
        const wanted = codes[entry] + slopes[start + index] / line[index];
        const near = Math.min(Math.max(Math.round(wanted), Math.floor(weight)), Math.ceil(weight));
        const code = Math.min(Math.max(near, low[row]), high[row]);
        const change = code - codes[entry];
        if (change === 0) continue;
        codes[entry] = code;
        moved = true;
        for (let other = 0; other < depth; other++) slopes[start + other] -= change * line[other];
      }
    }
  }
}
