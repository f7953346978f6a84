/** Outputs against published ones: integers and truth values exactly, float32 within a tolerance. */
import type { Tensor } from '#src/graph/tensor.js';
import { elementCount } from '#src/shape.js';

/** |actual - expected| <= absolute + relative * |expected| + ofLargest * the largest |expected| of the output. */
export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
  readonly ofLargest: number;
}

/** What ONNX's own backend tests allow. */
export const publishedTolerance: Tolerance = { relative: 1e-3, absolute: 1e-7, ofLargest: 0 };

/** For whole networks, whose outputs near 0 are differences of large sums. */
export const networkTolerance: Tolerance = { ...publishedTolerance, ofLargest: 1e-6 };

/** Largest error in units of the tolerance, Infinity where shapes or exact values differ; 0 where all is equal. */
export function largestError(
  actual: { readonly shape: readonly number[]; readonly values: ArrayLike<number | bigint> },
  expected: Tensor,
  { relative, absolute, ofLargest }: Tolerance,
): number {
  if (actual.shape.join() !== expected.shape.join()) return Infinity;
  const exact = expected.type !== 'float32';
  const wanted = expected.data as ArrayLike<number | bigint>;
  const count = elementCount(expected.shape);
  let scale = 0;
  for (let i = 0; i < count; i++) {
    const size = Math.abs(Number(wanted[i]));
    if (size > scale && size < Infinity) scale = size;
  }
  let worst = 0;
  for (let i = 0; i < count; i++) {
    const [a, e] = [Number(actual.values[i]), Number(wanted[i])];
    if (a === e || (Number.isNaN(a) && Number.isNaN(e))) continue;
    const allowed = exact ? 0 : absolute + relative * Math.abs(e) + ofLargest * scale;
    const error = Math.abs(a - e) / allowed;
    worst = Math.max(worst, Number.isNaN(error) ? Infinity : error);
  }
  return worst;
}
