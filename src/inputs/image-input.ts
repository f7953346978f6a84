/** From an image to the real values of one network input. */
import { InputError } from '../errors.js';
import type { GraphInput } from '../graph/graph.js';
import { elementCount } from '../shape.js';
import type { Image } from './image.js';
import type { Preprocess } from './preprocess.js';
import { resizeImage } from './resize.js';

type Size = number | readonly [number, number];
type ChannelOrder = NonNullable<Preprocess['channels']>;

/** For each output channel, the channel of an RGBA pixel it is; gray is computed. */
const channelOrders: Readonly<Record<ChannelOrder, readonly number[]>> = {
  rgb: [0, 1, 2],
  bgr: [2, 1, 0],
  rgba: [0, 1, 2, 3],
  gray: [0],
};

/** Where the channels of an input of rank 4 or 3 stand; undefined for other ranks, which take a flattened image. */
function layoutOf(shape: readonly number[], preprocess: Preprocess): 'NCHW' | 'NHWC' | undefined {
  if (preprocess.layout) return preprocess.layout;
  if (shape.length < 3) return undefined;
  const canBeChannels = (count: number) => count === 1 || count === 3 || count === 4;
  return !canBeChannels(shape.at(-3)!) && canBeChannels(shape.at(-1)!) ? 'NHWC' : 'NCHW';
}

/**
 * Resizes, crops, orders channels and normalises an image for `input`, whose shape it must then have: [1,C,H,W],
 * [1,H,W,C], the same without the batch, or, for an input of rank 1 or 2, the same number of elements.
 * Returns float32 in the input's layout. Throws an InputError naming `where`, expected and found shape.
 */
export function imageInput(
  image: Image,
  input: GraphInput,
  preprocess: Preprocess,
  where: string,
): Float32Array {
  const { width, height, channels, data } = cropImage(
    resize(image, preprocess.resize, where),
    preprocess.crop,
    where,
  );
  const layout = layoutOf(input.shape, preprocess);
  const wanted = layout
    ? input.shape.at(layout === 'NCHW' ? -3 : -1)!
    : elementCount(input.shape) / (width * height);
  const order = preprocess.channels ?? (wanted === 1 ? 'gray' : wanted === 4 ? 'rgba' : 'rgb');
  const count = channelOrders[order].length;
  checkShape(layout === 'NHWC' ? [height, width, count] : [count, height, width], input, layout, where);

  const tables = normalisation(preprocess, count, where);
  const pixels = width * height;
  const result = new Float32Array(count * pixels);
  const [pixelStep, channelStep] = layout === 'NHWC' ? [count, 1] : [1, pixels];
  for (let channel = 0; channel < count; channel++) {
    const table = tables[channel];
    const source = channelOrders[order][channel];
    for (let pixel = 0; pixel < pixels; pixel++) {
      const start = pixel * channels;
      let value: number;
      if (channels === 1) value = source === 3 ? 255 : data[start];
      else if (order === 'gray') value = luma(data[start], data[start + 1], data[start + 2]);
      else value = source < channels ? data[start + source] : 255;
      result[pixel * pixelStep + channel * channelStep] = table[value];
    }
  }
  return result;
}

/** ITU-R BT.601 luma in 16-bit fixed point, as Pillow computes it. */
function luma(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 32768) >>> 16;
}

/** `size` as [height, width]; a single number is the short side, the long side keeping the ratio, rounded down. */
function resize(image: Image, size: Size | undefined, where: string): Image {
  if (size === undefined) return image;
  if (typeof size !== 'number') return resizeImage(image, size[1], size[0], where);
  const { width, height } = image;
  const short = Math.min(width, height);
  const scaled = (side: number) => Math.floor((side * size) / short);
  if (Math.max(scaled(width), scaled(height)) > 65535)
    throw new InputError({
      where,
      what: `is too narrow for its short side to become ${size}`,
      got: `${height}x${width}`,
    });
  return resizeImage(image, scaled(width), scaled(height), where);
}

/** The centre of an image; where the margin is odd, the smaller half is left of and above it. */
function cropImage(image: Image, size: Size | undefined, where: string): Image {
  if (size === undefined) return image;
  const [height, width] = typeof size === 'number' ? [size, size] : size;
  if (height > image.height || width > image.width)
    throw new InputError({
      where,
      what: 'is smaller than the crop',
      expected: `at least ${height}x${width} (height x width)`,
      got: `${image.height}x${image.width}`,
    });
  const { channels } = image;
  const top = Math.floor((image.height - height) / 2);
  const left = Math.floor((image.width - width) / 2);
  const data = new Uint8Array(height * width * channels);
  for (let row = 0; row < height; row++) {
    const start = ((top + row) * image.width + left) * channels;
    data.set(image.data.subarray(start, start + width * channels), row * width * channels);
  }
  return { width, height, channels, data };
}

function checkShape(
  shape: readonly number[],
  input: GraphInput,
  layout: 'NCHW' | 'NHWC' | undefined,
  where: string,
): void {
  const fits = layout
    ? [3, 4].includes(input.shape.length) &&
      shape.every((size, axis) => size === input.shape.at(axis - 3)) &&
      elementCount(input.shape) === elementCount(shape)
    : elementCount(input.shape) === elementCount(shape);
  if (fits) return;
  throw new InputError({
    where,
    what: `the preprocessed image does not fit the network's input "${input.name}"${layout ? ` as ${layout}` : ''}`,
    expected: `[${input.shape}]`,
    got: `[1,${shape}]`,
  });
}

/** For each channel, the value of each of the 256 pixel levels, computed in float64 and rounded once to float32. */
function normalisation(preprocess: Preprocess, channels: number, where: string): Float32Array[] {
  const normalise = normaliser(preprocess, channels, where);
  const levels = Array.from({ length: 256 }, (_, level) => level);
  return Array.from({ length: channels }, (_, channel) =>
    Float32Array.from(levels, (level) => normalise(level, channel)),
  );
}

/**
 * ((x + offset) * scale - mean) / std of a channel, in float64. Throws an InputError naming `where` where mean or std
 * have a number of entries that is neither one nor `channels`.
 */
export function normaliser(
  { scale = 1, offset = 0, mean = 0, std = 1 }: Preprocess,
  channels: number,
  where: string,
): (value: number, channel: number) => number {
  const perChannel = (values: number | readonly number[], name: string) => {
    const list = [values].flat();
    if (list.length === 1) return new Array<number>(channels).fill(list[0]);
    if (list.length === channels) return list;
    throw new InputError({
      where,
      what: `"${name}" of the preprocessing does not fit the channels`,
      expected: `1 or ${channels} entries`,
      got: String(list.length),
    });
  };
  const means = perChannel(mean, 'mean');
  const deviations = perChannel(std, 'std');
  return (value, channel) => ((value + offset) * scale - means[channel]) / deviations[channel];
}
