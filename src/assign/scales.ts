/** Choosing scales that need not be powers of two, and zero points, by the error that they are expected to cost. */
import { histogramOf } from '../calibrate/histogram.js';
import { type CodeRange, codeRange, type Format } from '../formats/format.js';
import { formatOfScale } from '../formats/scale.js';
import type { Scales } from '../hardware/schema.js';
import { clippedShare, type Distribution, divergence, unseenErrors } from './distribution.js';
import { constantError, type MethodOptions } from './fraction-bits.js';
import { remember } from './remember.js';

/** What is known of a format before its scale. */
export type Shape = Pick<Format, 'bits' | 'signed' | 'narrow'>;

/** Ranges are tried at these fractions of the whole, then around the best of them. */
const COARSE = Array.from({ length: 33 }, (_, index) => 2 ** (-index / 4));
const FINE = [-3, -2, -1, 1, 2, 3].map((index) => 2 ** (index / 16));

interface Range {
  readonly minimum: number;
  readonly maximum: number;
}

/** A step and the code of 0. */
interface Grid {
  readonly step: number;
  readonly zeroPoint: number;
}

/**
 * The scale, and where `hasZeroPoint` the zero point, of values. Both ends of the range shrink together, then each alone, for the
 * least cost of the method: expected squared error, or divergence (with steps no finer than the bins of the histogram); `percentile`:
 * together, as far as the share of values allows; `minmax`: not at all. The range always holds 0, which has a code of its own. Errors
 * of what saturates count `saturationWeight` times.
 */
export function chooseValueFormat(
  distribution: Distribution,
  shape: Shape,
  scales: Scales,
  hasZeroPoint: boolean,
  options: MethodOptions,
  saturationWeight = 1,
): Format {
  const grid = chooseGrid(distribution, codeRange(shape), scales, hasZeroPoint, options, saturationWeight);
  const { step, zeroPoint } = grid ?? { step: 1, zeroPoint: 0 };
  return scaledFormat(shape, [step], zeroPoint);
}

/** Undefined where nothing but 0 was seen or can be held. */
function chooseGrid(
  distribution: Distribution,
  codes: CodeRange,
  scales: Scales,
  hasZeroPoint: boolean,
  { method, percentile }: MethodOptions,
  saturationWeight = 1,
): Grid | undefined {
  const held = (range: Range) => withZero(codes.low < 0 || hasZeroPoint ? range : { ...range, minimum: 0 });
  const whole = held(distribution);
  if (whole.minimum === whole.maximum) return undefined;
  // What promises how much is clipped must not lose the ends of the range to a coarse mantissa.
  const direction = method === 'minmax' || method === 'percentile' ? 'up' : 'nearest';
  const gridOf = (range: Range): Grid => {
    const step = storedStep((hasZeroPoint ? affineStep : symmetricStep)(range, codes), scales, direction);
    return { step, zeroPoint: hasZeroPoint ? zeroPointOf(range, codes, step) : 0 };
  };
  if (method === 'minmax') return gridOf(whole);
  if (method === 'percentile') {
    const clips = (part: number) =>
      clippedShare(distribution, ...position(gridOf(shrink(whole, part, part)), codes)) > 1 - percentile;
    const first = COARSE.findIndex(clips);
    const part = COARSE[first < 0 ? COARSE.length - 1 : Math.max(0, first - 1)];
    return gridOf(shrink(whole, part, part));
  }
  const cost = (range: Range) => {
    const grid = gridOf(range);
    const [fractionBits, centred] = position(grid, codes);
    if (method === 'leastSquares') {
      const { rounding, saturation } = unseenErrors(distribution, fractionBits, centred);
      return rounding + saturationWeight * saturation;
    }
    const isFiner = grid.step < 2 ** distribution.histogram.exponent;
    return isFiner ? Infinity : divergence(distribution, fractionBits, centred);
  };
  const start = method === 'leastSquares' ? held(distribution.reach ?? distribution) : whole;
  let best = least(
    COARSE.map((part) => shrink(start, part, part)),
    cost,
  );
  for (let round = 0; round < 2; round++) {
    const candidates = FINE.flatMap((part) => [
      shrink(best, part, 1),
      shrink(best, 1, part),
      shrink(best, part, part),
    ]);
    best = least([best, ...candidates], cost);
  }
  return gridOf(best);
}

/**
 * The zero point of the format is 0 and there is one scale for each of `channels` rows of equal length, or one for all. No step is below
 * that of `leastSteps` for its channel.
 */
