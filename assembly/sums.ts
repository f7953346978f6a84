/**
 * Sums (i64 where nothing else is said) of instructions that work element by element, for rescale.ts to make codes of. Codes count from their zero points.
 * Operands and their steps as in code-pairs.ts; y is dense.
 */
import { storeEightWords } from './lanes';
import { FAILED, scaled } from './scale';

const ADD = 0;
const MULTIPLY = 1;

// @ts-ignore: decorator
@inline
function pairs<T>(
  operation: i32,
  a: usize, b: usize, y: usize, aZero: i64, bZero: i64, aShift: i64, bShift: i64, sign: i64, aRecord: usize, bRecord: usize,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: usize, bStep: usize, first: i32,
): i32 {
  let element = first;
  for (let row = 0; row < rows; row++) {
    let p = a;
    let q = b;
    for (let i = 0; i < length; i++) {
      const u = <i64>load<T>(p) - aZero;
      const v = <i64>load<T>(q) - bZero;
      let sum: i64;
      if (operation == ADD) {
        let left = u << aShift;
        let right = v << bShift;
        if (aRecord != 0) {
          left = scaled(left, aRecord, element, true);
          right = scaled(right, bRecord, element, true);
          if (left == FAILED || right == FAILED) return element + 1;
        }
        sum = left + sign * right;
      } else if (operation == MULTIPLY) sum = u * v;
      else sum = u >= 0 ? u << aShift : u * v;
      store<i64>(y, sum);
      p += aStep;
      q += bStep;
      y += 8;
      element++;
    }
    a += aRow;
    b += bRow;
  }
  return 0;
}

/**
 * Records: how the shifted operands are scaled, or 0; see scale.ts. `first`: index of the first element in the whole output. Returns
 * 1 + the index of an element that does not fit a register of its scaling, else 0.
 */
export function addSums_i16_i16_i64(
  a: usize, b: usize, y: usize, aZero: i32, bZero: i32, aShift: i32, bShift: i32, sign: i32, aRecord: usize, bRecord: usize,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: usize, bStep: usize, first: i32,
): i32 {
  return pairs<i16>(
    ADD, a, b, y, aZero, bZero, aShift, bShift, sign, aRecord, bRecord, rows, length, aRow, bRow, aStep, bStep, first,
  );
}

export function addSums_i32_i32_i64(
  a: usize, b: usize, y: usize, aZero: i32, bZero: i32, aShift: i32, bShift: i32, sign: i32, aRecord: usize, bRecord: usize,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: usize, bStep: usize, first: i32,
): i32 {
  return pairs<i32>(
    ADD, a, b, y, aZero, bZero, aShift, bShift, sign, aRecord, bRecord, rows, length, aRow, bRow, aStep, bStep, first,
  );
}

export function multiplySums_i16_i16_i64(
  a: usize, b: usize, y: usize, aZero: i32, bZero: i32, aShift: i32,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: usize, bStep: usize,
): void {
  pairs<i16>(MULTIPLY, a, b, y, aZero, bZero, aShift, 0, 1, 0, 0, rows, length, aRow, bRow, aStep, bStep, 0);
}

/** Products (i32) where both factors, less their zero points, fit 16 bits. */
export function multiplySums_i16_i16_i32(
  a: usize, b: usize, y: usize, aZero: i32, bZero: i32, aShift: i32,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  const aZeros = i16x8.splat(<i16>aZero);
  const bZeros = i16x8.splat(<i16>bZero);
  for (let row = 0; row < rows; row++) {
    let p = a;
    let q = b;
    for (let i = 0; i < length; i += 8) {
      const u = i16x8.sub(aStep ? v128.load(p) : v128.load16_splat(p), aZeros);
      const v = i16x8.sub(bStep ? v128.load(q) : v128.load16_splat(q), bZeros);
      const count = length - i;
      storeEightWords(y, i32x4.extmul_low_i16x8_s(u, v), i32x4.extmul_high_i16x8_s(u, v), count);
      p += <usize>aStep * 8;
      q += <usize>bStep * 8;
      y += <usize>min(count, 8) * 4;
    }
    a += aRow;
    b += bRow;
  }
}

/** b holds the slopes; what is not negative is shifted by `aShift`. */
export function leakyReluSums_i16_i16_i64(
  a: usize, b: usize, y: usize, aZero: i32, bZero: i32, aShift: i32,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: usize, bStep: usize,
): void {
  pairs<i16>(2, a, b, y, aZero, bZero, aShift, 0, 1, 0, 0, rows, length, aRow, bRow, aStep, bStep, 0);
}

/** Codes less their zero points, as i32: `zeros` (i32), `period` of them in turn, each for `inner` elements in a row. */
export function requantizeSums_i16_i32(
  x: usize, y: usize, zeros: usize, period: i32, inner: i32, first: i32, length: i32,
): void {
  let turn = (first / inner) % period;
  let left = inner - (first % inner);
  for (let i = 0; i < length; i++) {
    store<i32>(y, <i32>load<i16>(x) - load<i32>(zeros + (<usize>turn << 2)));
    x += 2;
    y += 4;
    if (--left == 0) {
      left = inner;
      if (++turn == period) turn = 0;
    }
  }
}
