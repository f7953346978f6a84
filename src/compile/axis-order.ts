/**
 * Axis orders: `order[i]` is the ONNX axis that a stored tensor's axis i holds. [0, 2, 3, 1] is a rank-4 value
 * stored channels last.
 */
import { stridesOf } from '../shape.js';

/** ONNX's own order. */
export function plainOrder(rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => axis);
}

/** ONNX axis 1 moved to the end; the plain order below rank 3. */
export function channelsLastOrder(rank: number): number[] {
  if (rank < 3) return plainOrder(rank);
  return [0, ...plainOrder(rank).slice(2), 1];
}

export function sameOrder(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((axis, index) => axis === b[index]);
}

/** The entries of an ONNX shape (or of any per-axis list) in stored order. */
export function inOrder<T>(perAxis: readonly T[], order: readonly number[]): T[] {
  return order.map((axis) => perAxis[axis]);
}

/** Channels-last shapes of rank 3, [N, L, C], are computed as [N, 1, L, C]; others as they are. */
export function spatialShape(shape: readonly number[]): number[] {
  return shape.length === 3 ? [shape[0], 1, shape[1], shape[2]] : [...shape];
}

/** The `transpose` permutation that turns a tensor stored in `from` into one stored in `to`. */
export function permutationBetween(from: readonly number[], to: readonly number[]): number[] {
  return to.map((axis) => from.indexOf(axis));
}

/** True where a permutation moves only axes of size 1, so that the elements stay where they are. */
export function keepsElements(shape: readonly number[], permutation: readonly number[]): boolean {
  const moved = permutation.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, index) => index === 0 || moved[index - 1] < axis);
}

/** Transposes a constant of `shape` into `output`, which is returned. */
export function permuteData<T extends { readonly length: number; [index: number]: number | bigint }>(
  data: T,
  shape: readonly number[],
  permutation: readonly number[],
  output: T,
): T {
  const strides = stridesOf(shape);
  const axes = permutation.map((axis) => ({ size: shape[axis], step: strides[axis] }));
  const kept = axes.filter(({ size }) => size !== 1);
  const outer = kept.slice(0, -1);
  const { size, step } = kept.at(-1) ?? { size: 1, step: 1 };
  const index = new Array<number>(outer.length).fill(0);
  let source = 0;
  for (let target = 0; target < output.length; ) {
    for (let i = 0, from = source; i < size; i++, from += step) output[target++] = data[from];
    for (let axis = outer.length - 1; axis >= 0; axis--) {
      source += outer[axis].step;
      if (++index[axis] < outer[axis].size) break;
      source -= outer[axis].step * outer[axis].size;
      index[axis] = 0;
    }
  }
  return output;
}