export function chooseConstantFormat(
  values: Float32Array,
  channels: number,
  shape: Shape,
  scales: Scales,
  options: MethodOptions,
  leastSteps: readonly number[] = [],
): Format {
  const steps = chooseSteps(values, channels, codeRange(shape), scales, options).map((chosen, channel) => {
    const floor = leastSteps[channel] ?? 0;
    return chosen !== undefined && chosen < floor ? storedStep(floor, scales, 'up') : chosen;
  });
  const known = steps.filter((step) => step !== undefined);
  const coarsest = known.reduce((a, b) => Math.max(a, b), 0) || 1;
  return scaledFormat(
    shape,
    steps.map((step) => step ?? coarsest),
    0,
  );
}

/** Step and centred code range of a format, as the predictions of errors take them. */
export function formatPosition(format: Format): [fractionBits: number, range: CodeRange] {
  const grid = {
    step: (format.mantissa as number) * 2 ** -(format.fractionBits as number),
    zeroPoint: format.zeroPoint as number,
  };
  return position(grid, codeRange(format));
}

function position({ step, zeroPoint }: Grid, { low, high }: CodeRange): [number, CodeRange] {
  return [-Math.log2(step), { low: low - zeroPoint, high: high - zeroPoint }];
}

const chosenSteps = new WeakMap<Float32Array, Map<string, (number | undefined)[]>>();

/** The best step of each row; undefined for rows of zeros. */
function chooseSteps(
  values: Float32Array,
  channels: number,
  range: CodeRange,
  scales: Scales,
  options: MethodOptions,
): (number | undefined)[] {
  const key = JSON.stringify([channels, range, scales, options]);
  const length = values.length / channels;
  return remember(chosenSteps, values, key, () =>
    Array.from({ length: channels }, (_, channel) => {
      const row = values.subarray(channel * length, (channel + 1) * length);
      return chooseStep(row, range, scales, options);
    }),
  );
}

function chooseStep(
  row: Float32Array,
  range: CodeRange,
  scales: Scales,
  options: MethodOptions,
): number | undefined {
  const minimum = row.reduce((a, b) => Math.min(a, b), 0);
  const maximum = row.reduce((a, b) => Math.max(a, b), 0);
  if (minimum === 0 && maximum === 0) return undefined;
  if (options.method !== 'leastSquares') {
    const zeros = row.reduce((count, value) => count + Number(value === 0), 0);
    const distribution = { count: row.length, zeros, minimum, maximum, histogram: histogramOf(row) };
    return chooseGrid(distribution, range, scales, false, options)?.step;
  }
  const step = symmetricStep({ minimum, maximum }, range);
  const cost = (candidate: number) => constantError(row, -Math.log2(candidate), range);
  const coarse = COARSE.slice(0, 9).map((part) => storedStep(step * part, scales));
  const best = least(coarse, cost);
  return least([best, ...FINE.map((part) => storedStep(best * part, scales))], cost);
}

function withZero({ minimum, maximum }: Range): Range {
  return { minimum: Math.min(0, minimum), maximum: Math.max(0, maximum) };
}

function shrink({ minimum, maximum }: Range, low: number, high: number): Range {
  return { minimum: minimum * low, maximum: maximum * high };
}

function symmetricStep({ minimum, maximum }: Range, { low, high }: CodeRange): number {
  return Math.max(maximum / high, minimum === 0 ? 0 : minimum / low);
}

function affineStep({ minimum, maximum }: Range, { low, high }: CodeRange): number {
  return (maximum - minimum) / (high - low);
}

function zeroPointOf({ minimum }: Range, { low, high }: CodeRange, step: number): number {
  return Math.min(Math.max(Math.round(low - minimum / step), low), high);
}

/** A step that the hardware can have: the nearest, or the least that is not below. */
function storedStep(step: number, scales: Scales, direction: 'nearest' | 'up' = 'nearest'): number {
  if (direction === 'nearest' && scales === 'float32') return Math.fround(step);
  const unit = 2 ** (Math.floor(Math.log2(step)) - mantissaBitsOf(scales) + 1);
  const round = direction === 'up' ? Math.ceil : Math.round;
  return round(step / unit) * unit;
}

function mantissaBitsOf(scales: Scales): number {
  if (scales === 'float32') return 24;
  return scales === 'powerOfTwo' ? 1 : scales.mantissaBits;
}

function scaledFormat(shape: Shape, scale: readonly number[], zeroPoint: number): Format {
  const single = scale.length === 1;
  return {
    ...formatOfScale({ ...shape, scale: single ? scale[0] : scale, zeroPoint, axis: single ? null : 0 }),
    ...shape,
  };
}

/** The first of the candidates with the least cost. */
function least<T>(candidates: readonly T[], cost: (candidate: T) => number): T {
  const costs = candidates.map(cost);
  return candidates[costs.indexOf(costs.reduce((a, b) => Math.min(a, b)))];
}
