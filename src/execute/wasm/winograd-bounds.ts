/** When the sums of assembly/winograd-long.ts fit 32 bits: proved from the actual weights. */
import type { CodeRange } from '../../formats/format.js';

const LARGEST = 2 ** 31 - 1;

/** Per output: a sum for each of 4 x 4 positions, and behind them one for each of 4 transformed rows. */
const LINES = 16;
const SUMS = 20;

/** The sums of the positions and rows that only add codes, which have no sign. */
const UNSIGNED = [5, LINES + 1];

/**
 * True where codes are 0 to 32767 at most, and for every output each sum over all channels fits 32 bits, whatever the codes. Weights
 * are stored (output, row, column, channel).
 */
export function fitsLongTiles(
  weights: ArrayLike<number>,
  outputs: number,
  { low, high }: CodeRange,
): boolean {
  if (low < 0 || high > 32767) return false;
  const totals = new Float64Array(SUMS);
  const magnitudes = new Float64Array(SUMS);
  const length = weights.length / outputs;
  for (let start = 0; start < weights.length; start += length) {
    addWeights(weights, start, length / 9, totals, magnitudes);
    for (let sum = 0; sum < SUMS; sum++) {
      // A transformed code adds or subtracts two codes for a row, and four for a position.
      const codes = high * (sum < LINES ? 4 : 2);
      const magnitude = magnitudes[sum] + (UNSIGNED.includes(sum) ? Math.abs(totals[sum]) : 0);
      if ((codes * magnitude) / 2 > LARGEST) return false;
    }
  }
  return true;
}

/** Sums of the transformed weights of one output, and of their magnitudes. */
function addWeights(
  weights: ArrayLike<number>,
  start: number,
  channels: number,
  totals: Float64Array,
  magnitudes: Float64Array,
): void {
  totals.fill(0);
  magnitudes.fill(0);
  const add = (sum: number, weight: number) => {
    totals[sum] += weight;
    magnitudes[sum] += Math.abs(weight);
  };
  const rows = new Float64Array(12);
  for (let channel = start; channel < start + channels; channel++) {
    for (let column = 0; column < 3; column++) {
      const place = channel + column * channels;
      const first = weights[place];
      const second = weights[place + 3 * channels];
      const third = weights[place + 6 * channels];
      rows[column] = first;
      rows[3 + column] = first + second + third;
      rows[6 + column] = first - second + third;
      rows[9 + column] = third;
    }
    for (let row = 0; row < 4; row++) {
      const first = rows[3 * row];
      const second = rows[3 * row + 1];
      const third = rows[3 * row + 2];
      add(LINES + row, first);
      add(LINES + row, second);
      add(LINES + row, third);
      add(4 * row, first);
      add(4 * row + 1, first + second + third);
      add(4 * row + 2, first - second + third);
      add(4 * row + 3, third);
    }
  }
}
