/** Outputs against published ones: integers and truth values exactly, float32 within a tolerance. */
import { elementCount, type Tensor } from '#src/graph/tensor.js';

/** As numpy's `allclose` reads them: |actual - expected| <= absolute + relative * |expected|. */
export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/** What ONNX's own backend tests allow. */
export const publishedTolerance: Tolerance = { relative: 1e-3, absolute: 1e-7 };

/** Largest error in units of the tolerance, Infinity where shapes or infinities differ; 0 where all is equal. */
export function largestError(
  actual: { readonly shape: readonly number[]; readonly values: ArrayLike<number | bigint> },
  expected: Tensor,
  { relative, absolute }: Tolerance,
): number {
  if (actual.shape.join() !== expected.shape.join()) return Infinity;
  const exact = expected.type !== 'float32';
  const wanted = expected.data as ArrayLike<number | bigint>;
  let largest = 0;
  for (let i = 0; i < elementCount(expected.shape); i++) {
    const [a, e] = [Number(actual.values[i]), Number(wanted[i])];
    if (a === e || (Number.isNaN(a) && Number.isNaN(e))) continue;
    const error = exact ? Infinity : Math.abs(a - e) / (absolute + relative * Math.abs(e));
    largest = Math.max(largest, Number.isNaN(error) ? Infinity : error);
  }
  return largest;
}
