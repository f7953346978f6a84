/** What windows cover of their inputs. */
import type { Window } from './instructions.js';

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
