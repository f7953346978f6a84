/**
 * How much of the noise in a value or constant, and of what saturates of a value, arrives at the outputs of the network: what choosing
 * formats minimises. One of them at a time is disturbed, and the outputs are compared with those of a clean run.
 */
import { InputError } from '../errors.js';

/** Samples that are measured unless another number is asked for. */
export const SENSITIVITY_SAMPLES = 2;

/** What one sample showed. Energies are sums of squares over the elements of a tensor. */
export interface SampleSensitivity {
  /** Per output: the energy of its elements. */
  readonly signals: Float64Array;
  /** Per source and then per saturated value: the energy of the noise added to it; 0 where it is all zeros. */
  readonly injected: Float64Array;
  /** The same and, within it, per output: the energy of the noise that arrived. */
  readonly arrived: Float64Array;
}

export interface Sensitivity {
  /** Names of the outputs, in the order of the graph. */
  readonly outputs: readonly string[];
  /** Names of the values and constants, ascending. */
  readonly sources: readonly string[];
  /** Names of the values that were saturated, ascending. */
  readonly saturated: readonly string[];
  /** By SHA-256 of the sample, ascending. */
  readonly samples: ReadonlyMap<string, SampleSensitivity>;
}

/**
 * The gain of each value and constant: the share of noise in the outputs' energy, per unit of noise energy in one run of the
 * network; several outputs count equally. Gains times noise energies add up to 1 / SQNR of the output, as far as the noises do
 * not depend on each other. A source that was all zeros has none.
 */
export function noiseGains(sensitivity: Sensitivity): Map<string, number> {
  return gainsOf(sensitivity, sensitivity.sources, 0);
}

/**
 * The same of what saturates: errors of one sign, at peaks that often lie together. A mean over positions, for instance, averages
 * rounding errors and keeps these.
 */
export function saturationGains(sensitivity: Sensitivity): Map<string, number> {
  return gainsOf(sensitivity, sensitivity.saturated, sensitivity.sources.length);
}

/** Gains of the sources whose numbers begin with `first`. */
function gainsOf(
  { outputs, samples }: Sensitivity,
  names: readonly string[],
  first: number,
): Map<string, number> {
  const all = [...samples.values()];
  const signals = outputs.map((_, output) => sum(all, ({ signals }) => signals[output]));
  const heard = outputs.map((_, output) => output).filter((output) => signals[output] > 0);
  const gains = new Map<string, number>();
  for (const [place, name] of names.entries()) {
    const index = first + place;
    const injected = sum(all, (sample) => sample.injected[index]) / all.length;
    if (!(injected > 0) || heard.length === 0) continue;
    const share = sum(heard, (output) => {
      const arrived = sum(all, (sample) => sample.arrived[index * outputs.length + output]);
      return arrived / signals[output];
    });
    gains.set(name, share / heard.length / injected);
  }
  return gains;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/** The sensitivities of the samples of both. Throws an InputError where they are not of the same sources and outputs. */
export function mergeSensitivities(
  a: Sensitivity | undefined,
  b: Sensitivity | undefined,
): Sensitivity | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  for (const list of ['outputs', 'sources', 'saturated'] as const) {
    const at = Array.from({ length: Math.max(a[list].length, b[list].length) }, (_, index) => index);
    const index = at.find((index) => a[list][index] !== b[list][index]);
    if (index === undefined) continue;
    const what = `have sensitivities of different ${list}`;
    throw new InputError({ where: 'statistics', what, expected: a[list][index], got: b[list][index] });
  }
  const samples = [...a.samples, ...b.samples].sort(([first], [second]) => (first < second ? -1 : 1));
  return { ...a, samples: new Map(samples) };
}
