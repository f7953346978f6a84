import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InputError } from '#src/errors.js';
import type { Image } from '#src/inputs/image.js';
import { resizeImage } from '#src/inputs/resize.js';

const gray = (rows: number[][]): Image => ({
  width: rows[0].length,
  height: rows.length,
  channels: 1,
  data: Uint8Array.from(rows.flat()),
});
const resized = (rows: number[][], width: number, height: number) => [
  ...resizeImage(gray(rows), width, height, 'x').data,
];

test('enlarging by two: weights 3/4 and 1/4, edges repeat', () => {
  // 100 * 3/4 + 200 / 4 = 125, 100 / 4 + 200 * 3/4 = 175
  expect(resized([[100, 200]], 4, 1)).toEqual([100, 125, 175, 200]);
  expect(resized([[100], [200]], 1, 4)).toEqual([100, 125, 175, 200]);
});

test('halving: the triangle spans four pixels, weights 1 3 3 1, cut off at the edges', () => {
  // (3*0 + 3*80 + 1*160) / 7 = 57.14, (0*1 + 80*1 ...): second pixel (1*80 + 3*160 + 3*240) / 7 = 182.86
  expect(resized([[0, 80, 160, 240]], 2, 1)).toEqual([57, 183]);
  // inner pixel of 6 -> 3: (1*8 + 3*16 + 3*24 + 1*32) / 8 = 20
  expect(resized([[0, 8, 16, 24, 32, 40]], 3, 1)[1]).toBe(20);
});

test('ties round to even', () => {
  // 4 -> 1 of [a, b, b, a]: weights 5 7 7 5 of 24; [0, 0, 12, 0]: 84/24 = 3.5 -> 4; [0, 12, 12, 12]: 228/24 = 9.5 -> 10;
  // [12, 0, 0, 0]: 60/24 = 2.5 -> 2
  expect(resized([[0, 0, 12, 0]], 1, 1)).toEqual([4]);
  expect(resized([[0, 12, 12, 12]], 1, 1)).toEqual([10]);
  expect(resized([[12, 0, 0, 0]], 1, 1)).toEqual([2]);
});

/** The definition in exact rationals: weight = max(0, 1 - |j + 1/2 - (i + 1/2) from/to| / max(1, from/to)), normalised. */
function reference(image: Image, width: number, height: number): number[] {
  const axis = (from: bigint, to: bigint) =>
    Array.from({ length: Number(to) }, (_, i) =>
      Array.from({ length: Number(from) }, (_, j) => {
        // Everything times 2 * to * max(from, to).
        const larger = from > to ? from : to;
        const distance = (2n * BigInt(j) + 1n) * to - (2n * BigInt(i) + 1n) * from;
        const weight = 2n * larger - (distance < 0n ? -distance : distance);
        return weight > 0n ? weight : 0n;
      }),
    );
  const across = axis(BigInt(image.width), BigInt(width));
  const down = axis(BigInt(image.height), BigInt(height));
  const result: number[] = [];
  for (const rowWeights of down)
    for (const weights of across)
      for (let channel = 0; channel < image.channels; channel++) {
        let sum = 0n;
        let total = 0n;
        rowWeights.forEach((vertical, y) => {
          weights.forEach((horizontal, x) => {
            total += vertical * horizontal;
            sum +=
              vertical * horizontal * BigInt(image.data[(y * image.width + x) * image.channels + channel]);
          });
        });
        const floor = sum / total;
        const twice = 2n * (sum % total);
        const up = twice > total || (twice === total && floor % 2n === 1n);
        result.push(Number(floor) + (up ? 1 : 0));
      }
  return result;
}

test('agrees with exact rational arithmetic', () => {
  const side = fc.integer({ min: 1, max: 9 });
  const image = fc
    .tuple(side, side, fc.constantFrom(1, 3, 4))
    .chain(([width, height, channels]) =>
      fc
        .uint8Array({ minLength: width * height * channels, maxLength: width * height * channels })
        .map((data) => ({ width, height, channels, data }) as Image),
    );
  fc.assert(
    fc.property(
      image,
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 12 }),
      (source, width, height) => {
        expect([...resizeImage(source, width, height, 'x').data]).toEqual(reference(source, width, height));
      },
    ),
    { numRuns: 300 },
  );
});

test('sums that are not exact are refused', () => {
  const line = { width: 200_003, height: 1, channels: 1 as const, data: new Uint8Array(200_003).fill(255) };
  expect([...resizeImage(line, 1, 1, 'x').data]).toEqual([255]);
  const square = { width: 30_011, height: 2_801, channels: 1 as const, data: new Uint8Array(30_011 * 2_801) };
  expect(() => resizeImage(square, 1, 1, 'wide.png')).toThrow(InputError);
});
