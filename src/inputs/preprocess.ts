/** What is done to an image, or to integer data, before it enters the network. */
import { z } from 'zod';
import { InputError } from '../errors.js';
import { fileExists, readText } from '../platform/files.js';
import { parseJson } from './parse-json.js';

const size = z.int().min(1).max(8192);
const heightWidth = z.tuple([size, size]);
const finite = z.number();
const perChannel = z.union([finite, z.array(finite).min(1)]);
const notZero = (value: number | number[]) => [value].flat().every((entry) => entry !== 0);

/** The steps in the order in which they are applied; each may be left out. Unknown keys are refused. */
export const preprocessSchema = z.strictObject({
  /** [height, width], or one number for the short side. */
  resize: z.union([size, heightWidth]).optional(),
  /** [height, width] from the centre, or one number for a square. */
  crop: z.union([size, heightWidth]).optional(),
  /** Order of channels; left out: what the network's number of channels asks for. */
  channels: z.enum(['rgb', 'bgr', 'rgba', 'gray']).optional(),
  /** ((pixel + offset) * scale - mean) / std; mean and std once or per output channel. */
  scale: finite.optional(),
  offset: finite.optional(),
  mean: perChannel.optional(),
  std: perChannel.refine(notZero, 'must not be 0').optional(),
  /** Left out: NHWC where only the last dimension can be channels, else NCHW. */
  layout: z.enum(['NCHW', 'NHWC']).optional(),
});

export type Preprocess = z.infer<typeof preprocessSchema>;

/** Preprocessing by name. */
export const presets = {
  /** Pixels and integers as they are: 0 to 255. */
  raw: {},
  /** 0 to 1. */
  unit: { scale: 1 / 255 },
  /** (x - 127.5) / 127.5: -1 to 1. */
  'signed-unit': { mean: 127.5, std: 127.5 },
  /** The short side to 256, its centre 224x224, RGB, ImageNet's mean and deviation. */
  imagenet: {
    resize: 256,
    crop: 224,
    channels: 'rgb',
    scale: 1 / 255,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  },
} as const satisfies Readonly<Record<string, unknown>>;

/**
 * Preprocessing from a preset's name, a JSON file, or JSON text that begins with `{`.
 * Throws an InputError that lists everything wrong with it.
 */
export function loadPreprocess(source: string): Preprocess {
  if (Object.hasOwn(presets, source))
    return structuredClone(presets[source as keyof typeof presets]) as unknown as Preprocess;
  if (source.trimStart().startsWith('{')) return parseJson(preprocessSchema, source, '--preprocess');
  if (!/[./\\]/.test(source) && !fileExists(source)) {
    const expected = `${Object.keys(presets).join(', ')}, a JSON file or JSON text`;
    throw new InputError({ where: '--preprocess', what: 'no such preset', expected, got: source });
  }
  return parseJson(preprocessSchema, readText(source), source);
}

/** Element types of raw .bin files, little-endian. */
export const rawSchema = z.strictObject({
  type: z.enum(['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'float32', 'float64']),
  shape: z.array(size).min(1),
});

export type RawType = z.infer<typeof rawSchema>;

/** The element type and shape of raw files, from JSON text. Throws an InputError listing everything wrong with it. */
export function parseRawType(text: string): RawType {
  return parseJson(rawSchema, text, '--raw');
}
