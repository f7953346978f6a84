/** HiGHS, the solver of linear and mixed-integer programs (Huangfu and Hall 2018), as WebAssembly on one thread. */
import loadHighs from 'highs';
import { ExecutionError } from '../errors.js';

/** Least cost of integer variables within bounds under linear rows. */
export interface IntegerProgram {
  readonly columns: readonly { readonly cost: number; readonly min: number; readonly max: number }[];
  readonly rows: readonly {
    readonly min: number;
    readonly max: number;
    readonly entries: readonly (readonly [column: number, coefficient: number])[];
  }[];
}

/** The values of the variables, rounded to integers; undefined where none satisfy the rows. */
export type Solver = (program: IntegerProgram) => number[] | undefined;

/** No gap is left, and the same program gives the same answer. */
const OPTIONS = {
  output_flag: false,
  mip_rel_gap: 0,
  mip_abs_gap: 1e-6,
  mip_feasibility_tolerance: 1e-9,
  primal_feasibility_tolerance: 1e-9,
  dual_feasibility_tolerance: 1e-9,
  random_seed: 0,
};

/** The package declares the types of its default export as a namespace. */
const load = loadHighs as unknown as typeof loadHighs.default;

let loading: ReturnType<typeof load> | undefined;

/** Loads the solver once. */
export async function loadSolver(): Promise<Solver> {
  loading ??= load();
  const highs = await loading;
  const { optimal, infeasible, empty } = highs.constants.modelStatus;
  return ({ columns, rows }) => {
    const model = highs.createModel({
      numCols: columns.length,
      numRows: rows.length,
      colCost: columns.map(({ cost }) => cost),
      colLower: columns.map(({ min }) => min),
      colUpper: columns.map(({ max }) => max),
      rowLower: rows.map(({ min }) => min),
      rowUpper: rows.map(({ max }) => max),
      integrality: columns.map(() => highs.constants.variableType.integer),
      matrix: { format: 'csr', numRows: rows.length, numCols: columns.length, ...packRows(rows) },
    });
    try {
      model.options.set(OPTIONS);
      const { modelStatus } = model.run();
      if (modelStatus === infeasible) return undefined;
      if (modelStatus === empty) return [];
      if (modelStatus !== optimal) {
        const what = 'the solver of integer programs stopped early';
        throw new ExecutionError({ where: 'assign', what, got: `status ${modelStatus}` });
      }
      return Array.from(model.getSolution().colValue, Math.round);
    } finally {
      model.dispose();
    }
  };
}

function packRows(rows: IntegerProgram['rows']) {
  const starts = [0];
  const indices: number[] = [];
  const values: number[] = [];
  for (const { entries } of rows) {
    for (const [column, coefficient] of entries) {
      indices.push(column);
      values.push(coefficient);
    }
    starts.push(indices.length);
  }
  return { starts, indices, values };
}
