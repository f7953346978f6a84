/** The statistics of a tensor, written from docs/statistics.md as plainly as can be. */
import type { TensorStatistics } from '#src/calibrate/statistics.js';

/** A finite float32 in units of 2^-149. */
export function inUnits(value: number): bigint {
  const [bits] = new Uint32Array(Float32Array.of(value).buffer);
  const exponent = (bits >>> 23) & 255;
  const fraction = BigInt(bits & 0x7fffff);
  const magnitude = exponent === 0 ? fraction : (fraction | 0x800000n) << BigInt(exponent - 1);
  return bits >>> 31 === 1 ? -magnitude : magnitude;
}

/** `values` are rows of `channels` finite float32 each. */
export function summarise(channels: number, values: Float32Array): TensorStatistics {
  const column = (channel: number) => values.filter((_, index) => index % channels === channel);
  const columns = Array.from({ length: channels }, (_, channel) => column(channel));
  const least = (numbers: Float32Array) => numbers.reduce((a, b) => Math.min(a, b), Infinity) + 0;
  const greatest = (numbers: Float32Array) => numbers.reduce((a, b) => Math.max(a, b), -Infinity) + 0;
  const [minimum, maximum] = [least(values), greatest(values)];
  let exponent = -149;
  const bin = (value: number) => Math.floor(value / 2 ** exponent);
  while (bin(Math.max(maximum, 0)) - bin(Math.min(minimum, 0)) >= 2048) exponent++;
  const first = bin(minimum);
  const counts = new Float64Array(bin(maximum) - first + 1);
  for (const value of values) counts[bin(value) - first]++;
  return {
    count: values.length,
    zeros: values.filter((value) => value === 0).length,
    minimum,
    maximum,
    histogram: { exponent, first, counts },
    channelMinimum: Float32Array.from(columns, least),
    channelMaximum: Float32Array.from(columns, greatest),
    channelSums: columns.map((numbers) => Array.from(numbers, inUnits).reduce((a, b) => a + b, 0n)),
  };
}
