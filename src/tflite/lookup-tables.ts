/**
 * 16-bit functions of TFLite's reference kernels, which read tables and interpolate between their entries. Every function
 * gives what the kernel gives for one code.
 */
import { exp64 } from '../execute/oracle/elementary.js';

const clamp16 = (value: number) => Math.min(Math.max(value, -32768), 32767);
/** Ties away from zero. */
const round = (value: number) => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);

/**
 * TFLite's LUTPopulate: samples of a function over 512 steps from low to high with 15 fraction bits, each moved by half of
 * the error that interpolation has in the middle of its step.
 */
function interpolationTable(fn: (x: number) => number, low: number, high: number): Int16Array {
  const step = (high - low) / 512;
  const scaled = (x: number) => fn(x) * 32768;
  return Int16Array.from({ length: 513 }, (_, index) => {
    if (index === 512) return clamp16(round(scaled(high)));
    const x = low + index * step;
    const sample = round(scaled(x));
    const interpolated = round((scaled(low + (index + 1) * step) + sample) / 2);
    const error = interpolated - round(scaled(x + step / 2));
    return clamp16(sample - round(error / 2));
  });
}

/** TFLite's LUTLookup: 9 bits of a 16-bit code choose the entry, 7 interpolate. */
export function interpolate(table: Int16Array, code: number): number {
  const index = 256 + (code >> 7);
  const slope = table[index + 1] - table[index];
  return table[index] + ((slope * (code & 127) + 64) >> 7);
}

/** exp over [-10, 0]: of the softmax on 16 bits. */
export const exponentialTable = (): Int16Array => interpolationTable(exp64, -10, 0);

/** 1 / (1 + x) over [0, 1]. */
export const reciprocalTable = (): Int16Array => interpolationTable((x) => 1 / (1 + x), 0, 1);

/**
 * TFLite's sigmoid_table_uint16: sigmoid(i / 24) with 16 fraction bits, moved by half of the error that interpolation has in
 * the middle of its step. The last entry is the largest code.
 */
function sigmoidTable(): Uint16Array {
  const sigmoid = (i: number) => 65536 / (1 + exp64(-i / 24));
  return Uint16Array.from({ length: 256 }, (_, i) => {
    const error = (sigmoid(i) + sigmoid(i + 1)) / 2 - sigmoid(i + 0.5);
    return i === 255 ? 65535 : Math.round(sigmoid(i) - error / 2);
  });
}

/** How a code becomes a position in the sigmoid's table: TFLite's SigmoidPrepare and TanhPrepare. */
function tableScale(scale: number, powersOfTwo: readonly number[]) {
  const fraction = Math.round(Math.log2(scale)) + 12;
  const isPower = Math.abs(Math.log2(scale) - Math.round(Math.log2(scale))) < 1e-3;
  if (isPower && powersOfTwo.includes(fraction)) return { multiplier: 3 * 2 ** fraction, shift: 0 };
  let multiplier = scale * 4096 * 3;
  let shift = 0;
  for (; multiplier <= 32767 / 2 && shift <= 30; multiplier *= 2) shift++;
  return { multiplier: Math.trunc(multiplier), shift };
}

/** An arithmetic shift to the right, with ties up, of a product below 2^53. */
const shiftRight = (value: number, shift: number) =>
  Math.floor((value + (shift > 0 ? 2 ** (shift - 1) : 0)) / 2 ** shift);

/** LOGISTIC from 16 bits with the given scale to 15 fraction bits. */
export function logistic16(scale: number): (code: number) => number {
  const table = sigmoidTable();
  const { multiplier, shift } = tableScale(scale, [0]);
  return (code) => {
    const x = shiftRight(code * multiplier, shift);
    const magnitude = Math.abs(x);
    const index = magnitude >>> 9;
    const positive =
      index >= 255
        ? 0x7fff << 10
        : (table[index] << 9) + (magnitude & 511) * (table[index + 1] - table[index]);
    return (x >= 0 ? positive + 512 : 2 ** 25 - positive + 511) >> 10;
  };
}

/** TANH from 16 bits with the given scale to 15 fraction bits. */
export function tanh16(scale: number): (code: number) => number {
  const table = sigmoidTable();
  const { multiplier, shift } = tableScale(scale, [0, 1]);
  return (code) => {
    const x = shiftRight(code * multiplier, shift);
    const magnitude = Math.abs(x);
    const index = magnitude >>> 8;
    const positive =
      index >= 255
        ? 0xffff << 8
        : (table[index] << 8) + (magnitude & 255) * (table[index + 1] - table[index]);
    return (x >= 0 ? positive - 2 ** 23 + 128 : -positive + 2 ** 23 + 127) >> 8;
  };
}
