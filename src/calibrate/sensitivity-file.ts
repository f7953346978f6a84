/** Sensitivities as messages of proto/statistics.proto. */
import { fromHex, hex } from './hex.js';
import type { Sensitivity } from './sensitivity.js';
import type { dynafix } from './statistics.proto.js';

export function encodeSensitivity(sensitivity: Sensitivity): dynafix.ISensitivity {
  const { outputs, sources, saturated, samples } = sensitivity;
  return {
    outputs: [...outputs],
    sources: [...sources],
    saturated: [...saturated],
    samples: Array.from(samples, ([sample, { signals, injected, arrived }]) => ({
      sample: fromHex(sample),
      signals: Array.from(signals),
      injected: Array.from(injected),
      arrived: Array.from(arrived),
    })),
  };
}

export function decodeSensitivity(message: dynafix.ISensitivity): Sensitivity {
  const { outputs, sources, saturated, samples } = message;
  const measured = (samples ?? []).map(({ sample, signals, injected, arrived }) => {
    const energies = {
      signals: Float64Array.from(signals ?? []),
      injected: Float64Array.from(injected ?? []),
      arrived: Float64Array.from(arrived ?? []),
    };
    return [hex(sample), energies] as const;
  });
  return {
    outputs: outputs ?? [],
    sources: sources ?? [],
    saturated: saturated ?? [],
    samples: new Map(measured),
  };
}

/** What is wrong with sensitivities of the samples of a file; undefined for sound ones. */
export function findContradiction(
  { outputs, sources, saturated, samples }: Sensitivity,
  known: readonly string[],
): string | undefined {
  const digests = [...samples.keys()];
  if (digests.some((digest) => !known.includes(digest))) return 'of a sample that it does not list';
  if (digests.length === 0 || digests.some((digest, index) => index > 0 && digests[index - 1] >= digest)) {
    return 'without samples in ascending order';
  }
  for (const names of [sources, saturated]) {
    if (names.some((name, index) => index > 0 && names[index - 1] >= name))
      return 'without sources in ascending order';
  }
  const count = sources.length + saturated.length;
  for (const { signals, injected, arrived } of samples.values()) {
    const lengths = [signals.length, injected.length, arrived.length];
    const expected = [outputs.length, count, count * outputs.length];
    if (lengths.some((length, index) => length !== expected[index])) return 'with missing energies';
    const isEnergy = (value: number) => value >= 0 && Number.isFinite(value);
    if (![signals, injected, arrived].every((energies) => energies.every(isEnergy))) {
      return 'with energies that are no sums of squares';
    }
  }
  return undefined;
}
