/**
 * Empirical bias correction (Nagel et al. 2019, Data-free quantization through weight equalization and bias correction, section 4.2,
 * corrects the mean before a rectifier): what a channel gives at sampled positions, its rectifier included, is brought as close as its
 * bias can to what it gives in float.
 */
import type { Engine } from '../execute/wasm/engine.js';
import type { Clamp } from '../program/instructions.js';
import { multiplyMatrices, sharedFloats } from './multiply-matrices.js';
import { groupColumns, type ProductData } from './refine-product.js';

/** Newton steps; few channels need more than three. */
const MOST_STEPS = 8;

/**
 * What the bias of each channel lacks, with weights [outputs, inner, depth] as they are stored. `bias` is that of float, `clamp` what the
 * sums go through.
 */
export async function missingBias(
  engine: Engine,
  product: ProductData,
  stored: Float32Array,
  bias: Float32Array,
  clamp: Clamp | null,
): Promise<Float64Array> {
  const { outputs, weights } = product;
  const wanted = await multiplyRows(engine, product, product.clean, weights);
  const found = await multiplyRows(engine, product, product.disturbed, stored);
  return Float64Array.from({ length: outputs }, (_, output) =>
    clamp === null
      ? meanDifference(wanted, found, output, outputs)
      : closestShift(wanted, found, output, outputs, bias[output], clamp),
  );
}

/** [positions, outputs]: rows times the weights of each output channel. */
async function multiplyRows(
  engine: Engine,
  product: ProductData,
  rows: Float32Array<SharedArrayBuffer>,
  weights: Float32Array,
): Promise<Float32Array> {
  const { outputs, groups } = product;
  const length = weights.length / outputs;
  if (groups === 1) {
    const transposed = sharedFloats(weights.length);
    for (let output = 0, from = 0; output < outputs; output++) {
      for (let index = 0; index < length; index++) transposed[index * outputs + output] = weights[from++];
    }
    return multiplyMatrices(engine, rows, transposed, length);
  }
  const columns = groupColumns(product);
  const rowLength = length * groups;
  const count = rows.length / rowLength;
  const sums = new Float32Array(count * outputs);
  for (let output = 0; output < outputs; output++) {
    const read = columns[Math.floor((output * groups) / outputs)];
    const own = weights.subarray(output * length, (output + 1) * length);
    for (let row = 0; row < count; row++) {
      let sum = 0;
      for (let index = 0; index < length; index++) sum += own[index] * rows[row * rowLength + read[index]];
      sums[row * outputs + output] = sum;
    }
  }
  return sums;
}

function meanDifference(wanted: Float32Array, found: Float32Array, first: number, stride: number): number {
  let sum = 0;
  for (let at = first; at < wanted.length; at += stride) sum += wanted[at] - found[at];
  return (sum * stride) / wanted.length;
}

/**
 * The shift of every `stride`th of the sums `found`, with which, behind the clamp, their squared difference from `wanted` is least: by
 * Newton's method, from no shift and from the difference of the means.
 */
export function closestShift(
  wanted: Float32Array,
  found: Float32Array,
  first: number,
  stride: number,
  bias: number,
  { low, high }: Clamp,
): number {
  let [best, least] = [0, Infinity];
  for (const start of [0, meanDifference(wanted, found, first, stride)]) {
    let shift = start;
    for (let step = 0; step < MOST_STEPS; step++) {
      let [error, slope, passed] = [0, 0, 0];
      for (let at = first; at < wanted.length; at += stride) {
        const sum = found[at] + bias + shift;
        const difference =
          Math.min(Math.max(wanted[at] + bias, low), high) - Math.min(Math.max(sum, low), high);
        error += difference * difference;
        if (sum > low && sum < high) {
          slope += difference;
          passed++;
        }
      }
      if (error < least) [best, least] = [shift, error];
      if (passed === 0 || slope === 0) break;
      shift += slope / passed;
    }
  }
  return best;
}
