/** Loops over several tensors at once: each axis has an extent and one stride per tensor. */

export interface Axis {
  readonly extent: number;
  /** Elements from one index to the next, per tensor. */
  readonly strides: readonly number[];
}

/** Drops axes of extent 1 and joins neighbours that one stride walks through. At least one axis remains. */
export function joinAxes(axes: readonly Axis[]): Axis[] {
  const joined: Axis[] = [];
  for (const axis of axes) {
    if (axis.extent === 1) continue;
    const outer = joined.at(-1);
    const follows = outer?.strides.every((stride, tensor) => stride === axis.strides[tensor] * axis.extent);
    if (outer !== undefined && follows)
      joined[joined.length - 1] = { extent: outer.extent * axis.extent, strides: axis.strides };
    else joined.push(axis);
  }
  return joined.length > 0 ? joined : [{ extent: 1, strides: axes.at(-1)?.strides ?? [1, 1, 1] }];
}

/** Calls `visit` with the element offsets of every index of the axes, the last running fastest. */
export function forEachIndex(
  axes: readonly Axis[],
  tensors: number,
  visit: (offsets: number[]) => void,
): void {
  const walk = (axis: number, offsets: number[]) => {
    if (axis === axes.length) {
      visit(offsets);
      return;
    }
    const { extent, strides } = axes[axis];
    for (let i = 0; i < extent; i++)
      walk(
        axis + 1,
        offsets.map((offset, tensor) => offset + i * strides[tensor]),
      );
  };
  walk(0, new Array<number>(tensors).fill(0));
}
