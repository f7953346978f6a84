/**
 * Where values live in an arena. Each has a size and a lifetime in instructions; values that are never alive together
 * may share bytes.
 */

export interface Lifetime {
  readonly bytes: number;
  /** Index of the first and the last instruction during which the bytes must stay; both included. */
  readonly first: number;
  readonly last: number;
}

export interface MemoryPlan {
  /** Byte offset of each value, a multiple of the alignment. */
  readonly offsets: readonly number[];
  readonly bytes: number;
}

/** Kernels use 16-byte vectors; a cache line keeps neighbours of two threads apart. */
export const ALIGNMENT = 64;

export function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/**
 * Greedy by size: the largest value first, each into the smallest gap that holds it between those alive at the same
 * time (Pisarchyk and Lee, Efficient memory management for deep neural net inference, 2020).
 */
export function planMemory(values: readonly Lifetime[]): MemoryPlan {
  const offsets = new Array<number>(values.length).fill(0);
  const order = values.map((_, index) => index).sort((a, b) => values[b].bytes - values[a].bytes || a - b);
  const placed: number[] = [];
  let bytes = 0;
  for (const index of order) {
    const { first, last } = values[index];
    const size = align(values[index].bytes);
    const neighbours = placed
      .filter((other) => values[other].first <= last && first <= values[other].last)
      .sort((a, b) => offsets[a] - offsets[b]);
    let end = 0;
    let best: number | undefined;
    let smallest = Number.POSITIVE_INFINITY;
    for (const other of neighbours) {
      const gap = offsets[other] - end;
      if (gap >= size && gap < smallest) {
        smallest = gap;
        best = end;
      }
      end = Math.max(end, offsets[other] + align(values[other].bytes));
    }
    offsets[index] = best ?? end;
    bytes = Math.max(bytes, offsets[index] + size);
    placed.push(index);
  }
  return { offsets, bytes };
}
