/** Why a format was chosen, and what it does to a tensor. */
import { decibels } from '../formats/decibels.js';
import { type Format, formatOfChannel, stepSizes } from '../formats/format.js';
import { clippedShare, expectedError, signalPower } from './distribution.js';
import type { Reason } from './formats-file.js';
import { constantError, type Method } from './fraction-bits.js';
import type { Group } from './groups.js';
import { formatPosition } from './scales.js';

/** What the format of a group does to one of its values: predicted from the group's distribution. */
export function explainValue(value: string, group: Group, format: Format, method: Method): Reason {
  const { distribution, sources } = group;
  const { minimum, maximum } = distribution;
  const [fractionBits, range] = formatPosition(format);
  const alone = sources.length === 1 && sources[0] === value;
  return {
    method: minimum === 0 && maximum === 0 ? 'zeros' : method,
    minimum,
    maximum,
    clipped: clippedShare(distribution, fractionBits, range),
    sqnr: decibels(signalPower(distribution), expectedError(distribution, fractionBits, range)),
    ...(alone ? {} : { sources: [...sources] }),
  };
}

/** What the format does to a constant, which has as many channels as the format: measured, not predicted. */
export function explainConstant(values: Float32Array, format: Format, method: Method): Reason {
  const steps = stepSizes(format);
  const length = values.length / steps.length;
  let [error, clipped] = [0, 0];
  for (const [channel, step] of steps.entries()) {
    const row = values.subarray(channel * length, (channel + 1) * length);
    const [fractionBits, { low, high }] = formatPosition(formatOfChannel(format, channel));
    error += constantError(row, fractionBits, { low, high });
    clipped += row.filter((entry) => entry < low * step || entry > high * step).length;
  }
  const power = values.reduce((sum, entry) => sum + entry * entry, 0);
  return {
    method: power === 0 ? 'zeros' : method,
    minimum: values.reduce((a, b) => Math.min(a, b), values[0] ?? 0),
    maximum: values.reduce((a, b) => Math.max(a, b), values[0] ?? 0),
    clipped: values.length === 0 ? 0 : clipped / values.length,
    sqnr: decibels(power, error),
  };
}
