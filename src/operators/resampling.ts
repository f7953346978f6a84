/**
 * Which elements of an axis a resized one is made of, as ONNX's Resize defines it (reference implementation of operator set
 * 19). Weights are in float64, and so are coordinates but for the division by the scale.
 */

/** Of one axis: for each output element `count` indices into the input, and their weights. */
export interface Taps {
  readonly count: number;
  readonly indices: readonly number[];
  readonly weights: readonly number[];
}

/** How one axis is resized. */
export interface AxisScale {
  readonly size: number;
  readonly resized: number;
  readonly scale: number;
  /** What is resized, as a part of the distance from the first to the last element: from, to. Default 0, 1. */
  readonly crop?: readonly [number, number];
}

export const COORDINATE_MODES = [
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
  'tf_half_pixel_for_nn',
  'tf_crop_and_resize',
] as const;
export type CoordinateMode = (typeof COORDINATE_MODES)[number];

export const NEAREST_MODES = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'] as const;
export type NearestMode = (typeof NEAREST_MODES)[number];

const { fround } = Math;

/** The coordinate in the input of each output element. */
export function coordinates(
  { size, resized, scale, crop: [start, end] = [0, 1] }: AxisScale,
  mode: CoordinateMode,
): number[] {
  // Rounded as onnxruntime does, so that what is whole but for the rounding of the scale comes out whole.
  const original = (x: number) => fround(scale === resized / size ? (x * size) / resized : x / scale);
  const length = scale === resized / size ? resized : scale * size;
  const offset = (size / 2) * (1 - resized / length);
  const transform: Record<CoordinateMode, (x: number) => number> = {
    half_pixel: (x) => original(x + 0.5) - 0.5,
    half_pixel_symmetric: (x) => offset + original(x + 0.5) - 0.5,
    pytorch_half_pixel: (x) => (length === 1 ? 0 : original(x + 0.5) - 0.5),
    align_corners: (x) => (length === 1 ? 0 : fround((x * (size - 1)) / (length - 1))),
    asymmetric: original,
    tf_half_pixel_for_nn: (x) => original(x + 0.5),
    tf_crop_and_resize: (x) =>
      fround((size - 1) * start + (length === 1 ? 0.5 : x / (length - 1)) * (end - start) * (size - 1)),
  };
  return Array.from({ length: resized }, (_, x) => transform[mode](x));
}

const clampTo = (index: number, size: number) => Math.min(Math.max(index, 0), size - 1);

/** The index of the nearest element for each output element. */
export function nearestIndices(axis: AxisScale, mode: CoordinateMode, nearest: NearestMode): number[] {
  const round: Record<NearestMode, (x: number) => number> = {
    round_prefer_floor: (x) => Math.ceil(x - 0.5),
    round_prefer_ceil: (x) => Math.floor(x + 0.5),
    floor: Math.floor,
    ceil: Math.ceil,
  };
  return coordinates(axis, mode).map((x) => clampTo(round[nearest](x), axis.size));
}

/** A weight from the distance in input elements; it is 0 from `reach` on. */
export interface Filter {
  readonly reach: number;
  weight(distance: number): number;
}

export const linearFilter: Filter = { reach: 1, weight: (distance) => 1 - distance };

/** Keys's cubic convolution with coefficient a. */
export function cubicFilter(a: number): Filter {
  return {
    reach: 2,
    weight: (x) => (x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a),
  };
}

export interface FilterOptions {
  /** Widens the filter by the inverse of a scale below 1. */
  readonly antialias: boolean;
  /** Elements beyond the ends weigh nothing; otherwise they equal the outermost ones. */
  readonly excludeOutside: boolean;
}

/** The elements within the filter's reach of each coordinate. */
export function filterTaps(
  axis: AxisScale,
  mode: CoordinateMode,
  { reach, weight }: Filter,
  { antialias, excludeOutside }: FilterOptions,
): Taps {
  const { size } = axis;
  const shrink = antialias ? Math.min(axis.scale, 1) : 1;
  const first = Math.floor(-reach / shrink) + 1;
  const count = 2 - 2 * first;
  const indices: number[] = [];
  const weights: number[] = [];
  for (const x of coordinates(axis, mode)) {
    const base = Math.ceil(x) - 1 + first;
    const own = Array.from({ length: count }, (_, tap) => {
      const distance = Math.abs(base + tap - x) * shrink;
      const outside = excludeOutside && (base + tap < 0 || base + tap >= size);
      return outside || distance >= reach ? 0 : weight(distance);
    });
    const sum = antialias || excludeOutside ? own.reduce((a, b) => a + b, 0) : 1;
    own.forEach((value, tap) => {
      indices.push(clampTo(base + tap, size));
      weights.push(value / sum);
    });
  }
  return joinRepeated({ count, indices, weights });
}

/** Adds up the weights of taps that read one element, and drops the columns of taps that are then empty everywhere. */
function joinRepeated({ count, indices, weights }: Taps): Taps {
  const lines = Array.from({ length: indices.length / count }, (_, line) => {
    const sums = new Map<number, number>();
    for (let at = line * count; at < (line + 1) * count; at++)
      if (weights[at] !== 0) sums.set(indices[at], (sums.get(indices[at]) ?? 0) + weights[at]);
    return [...sums];
  });
  const most = lines.reduce((longest, { length }) => Math.max(longest, length), 0);
  const filled = lines.map((line) => [
    ...line,
    ...Array.from({ length: most - line.length }, () => [line[0][0], 0] as const),
  ]);
  return {
    count: most,
    indices: filled.flatMap((line) => line.map(([index]) => index)),
    weights: filled.flatMap((line) => line.map(([, value]) => value)),
  };
}
