/**
 * Ratio of a signal's power to that of noise in dB; null when there is no noise. Noise where there is no signal gives a very
 * negative figure that is still finite, because JSON would turn an infinity into the null of what is exact.
 */
export function decibels(signal: number, noise: number): number | null {
  return noise === 0 ? null : 10 * (Math.log10(Math.max(signal, Number.MIN_VALUE)) - Math.log10(noise));
}
