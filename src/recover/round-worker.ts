/** The worker's side of adaptive rounding: some rows of a dense product, or some groups of a grouped one. */
import { serve } from '../platform/serve.js';
import { type RoundingProblem, roundWeights } from './round-weights.js';
import {
  combineHalves,
  damp,
  halvesOf,
  type Moments,
  meanDrift,
  meanProducts,
  pickColumns,
} from './second-moments.js';

/** What is taken out of each column of the rows; 0 where biases are not corrected afterwards. */
export interface ColumnOffsets {
  readonly disturbed: Float64Array;
  readonly clean: Float64Array;
}

/** What the weights of a grouped product read at sampled positions. */
export interface GroupedRows {
  /** Fixed point and float. */
  readonly disturbed: Float32Array;
  readonly clean: Float32Array;
  readonly offsets: ColumnOffsets;
  readonly rowLength: number;
  readonly damping: number;
}

export type RoundTask =
  | { readonly kind: 'dense'; readonly problem: RoundingProblem }
  | {
      readonly kind: 'grouped';
      readonly rows: GroupedRows;
      /** Per group the columns of the rows that it reads, and its weights. */
      readonly groups: readonly {
        readonly columns: readonly number[];
        readonly problem: Omit<RoundingProblem, 'gram' | 'drift'>;
      }[];
    };

/** Codes above the zero point of each problem. */
export default serve((task: RoundTask): Float64Array[] => {
  if (task.kind === 'dense') return [roundWeights(task.problem)];
  const { disturbed, clean, offsets, rowLength, damping } = task.rows;
  const columns = task.groups.map((group) => group.columns);
  const x = pickColumns(disturbed, rowLength, columns, offsets.disturbed);
  const y = pickColumns(clean, rowLength, columns, offsets.clean);
  return task.groups.map(({ problem }, group) => roundGroup(x[group], y[group], problem, damping));
});

/** `x` and `y` hold what the weights of the group read, in fixed point and in float, centred. */
function roundGroup(
  x: Float32Array,
  y: Float32Array,
  problem: Omit<RoundingProblem, 'gram' | 'drift'>,
  damping: number,
): Float64Array {
  const depth = problem.weights.length / problem.low.length;
  const parts = halvesOf(x.length / depth).map(([first, end]): Moments => {
    const [disturbed, clean] = [x, y].map((rows) => rows.subarray(first * depth, end * depth));
    const drift = meanDrift(problem.weights, disturbed, clean, depth);
    return { gram: meanProducts(disturbed, depth), drift };
  });
  const { gram, drift } = combineHalves(parts);
  damp(gram, depth, damping);
  return roundWeights({ ...problem, gram, drift });
}
