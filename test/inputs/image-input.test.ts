import { expect, test } from 'vitest';
import { InputError } from '#src/errors.js';
import type { Image } from '#src/inputs/image.js';
import { imageInput } from '#src/inputs/image-input.js';
import { loadPreprocess, type Preprocess, presets } from '#src/inputs/preprocess.js';

const image = (width: number, height: number, channels: 1 | 3 | 4, data: number[]): Image => ({
  width,
  height,
  channels,
  data: Uint8Array.from(data),
});
const values = (source: Image, shape: number[], preprocess: Preprocess = {}) => [
  ...imageInput(source, { name: 'x', type: 'float32', shape }, preprocess, 'cat.png'),
];
const twoPixels = image(2, 1, 3, [1, 2, 3, 4, 5, 6]);

test('layouts: planes, interleaved, flattened', () => {
  expect(values(twoPixels, [1, 3, 1, 2])).toEqual([1, 4, 2, 5, 3, 6]);
  expect(values(image(1, 2, 3, [1, 2, 3, 4, 5, 6]), [1, 2, 1, 3])).toEqual([1, 2, 3, 4, 5, 6]);
  expect(values(twoPixels, [1, 1, 2, 3], { layout: 'NHWC' })).toEqual([1, 2, 3, 4, 5, 6]);
  expect(values(image(2, 2, 1, [1, 2, 3, 4]), [1, 4])).toEqual([1, 2, 3, 4]);
  expect(values(twoPixels, [1, 6])).toEqual([1, 4, 2, 5, 3, 6]);
});

test('orders of channels', () => {
  expect(values(twoPixels, [1, 3, 1, 2], { channels: 'bgr' })).toEqual([3, 6, 2, 5, 1, 4]);
  expect(values(twoPixels, [1, 4, 1, 2])).toEqual([1, 4, 2, 5, 3, 6, 255, 255]);
  expect(values(image(1, 1, 1, [9]), [1, 3, 1, 1])).toEqual([9, 9, 9]);
  expect(values(image(1, 1, 4, [1, 2, 3, 7]), [1, 4, 1, 1])).toEqual([1, 2, 3, 7]);
  expect(values(image(1, 1, 4, [1, 2, 3, 7]), [1, 3, 1, 1])).toEqual([1, 2, 3]);
  // 0.299 red, 0.587 green, 0.114 blue
  expect(values(image(4, 1, 3, [255, 0, 0, 0, 255, 0, 0, 0, 255, 50, 50, 50]), [1, 1, 1, 4])).toEqual([
    76, 150, 29, 50,
  ]);
});

test('normalisation in float64, per output channel', () => {
  const bgr: Preprocess = { channels: 'bgr', mean: [104, 117, 123] };
  expect(values(image(1, 1, 3, [123, 118, 106]), [1, 3, 1, 1], bgr)).toEqual([2, 1, 0]);
  expect(values(image(2, 1, 1, [0, 255]), [1, 1, 1, 2], presets['signed-unit'])).toEqual([-1, 1]);
  const all: Preprocess = { offset: 1, scale: 0.5, mean: 3, std: 0.25 };
  expect(values(image(1, 1, 1, [9]), [1, 1, 1, 1], all)).toEqual([((9 + 1) * 0.5 - 3) / 0.25]);
  const imagenet = loadPreprocess('imagenet');
  const [red, , blue] = values(image(1, 1, 3, [200, 100, 7]), [1, 3, 1, 1], {
    ...imagenet,
    resize: undefined,
    crop: undefined,
  });
  expect(red).toBe(Math.fround((200 / 255 - 0.485) / 0.229));
  expect(blue).toBeCloseTo((7 / 255 - 0.406) / 0.225, 6);
});

test('geometry: short side, then centre crop with the smaller margin first', () => {
  const ramp = image(5, 3, 1, [0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 20, 21, 22, 23, 24]);
  expect(values(ramp, [1, 1, 2, 2], { crop: 2 })).toEqual([1, 2, 11, 12]);
  expect(values(ramp, [1, 1, 1, 4], { crop: [1, 4] })).toEqual([10, 11, 12, 13]);
  // 5x3 with short side 6 is 10x6; of 227x340 to 256 the long side is floor(340 * 256 / 227) = 383
  expect(values(ramp, [1, 1, 6, 10], { resize: 6 }).length).toBe(60);
  const tall = image(227, 340, 1, new Array(227 * 340).fill(8));
  expect(values(tall, [1, 1, 383, 256], { resize: 256 }).every((value) => value === 8)).toBe(true);
});

test('what does not fit names the file, what is wanted and what there is', () => {
  const message = (shape: number[], preprocess?: Preprocess) => {
    try {
      values(twoPixels, shape, preprocess);
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
      return (error as Error).message;
    }
    throw new Error('fitted');
  };
  expect(message([1, 3, 2, 2])).toMatch(/^cat\.png: .*"x" as NCHW, expected \[1,3,2,2\], got \[1,3,1,2\]$/);
  expect(message([2, 3, 1, 2])).toMatch(/expected \[2,3,1,2\]/);
  expect(message([1, 7])).toMatch(/expected \[1,7\]/);
  expect(message([1, 3, 1, 2], { channels: 'gray' })).toMatch(/got \[1,1,1,2\]/);
  expect(message([1, 3, 1, 2], { mean: [1, 2] })).toMatch(/"mean".*expected 1 or 3 entries, got 2/);
  expect(message([1, 3, 5, 5], { crop: 5 })).toMatch(/smaller than the crop/);
});

test('every issue of a preprocessing is listed at once', () => {
  try {
    loadPreprocess('{"resize": -1, "std": [1, 0], "colour": "rgb", "channels": "cmyk"}');
    throw new Error('accepted');
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).issues).toHaveLength(4);
    for (const key of ['resize', 'std', 'colour', 'channels'])
      expect((error as Error).message).toContain(key);
    expect((error as Error).message).not.toContain('\n');
  }
  expect(() => loadPreprocess('{')).toThrow(InputError);
  expect(() => loadPreprocess('no-such-preset')).toThrow(
    '--preprocess: no such preset, expected raw, unit, signed-unit, imagenet, a JSON file or JSON text, got no-such-preset',
  );
  expect(() => loadPreprocess('./none.json')).toThrow('./none.json: cannot be read');
  expect(loadPreprocess('{"crop": [224, 200], "layout": "NHWC"}')).toEqual({
    crop: [224, 200],
    layout: 'NHWC',
  });
});
