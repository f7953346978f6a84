/** What a fixed-point format would cost, predicted from a histogram. */
import type { Histogram } from '../calibrate/histogram.js';
import type { CodeRange } from '../formats/format.js';
import { remember } from './remember.js';

/** The values that one format must hold. */
export interface Distribution {
  readonly count: number;
  readonly zeros: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly histogram: Histogram;
  /** Extremes that values which calibration has not seen may reach; absent: those seen. */
  readonly reach?: { readonly minimum: number; readonly maximum: number };
}

/** Calls `visit` for each bin that holds values other than 0, cut at the extremes. */
function forBins(
  { zeros, minimum, maximum, histogram }: Distribution,
  visit: (from: number, to: number, count: number) => void,
): void {
  const { exponent, first, counts } = histogram;
  const width = 2 ** exponent;
  for (let i = 0; i < counts.length; i++) {
    const bin = first + i;
    const count = bin === 0 ? counts[i] - zeros : counts[i];
    if (count > 0) visit(Math.max(bin * width, minimum), Math.min((bin + 1) * width, maximum), count);
  }
}

/** Squared errors of values: of those within the range of a format, and of those that saturate. */
export interface Errors {
  readonly rounding: number;
  readonly saturation: number;
}

/** The integrals of (u - code(u))^2 from 0 to u, where code rounds to nearest within the range. */
function integrateErrors(u: number, { low, high }: CodeRange): Errors {
  const code = Math.min(Math.max(Math.round(u), low), high);
  const integral = code / 12 + (u - code) ** 3 / 3;
  if (u >= low - 0.5 && u <= high + 0.5) return { rounding: integral, saturation: 0 };
  const rounding = (code + Math.sign(u) / 2) / 12;
  return { rounding, saturation: integral - rounding };
}

/**
 * Expected sums of squared differences between the values and what a power-of-two format makes of them,
 * rounding to nearest and saturating. Values are taken as evenly spread within their bin; zeros cost nothing.
 */
export function expectedErrors(distribution: Distribution, fractionBits: number, range: CodeRange): Errors {
  const { zeros, minimum, maximum, histogram } = distribution;
  const key = [fractionBits, range.low, range.high, zeros, minimum, maximum].join(' ');
  return remember(knownErrors, histogram, key, () => sumErrors(distribution, fractionBits, range));
}

/** Both together. */
export function expectedError(distribution: Distribution, fractionBits: number, range: CodeRange): number {
  const { rounding, saturation } = expectedErrors(distribution, fractionBits, range);
  return rounding + saturation;
}

/** The expected errors, with one value at each end of the distribution's reach among what saturates. */
export function unseenErrors(distribution: Distribution, fractionBits: number, range: CodeRange): Errors {
  const { rounding, saturation } = expectedErrors(distribution, fractionBits, range);
  return { rounding, saturation: saturation + reachError(distribution, fractionBits, range) };
}

const knownErrors = new WeakMap<Histogram, Map<string, Errors>>();

function sumErrors(distribution: Distribution, fractionBits: number, range: CodeRange): Errors {
  const scale = 2 ** fractionBits;
  let [rounding, saturation] = [0, 0];
  forBins(distribution, (from, to, count) => {
    const [a, b] = [from * scale, to * scale];
    const mean = b > a ? meanErrors(a, b, range) : errorsOf(a, range);
    rounding += count * mean.rounding;
    saturation += count * mean.saturation;
  });
  return { rounding: rounding / scale ** 2, saturation: saturation / scale ** 2 };
}

function meanErrors(a: number, b: number, range: CodeRange): Errors {
  const [from, to] = [integrateErrors(a, range), integrateErrors(b, range)];
  return {
    rounding: (to.rounding - from.rounding) / (b - a),
    saturation: (to.saturation - from.saturation) / (b - a),
  };
}

