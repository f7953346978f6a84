/** Decoding of JPEG and PNG to 8-bit pixels, in pure JavaScript: the same bytes on every machine. */
import { decode as decodeJpegPixels } from 'jpeg-js';
import { DynafixError, InputError } from '../errors.js';
import { decodePng } from './png.js';

/** Pixels row by row, channels interleaved: 1 gray, 3 red green blue, 4 with alpha. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  readonly data: Uint8Array;
}

/** No image of more pixels is decoded. */
export const mostPixels = 100e6;

/**
 * Decodes a JPEG (baseline or progressive; gray, YCbCr or Adobe CMYK, to RGB) or PNG (any depth and colour type), told
 * apart by their first bytes. Orientation tags and colour profiles are ignored.
 * Throws an InputError naming `where`.
 */
export function decodeImage(bytes: Uint8Array, where: string): Image {
  const [decode, kind] =
    bytes[0] === 0xff && bytes[1] === 0xd8
      ? ([decodeJpeg, 'JPEG'] as const)
      : bytes[0] === 0x89 && bytes[1] === 0x50
        ? ([decodePng, 'PNG'] as const)
        : [];
  if (!decode) throw new InputError({ where, what: 'is neither a JPEG nor a PNG image' });
  try {
    const image = decode(bytes);
    if (image.width > 0 && image.height > 0) return image;
    throw new Error('it has no pixels');
  } catch (error) {
    if (error instanceof DynafixError) throw error;
    const why =
      error instanceof TypeError || error instanceof RangeError
        ? 'its data is damaged'
        : (error as Error).message;
    throw new InputError({ where, what: `cannot be decoded as a ${kind} image: ${why}`, cause: error });
  }
}

function decodeJpeg(bytes: Uint8Array): Image {
  // Every 8x8 block takes at least one bit of the file and some 640 bytes of the decoder's memory, so that a declared
  // size cannot make it allocate more than the file is worth.
  const maxMemoryUsageInMB = Math.min(1024, 1 + (bytes.length * 8 * 640) / 2 ** 20);
  const { width, height, data } = decodeJpegPixels(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    maxResolutionInMP: mostPixels / 1e6,
    maxMemoryUsageInMB,
    ...(isAdobeUntransformed(bytes) && { colorTransform: false }),
  });
  return { width, height, channels: 3, data };
}

/** True where an Adobe segment says that the channels are stored as they are: RGB or CMYK. */
function isAdobeUntransformed(bytes: Uint8Array): boolean {
  for (
    let at = 2;
    bytes[at] === 0xff && bytes[at + 1] !== 0xda;
    at += 2 + bytes[at + 2] * 256 + bytes[at + 3]
  )
    if (bytes[at + 1] === 0xee && bytes[at + 4] === 0x41 && bytes[at + 8] === 0x65)
      return bytes[at + 15] === 0;
  return false;
}
