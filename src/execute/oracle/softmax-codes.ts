/** softmax on codes: docs/arithmetic.md section 5. */
import { doublingHighProduct } from '../../formats/fixed-multiplier.js';
import { codeRange } from '../../formats/format.js';
import { roundShift } from '../../formats/rounding.js';
import { check, numbers, type Operand, type Operands, type Run } from './operands.js';

const high = (a: number, b: number) => Number(doublingHighProduct(BigInt(a), BigInt(b)));

const saturate32 = (value: number) => Math.min(Math.max(value, -(2 ** 31)), 2 ** 31 - 1);

/** 2^62 / s, for s from 2^31 to 2^32. */
function reciprocal(s: number): number {
  const half = Math.floor(s / 2);
  let x = 1515870810 + high(half, -1010580540);
  for (let i = 0; i < 3; i++) x += saturate32(4 * high(x, 2 ** 29 - high(half, x)));
  return saturate32(2 * x);
}

/** The table of 513 entries at a 16-bit position: 9 bits choose the entry, 7 interpolate. TFLite's LUTLookup. */
export function interpolate(table: ArrayLike<number>, position: number): number {
  const index = 256 + (position >> 7);
  return table[index] + (((table[index + 1] - table[index]) * (position & 127) + 64) >> 7);
}

/** From what the elements of a line contribute to their codes. */
type Normalise = (exponentials: readonly number[]) => (exponential: number) => number;

function byNewton(bits: number, low: number): Normalise {
  return (exponentials) => {
    const sum = exponentials.reduce((s, e) => s + roundShift(e, 12, 'halfAwayFromZero'), 0);
    const zeros = Math.clz32(sum);
    const r = reciprocal(sum * 2 ** zeros);
    return (e) => roundShift(high(r, e), 43 - zeros - bits, 'halfAwayFromZero') + low;
  };
}

function byTable(table: ArrayLike<number>): Normalise {
  return (exponentials) => {
    const sum = exponentials.reduce((s, e) => s + e, 0);
    const zeros = Math.clz32(sum);
    const position = Math.floor((sum * 2 ** (zeros - 1) + 2 ** 13) / 2 ** 14) - 98304;
    const r = interpolate(table, Math.min(Math.max(position, -32768), 32767));
    return (e) => Math.max(0, roundShift(e * r, 31 - zeros, 'halfTowardPositive'));
  };
}

/** Lines lie `inner` elements apart and have `extent` elements. */
export function prepareSoftmaxCodes(operands: Operands, extent: number, inner: number): Run {
  const { where, inputs, output } = operands;
  const x = numbers(where, inputs[0]);
  const y = numbers(where, output);
  const { low, high: most } = codeRange(output.format!);
  const exponentials = tableOf(where, inputs[1], 2 ** inputs[0].format!.bits);
  const normalise =
    inputs[2] === undefined ? byNewton(output.format!.bits, low) : byTable(tableOf(where, inputs[2], 513));
  return () => {
    for (let line = 0; line < x.length / extent; line++) {
      const first = Math.floor(line / inner) * extent * inner + (line % inner);
      const places = Array.from({ length: extent }, (_, i) => first + i * inner);
      const largest = places.reduce((m, place) => Math.max(m, x[place]), -Infinity);
      const contributions = places.map((place) => exponentials[largest - x[place]]);
      const codeOf = normalise(contributions);
      places.forEach((place, i) => {
        y[place] = Math.min(Math.max(codeOf(contributions[i]), low), most);
      });
    }
  };
}

function tableOf(where: string, { name, data, format }: Operand, length: number): Int32Array {
  const fits = data instanceof Int32Array || data instanceof Int16Array;
  check(
    fits && format !== null,
    where,
    `"${name}" is no table`,
    'codes of 9 to 32 bits',
    data.constructor.name,
  );
  check(data.length === length, where, `"${name}" has a wrong length`, `${length}`, `${data.length}`);
  return Int32Array.from(data);
}
