/**
 * 16-bit functions of TFLite's reference kernels, which read tables and interpolate between their entries. Every function
 * gives what the kernel gives for one code.
 */
import { exp64 } from '../execute/oracle/elementary.js';
import { roundReal, roundShift } from '../formats/rounding.js';
import { checkedLog2 } from './fixed-point.js';

const clamp16 = (value: number) => Math.min(Math.max(value, -32768), 32767);
const round = (value: number) => roundReal(value, 'halfAwayFromZero');

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
    return i === 255 ? 65535 : round(sigmoid(i) - error / 2);
  });
}

/** How a code becomes a position in the sigmoid's table: TFLite's SigmoidPrepare and TanhPrepare. */
function tableScale(scale: number, powersOfTwo: readonly number[]) {
  const exponent = checkedLog2(scale);
  if (exponent !== undefined && powersOfTwo.includes(exponent + 12))
    return { multiplier: 3 * 2 ** (exponent + 12), shift: 0 };
  let multiplier = scale * 4096 * 3;
  let shift = 0;
  for (; multiplier <= 32767 / 2 && shift <= 30; multiplier *= 2) shift++;
  return { multiplier: roundReal(multiplier, 'towardZero'), shift };
}

/** The sigmoid's table, with `bits` more fraction bits, at a position with as many; `beyond` behind its last step. */
function interpolateSigmoid(table: Uint16Array, position: number, bits: number, beyond: number): number {
  const index = position >>> bits;
  if (index >= 255) return beyond;
  const share = position & (2 ** bits - 1);
  return (table[index] << bits) + share * (table[index + 1] - table[index]);
}

/** LOGISTIC from 16 bits with the given scale to 15 fraction bits. */
export function logistic16(scale: number): (code: number) => number {
  const table = sigmoidTable();
  const { multiplier, shift } = tableScale(scale, [0]);
  return (code) => {
    const x = roundShift(code * multiplier, shift, 'halfTowardPositive');
    const positive = interpolateSigmoid(table, Math.abs(x), 9, 0x7fff << 10);
    return (x >= 0 ? positive + 512 : 2 ** 25 - positive + 511) >> 10;
  };
}

/** TANH from 16 bits with the given scale to 15 fraction bits. */
export function tanh16(scale: number): (code: number) => number {
  const table = sigmoidTable();
  const { multiplier, shift } = tableScale(scale, [0, 1]);
  return (code) => {
    const x = roundShift(code * multiplier, shift, 'halfTowardPositive');
    const positive = interpolateSigmoid(table, Math.abs(x), 8, 0xffff << 8);
    return (x >= 0 ? positive - 2 ** 23 + 128 : -positive + 2 ** 23 + 127) >> 8;
  };
}
