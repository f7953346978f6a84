import { InputError } from '../errors.js';
import type { Image } from './image.js';

/** For every output position along one axis, the input positions it is made of and their integer weights. */
interface Taps {
  readonly first: readonly number[];
  readonly weights: readonly Float64Array[];
  /** Sum of each position's weights. */
  readonly sums: readonly number[];
}

/**
 * Bilinear weights as integers. Output pixel i has its centre at c = (i + 1/2) * from / to in input pixels; input pixel
 * j weighs 1 - |j + 1/2 - c| / support, where positive, with support = max(1, from / to): wider when shrinking, so that
 * every input pixel counts. All weights are multiplied by the same number that makes them integers.
 */
function bilinearTaps(from: number, to: number): Taps {
  const divisor = greatestCommonDivisor(from, to);
  const [source, target] = [from / divisor, to / divisor];
  const reach = 2 * Math.max(source, target);
  const taps = { first: [] as number[], weights: [] as Float64Array[], sums: [] as number[] };
  for (let output = 0; output < to; output++) {
    const weight = (input: number) => reach - Math.abs((2 * input + 1) * target - (2 * output + 1) * source);
    const nearest = Math.min(from - 1, Math.floor(((2 * output + 1) * source) / (2 * target)));
    let first = nearest;
    while (first > 0 && weight(first - 1) > 0) first--;
    const weights: number[] = [];
    for (let input = first; input < from && weight(input) > 0; input++) weights.push(weight(input));
    taps.first.push(first);
    taps.weights.push(Float64Array.from(weights));
    taps.sums.push(weights.reduce((sum, entry) => sum + entry, 0));
  }
  return taps;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/**
 * Resizes to width x height: bilinear, half-pixel centres, antialiased when shrinking (the triangle filter of Pillow's
 * BILINEAR). The weighted mean is exact, in integers, and is rounded once, half to even. Each channel by itself.
 * Throws an InputError naming `where` where the sums would exceed 53 bits (shrinking some 10,000 times).
 */
export function resizeImage(image: Image, width: number, height: number, where: string): Image {
  if (image.width === width && image.height === height) return image;
  const { channels, data } = image;
  const across = bilinearTaps(image.width, width);
  const down = bilinearTaps(image.height, height);
  if (Math.max(...across.sums) * Math.max(...down.sums) * 255 > Number.MAX_SAFE_INTEGER)
    throw new InputError({
      where,
      what: 'is too large to be resized exactly',
      expected: 'a smaller ratio',
      got: `${image.height}x${image.width} to ${height}x${width}`,
    });

  const rowLength = width * channels;
  const rows = new Float64Array(image.height * rowLength);
  for (let y = 0, write = 0; y < image.height; y++)
    for (let x = 0; x < width; x++) {
      const start = (y * image.width + across.first[x]) * channels;
      const weights = across.weights[x];
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let tap = 0; tap < weights.length; tap++)
          sum += weights[tap] * data[start + tap * channels + channel];
        rows[write++] = sum;
      }
    }

  const acrossSums = Float64Array.from(
    { length: rowLength },
    (_, i) => across.sums[Math.floor(i / channels)],
  );
  const result = new Uint8Array(height * rowLength);
  for (let y = 0, write = 0; y < height; y++) {
    const start = down.first[y] * rowLength;
    const weights = down.weights[y];
    for (let element = 0; element < rowLength; element++) {
      let sum = 0;
      for (let tap = 0; tap < weights.length; tap++)
        sum += weights[tap] * rows[start + tap * rowLength + element];
      result[write++] = divideHalfEven(sum, down.sums[y] * acrossSums[element]);
    }
  }
  return { width, height, channels, data: result };
}

/** The integer nearest to numerator / denominator, half to even; both below 2^53, the quotient below 256. */
function divideHalfEven(numerator: number, denominator: number): number {
  const quotient = Math.floor(numerator / denominator);
  const twice = 2 * (numerator - quotient * denominator);
  return twice > denominator || (twice === denominator && quotient % 2 === 1) ? quotient + 1 : quotient;
}
