/** Elements of a tensor in another order, as who reads them in the wrong layout sees them. */
import type { Elements } from '../execute/executor.js';
import { elementCount } from '../shape.js';

/** All orders of the axes of a tensor but its own, axes of size 1 left where they are. At most 4 axes of a size above 1. */
export function otherOrders(shape: readonly number[]): number[][] {
  const long = shape.flatMap((size, axis) => (size > 1 ? [axis] : []));
  if (long.length > 4) return [];
  return permutations(long)
    .filter((order) => order.some((axis, place) => axis !== long[place]))
    .map((order) => shape.map((_, axis) => (long.includes(axis) ? order[long.indexOf(axis)] : axis)));
}

function permutations(items: readonly number[]): number[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
  );
}

/** The elements of a tensor stored with its axes in `order`: element i of the result is the i-th in that order. */
export function reorder<T extends Elements>(
  elements: T,
  shape: readonly number[],
  order: readonly number[],
): T {
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  const sizes = order.map((axis) => shape[axis]);
  const result = elements.slice() as T;
  const index = sizes.map(() => 0);
  for (let i = 0; i < elements.length; i++) {
    result[i] = elements[index.reduce((at, entry, place) => at + entry * strides[order[place]], 0)];
    for (let place = sizes.length - 1; place >= 0 && ++index[place] === sizes[place]; place--)
      index[place] = 0;
  }
  return result;
}

/** The opposite: elements that were stored with the axes in `order`, back in row-major order of `shape`. */
export function restore<T extends Elements>(
  elements: T,
  shape: readonly number[],
  order: readonly number[],
): T {
  const sizes = order.map((axis) => shape[axis]);
  const inverse = order.map((_, axis) => order.indexOf(axis));
  return reorder(elements, sizes, inverse);
}
