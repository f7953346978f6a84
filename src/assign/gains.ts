/**
 * How noise in one place reaches the outputs: additive, uncorrelated noise, whose powers add up. Measured gains come with the
 * statistics, those of what saturates apart; without them noise counts relative to the power of the value it is added to, everywhere
 * alike.
 */
import { noiseGains, saturationGains } from '../calibrate/sensitivity.js';
import type { Statistics } from '../calibrate/statistics.js';
import { type Errors, signalPower } from './distribution.js';

export interface Gains {
  /** Noise at the outputs, relative to their power, of sums of squared errors over all elements and samples of a value. */
  ofValue(value: string, errors: Errors): number;
  /** How many times as much of what saturates of a value arrives as of its rounding errors; at least 1. */
  saturationWeight(value: string): number;
  /** The same of a sum of squared errors over the elements of a constant; undefined where no gain was measured. */
  ofConstant(name: string): number | undefined;
  /** Noise at the outputs, relative to their power, of noise as strong as the value itself. */
  share(value: string): number;
  /** Mean square of the elements of a value. */
  meanSquare(value: string): number;
  readonly measured: boolean;
}

export function createGains({ tensors, samples, sensitivity }: Statistics): Gains {
  const measured = sensitivity && noiseGains(sensitivity);
  const saturated = sensitivity && saturationGains(sensitivity);
  const powers = new Map<string, number>();
  const powerOf = (value: string) => {
    const seen = tensors.get(value);
    if (seen === undefined) return 0;
    const power = powers.get(value) ?? signalPower(seen);
    powers.set(value, power);
    return power;
  };
  const gain = (value: string) => {
    if (measured !== undefined) return (measured.get(value) ?? 0) / samples.length;
    const power = powerOf(value);
    return power === 0 ? 0 : 1 / power;
  };
  const saturationWeight = (value: string) => {
    const [noise, saturation] = [measured?.get(value) ?? 0, saturated?.get(value) ?? 0];
    return noise > 0 ? Math.max(1, saturation / noise) : 1;
  };
  return {
    ofValue: (value, { rounding, saturation }) =>
      gain(value) * (rounding + saturationWeight(value) * saturation),
    saturationWeight,
    ofConstant: (name) => measured?.get(name),
    share: (value) => gain(value) * powerOf(value),
    meanSquare: (value) => powerOf(value) / (tensors.get(value)?.count || 1),
    measured: measured !== undefined,
  };
}