function errorsOf(u: number, { low, high }: CodeRange): Errors {
  const error = (u - Math.min(Math.max(Math.round(u), low), high)) ** 2;
  const saturates = u < low - 0.5 || u > high + 0.5;
  return saturates ? { rounding: 0, saturation: error } : { rounding: error, saturation: 0 };
}

/**
 * Relative entropy of the values to what a power-of-two format keeps of them (Kullback-Leibler divergence, in nats), as S. Migacz
 * calibrates: 8-bit Inference with TensorRT, GTC 2017. P is the histogram whose outer bins have taken up what saturates; Q spreads
 * what falls to a code, without that, evenly over the bins of the code that are not empty. Zeros, which every format holds, are
 * left out. Infinite where everything saturates.
 */
export function divergence(
  distribution: Distribution,
  fractionBits: number,
  { low, high }: CodeRange,
): number {
  const scale = 2 ** fractionBits;
  const bins: { readonly code: number; readonly count: number }[] = [];
  let [below, above, total] = [0, 0, 0];
  forBins(distribution, (from, to, count) => {
    const code = Math.round(((from + to) / 2) * scale);
    if (code < low) below += count;
    else if (code > high) above += count;
    else bins.push({ code, count });
    total += count;
  });
  if (bins.length === 0) return total === 0 ? 0 : Infinity;
  const inside = total - below - above;
  let sum = 0;
  for (let first = 0, end = 0; first < bins.length; first = end) {
    let held = 0;
    for (; end < bins.length && bins[end].code === bins[first].code; end++) held += bins[end].count;
    const spread = held / (end - first) / inside;
    for (let bin = first; bin < end; bin++) {
      const saturated = (bin === 0 ? below : 0) + (bin === bins.length - 1 ? above : 0);
      const share = (bins[bin].count + saturated) / total;
      sum += share * Math.log(share / spread);
    }
  }
  return sum;
}

/** Squared error of one value at each end of the distribution's reach: what saturates, as rounding matters little there. */
function reachError({ reach }: Distribution, fractionBits: number, { low, high }: CodeRange): number {
  if (reach === undefined) return 0;
  const step = 2 ** -fractionBits;
  return Math.max(0, reach.maximum - high * step) ** 2 + Math.max(0, low * step - reach.minimum) ** 2;
}

/** Sum of the squares of all values, evenly spread within their bin. */
export function signalPower(distribution: Distribution): number {
  let sum = 0;
  forBins(distribution, (from, to, count) => {
    sum += (count * (from * from + from * to + to * to)) / 3;
  });
  return sum;
}

/** Share of the values outside of the range of a format, before saturation. */
export function clippedShare(distribution: Distribution, fractionBits: number, range: CodeRange): number {
  const step = 2 ** -fractionBits;
  const [low, high] = [range.low * step, range.high * step];
  let outside = 0;
  forBins(distribution, (from, to, count) => {
    if (to === from) outside += from < low || from > high ? count : 0;
    else {
      const inside = Math.max(0, Math.min(to, high) - Math.max(from, low));
      outside += count * (1 - inside / (to - from));
    }
  });
  return distribution.count === 0 ? 0 : outside / distribution.count;
}

/**
 * The most fraction bits with which a range holds both extremes; of an unsigned one the negative end is clipped whatever they are.
 * Undefined where nothing but 0 can be held.
 */
export function mostFractionBits(
  minimum: number,
  maximum: number,
  { low, high }: CodeRange,
): number | undefined {
  const [least, most] = [low < 0 ? Math.min(minimum, 0) : 0, Math.max(maximum, 0)];
  if (least === 0 && most === 0) return undefined;
  const fits = (fractionBits: number) => most * 2 ** fractionBits <= high && least * 2 ** fractionBits >= low;
  let fractionBits = Math.ceil(Math.log2(Math.max(high, -low) / Math.max(most, -least)));
  while (!fits(fractionBits)) fractionBits--;
  return fractionBits;
}
