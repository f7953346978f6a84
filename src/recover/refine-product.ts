/** New codes for the weights of one product. */
import type { Engine } from '../execute/wasm/engine.js';
import { at, codeRange, type Format, stepSize } from '../formats/format.js';
import { runTasks } from '../platform/pool.js';
import { multiplyMatrices, sharedFloats } from './multiply-matrices.js';
import type { RoundingProblem } from './round-weights.js';
import type { ColumnOffsets, RoundTask } from './round-worker.js';
import { columnMeans, combineHalves, damp, halvesOf, type Moments, transposeLess } from './second-moments.js';

const worker = new URL('./round-worker.js', import.meta.url);

/** Share by which mean products are damped. */
const DAMPING = 0.01;
/** Tasks per thread. */
const TASKS_PER_THREAD = 4;

/** A product with the channels of each row of weights last, and what it reads at sampled positions. */
export interface ProductData {
  readonly outputs: number;
  readonly groups: number;
  /** Input channels of one group. */
  readonly depth: number;
  /** [outputs, inner, depth] */
  readonly weights: Float32Array;
  readonly format: Format;
  /** Rows [inner, groups * depth], in fixed point and in float. */
  readonly disturbed: Float32Array<SharedArrayBuffer>;
  readonly clean: Float32Array<SharedArrayBuffer>;
}

export interface RefineSteps {
  /** Adaptive rounding of weights. */
  readonly round: boolean;
  /** Correction of biases. */
  readonly correct: boolean;
}

/** For each group the columns of a row that its weights meet, in the order of the weights. */
export function groupColumns({ outputs, groups, depth, weights }: ProductData): number[][] {
  const length = weights.length / outputs;
  return Array.from({ length: groups }, (_, group) =>
    Array.from(
      { length },
      (_, index) => Math.floor(index / depth) * groups * depth + group * depth + (index % depth),
    ),
  );
}

/** Codes [outputs, inner, depth], rounded for the inputs. */
export async function roundProduct(
  engine: Engine,
  product: ProductData,
  { correct }: RefineSteps,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const { outputs, groups, weights, format, disturbed, clean } = product;
  const length = weights.length / outputs;
  const rowLength = length * groups;
  const zeros = new Float64Array(rowLength);
  // A corrected bias takes the mean error upon itself.
  const offsets = {
    disturbed: correct ? columnMeans(disturbed, rowLength) : zeros,
    clean: correct ? columnMeans(clean, rowLength) : zeros,
  };
  const { low, high } = codeRange(format);
  const problem = (first: number, end: number): Omit<RoundingProblem, 'gram' | 'drift'> => {
    const zeroPoints = Float64Array.from({ length: end - first }, (_, row) =>
      at(format.zeroPoint, first + row),
    );
    const scaled = Float64Array.from(weights.subarray(first * length, end * length));
    for (let row = 0, index = 0; row < end - first; row++) {
      const step = stepSize(format, first + row);
      for (const stop = index + length; index < stop; index++) scaled[index] /= step;
    }
    return {
      weights: scaled,
      low: zeroPoints.map((zero) => low - zero),
      high: zeroPoints.map((zero) => high - zero),
    };
  };
  const tasks: { first: number; task: RoundTask }[] = [];
  const perTask = (count: number) => Math.ceil(count / (TASKS_PER_THREAD * engine.threads));
  if (groups > 1) {
    const columns = groupColumns(product);
    const rows = { disturbed, clean, offsets, rowLength, damping: DAMPING };
    const perGroup = outputs / groups;
    const step = perTask(groups);
    for (let first = 0; first < groups; first += step) {
      const list = columns.slice(first, first + step).map((entry, index) => ({
        columns: entry,
        problem: problem((first + index) * perGroup, (first + index + 1) * perGroup),
      }));
      tasks.push({ first: first * perGroup, task: { kind: 'grouped', rows, groups: list } });
    }
  } else {
    const all = problem(0, outputs);
    const scaled = sharedFloats(all.weights.length);
    scaled.set(all.weights);
    const { gram, drift } = await measureMoments(engine, product, scaled, offsets);
    damp(gram, length, DAMPING);
    const step = perTask(outputs);
    for (let first = 0; first < outputs; first += step) {
      const end = Math.min(first + step, outputs);
      const part = { ...problem(first, end), gram, drift: drift.subarray(first * length, end * length) };
      tasks.push({ first, task: { kind: 'dense', problem: part } });
    }
  }
  const codes = new Float64Array(weights.length);
  await runTasks<RoundTask, Float64Array[]>(
    engine.pool,
    worker,
    tasks.length,
    (index) => tasks[index].task,
    (parts, index) => {
      let to = tasks[index].first * length;
      for (const part of parts) {
        codes.set(part, to);
        to += part.length;
      }
    },
    signal,
  );
  return codes.map((code, index) => code + at(format.zeroPoint, Math.floor(index / length)));
}

/** The moments of a dense product with these weights in steps; `offsets` are taken out of its columns. */
async function measureMoments(
  engine: Engine,
  { disturbed, clean }: ProductData,
  weights: Float32Array<SharedArrayBuffer>,
  offsets: ColumnOffsets,
): Promise<Moments> {
  const length = offsets.disturbed.length;
  const parts: Moments[] = [];
  for (const [first, end] of halvesOf(disturbed.length / length)) {
    const count = end - first;
    const rows = disturbed.subarray(first * length, end * length);
    const x = transposeLess(rows, length, offsets.disturbed);
    const change = transposeLess(clean.subarray(first * length, end * length), length, offsets.clean);
    for (let index = 0; index < change.length; index++) change[index] -= x[index];
    const centred = sharedFloats(rows.length);
    for (let index = 0; index < rows.length; index++) {
      centred[index] = (rows[index] - offsets.disturbed[index % length]) / count;
    }
    const gram = await multiplyMatrices(engine, x, centred, count);
    const missing = await multiplyMatrices(engine, weights, change, length);
    parts.push({ gram, drift: await multiplyMatrices(engine, missing, centred, count) });
  }
  return combineHalves(parts);
}
