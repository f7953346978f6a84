/** Shapes of instructions' operands and results. */
import type { Window } from './instructions.js';

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** The numpy broadcast of two shapes, undefined where they do not fit. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) return undefined;
    shape.push(left === 1 ? right : left);
  }
  return shape;
}

/** What a window does along one of the two spatial axes: 0 rows, 1 columns. */
export interface Sweep {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly before: number;
  readonly after: number;
  readonly dilation: number;
}

export function sweep(window: Window, axis: 0 | 1, size: number): Sweep {
  return {
    size,
    kernel: window.kernel[axis],
    stride: window.strides[axis],
    before: window.pads[axis],
    after: window.pads[axis + 2],
    dilation: window.dilations[axis],
  };
}

/** How many windows fit the padded input; with `ceil`, the last one may reach past its end. */
export function windowCount({ size, kernel, stride, before, after, dilation }: Sweep, ceil = false): number {
  const room = size + before + after - ((kernel - 1) * dilation + 1);
  return (ceil ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
}

/** Taps of the window at `position` that lie inside the input, or inside the padded input. */
export function tapCount(axis: Sweep, position: number, padded: boolean): number {
  const start = position * axis.stride - axis.before;
  const low = padded ? -axis.before : 0;
  const high = axis.size + (padded ? axis.after : 0);
  const tapsBelow = (end: number) =>
    Math.min(Math.max(Math.ceil((end - start) / axis.dilation), 0), axis.kernel);
  return tapsBelow(high) - tapsBelow(low);
}

/**
 * The numbers of elements that the windows of a pooling cover, by which an average divides, ascending: fewer at the border where padding
 * does not count, 0 where a window lies in it. Shapes are [N, H, W, C].
 */
export function averagedCounts(
  window: Window,
  input: readonly number[],
  output: readonly number[],
  padded: boolean,
): number[] {
  const [rows, columns] = ([0, 1] as const).map((axis) => {
    const along = sweep(window, axis, input[axis + 1]);
    const positions = Array.from({ length: output[axis + 1] }, (_, position) => position);
    return [...new Set(positions.map((position) => tapCount(along, position, padded)))];
  });
  const products = rows.flatMap((row) => columns.map((column) => row * column));
  return [...new Set(products)].sort((a, b) => a - b);
}
