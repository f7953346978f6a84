/* Numbers as the report writes them. */

/** `digits` significant digits, without trailing zeros. */
export function formatNumber(value, digits = 3) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(digits - 1);
  return value.toLocaleString('en', { maximumSignificantDigits: digits });
}

/** A share 0..1 of samples. */
export const formatPercent = (share) => `${(100 * share).toFixed(2)} %`;

/** A share 0..1 that may be tiny, in percent without the sign. */
export function formatShare(share) {
  return share > 0 && share < 1e-6 ? '<0.0001' : formatNumber(100 * share, 2);
}

/** null: no noise at all. */
export const formatDecibels = (value) => (value === null ? 'exact' : value.toFixed(1));
export const withDecibels = (value) => (value === null ? 'exact' : `${value.toFixed(1)} dB`);

export function formatBytes(bytes) {
  const [divisor, unit] = bytes >= 1e6 ? [1e6, 'MB'] : bytes >= 1e3 ? [1e3, 'kB'] : [1, 'B'];
  return `${formatNumber(bytes / divisor)} ${unit}`;
}

export const formatSeconds = (seconds) =>
  seconds < 1 ? `${formatNumber(1000 * seconds, 2)} ms` : `${formatNumber(seconds)} s`;

/** A count on an axis: 1, 100, 10K, 1M. */
export const formatCount = (count) => count.toLocaleString('en', { notation: 'compact' });
