import { convertIndexedToRgb, type DecodedPng, decode } from 'fast-png';
import { inflate } from '../platform/files.js';
import { type Image, mostPixels } from './image.js';

/** Samples of a pixel for each colour type of the PNG specification. */
const samplesOfType: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** The chunks that hold pixels, after the header; all others are left out before decoding. */
const used = new Set(['PLTE', 'tRNS', 'IDAT', 'IEND']);

/**
 * Decodes a PNG to 8 bits a channel: 16 bits are scaled by 255/65535 and rounded to nearest, fewer than 8 by
 * 255/(2^depth - 1), which is exact; palettes become colours; alpha is kept where the file has it, colour keys are not.
 * Throws an Error where the file is damaged or its pixels do not fill its declared size.
 */
export function decodePng(bytes: Uint8Array): Image {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunkType = (start: number) => String.fromCharCode(...bytes.subarray(start + 4, start + 8));
  if (chunkType(8) !== 'IHDR') throw new Error('it does not begin with a header');
  const kept = [bytes.subarray(0, 33)];
  const packed: Uint8Array[] = [];
  for (let start = 33, type = ''; type !== 'IEND'; ) {
    if (start + 12 > bytes.length) throw new Error('the file is cut off');
    const end = start + 12 + view.getUint32(start);
    if (end > bytes.length) throw new Error('the file is cut off');
    type = chunkType(start);
    if (used.has(type)) kept.push(bytes.subarray(start, end));
    if (type === 'IDAT') packed.push(bytes.subarray(start + 8, end - 4));
    start = end;
  }
  checkPixels(view, concatenate(packed));
  return toImage(decode(concatenate(kept), { checkCrc: true }));
}

/** Unpacks the pixels under the bound that the header sets, so that neither can declare more than the other has. */
function checkPixels(header: DataView, packed: Uint8Array): void {
  const [width, height] = [header.getUint32(16), header.getUint32(20)];
  const bits = header.getUint8(24) * (samplesOfType[header.getUint8(25)] ?? 0);
  if (width * height > mostPixels) throw new Error(`${width}x${height} are more than ${mostPixels} pixels`);
  const least = Math.ceil((width * height * bits) / 8);
  // Each row, of up to seven interlaced passes, adds a filter byte and may pad its last byte.
  const most = Math.ceil((width * bits) / 8) * height + 4 * height + 64;
  if (inflate(packed, most).length < least)
    throw new Error(`its data does not fill ${width}x${height} pixels`);
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}

function toImage(png: DecodedPng): Image {
  const { width, height, palette } = png;
  if (palette) {
    const data = convertIndexedToRgb(png);
    return { width, height, channels: palette[0].length as 3 | 4, data };
  }
  const samples = toEightBits(png);
  if (png.channels !== 2) return { width, height, channels: png.channels as 1 | 3 | 4, data: samples };
  const data = new Uint8Array(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    data.fill(samples[2 * pixel], 4 * pixel, 4 * pixel + 3);
    data[4 * pixel + 3] = samples[2 * pixel + 1];
  }
  return { width, height, channels: 4, data };
}

function toEightBits({ data, depth, width, height }: DecodedPng): Uint8Array {
  if (depth === 16) return Uint8Array.from(data, (sample) => Math.floor((sample * 255 + 32767) / 65535));
  if (depth === 8) return Uint8Array.from(data);
  // Only gray has fewer than 8 bits; each row begins with a new byte.
  const rowBytes = Math.ceil((width * depth) / 8);
  const most = 2 ** depth - 1;
  return Uint8Array.from({ length: width * height }, (_, pixel) => {
    const bit = (pixel % width) * depth;
    const byte = data[Math.floor(pixel / width) * rowBytes + (bit >> 3)];
    return ((byte >> (8 - depth - (bit & 7))) & most) * (255 / most);
  });
}
