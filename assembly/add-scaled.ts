/** The sum of two broadcast operands, each scaled and rounded, which is scaled and rounded again: all in float64, see doubles.ts. */
import { WHOLE, roundTwo } from './doubles';
import { convertHigh, loadWords, storeFourShorts } from './lanes';

/** Bytes of an operand's record. */
const OPERAND: usize = 64;

/** Two contributions of an operand. */
// @ts-ignore: decorator
@inline
function scaledTwo(x: v128, record: usize): v128 {
  const rounded = roundTwo(x, v128.load(record, 16), v128.load(record, 32), v128.load(record, 48));
  return f64x2.sub(rounded, f64x2.splat(WHOLE));
}

/** The integer in the lowest bits of each lane (i64). */
// @ts-ignore: decorator
@inline
function sumTwo(a: v128, b: v128, records: usize): v128 {
  const right = v128.xor(scaledTwo(b, records + OPERAND), v128.load(records, 2 * OPERAND));
  const sum = f64x2.add(scaledTwo(a, records), right);
  return roundTwo(sum, v128.load(records, 144), v128.load(records, 160), v128.load(records, 176));
}

/**
 * Arguments as in code-pairs.ts. Records of both operands: zero point (4 x i32), scale, offset, difference (2 x f64 each); then the sign of
 * the second (2 x i64), scale, offset, difference of the sum (2 x f64 each), zero point (4 x i32), low, high (8 x i16).
 */
export function addScaled_i16_i16_i16(
  a: usize, b: usize, y: usize, records: usize,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: usize, bStep: usize,
): void {
  for (let row = 0; row < rows; row++) {
    let p = a;
    let q = b;
    for (let i = 0; i < length; i += 4) {
      const u = i32x4.sub(loadWords(p, aStep), v128.load(records));
      const v = i32x4.sub(loadWords(q, bStep), v128.load(records, OPERAND));
      const low = sumTwo(f64x2.convert_low_i32x4_s(u), f64x2.convert_low_i32x4_s(v), records);
      const high = sumTwo(convertHigh(u), convertHigh(v), records);
      const codes = i32x4.add(v128.shuffle<i32>(low, high, 0, 2, 4, 6), v128.load(records, 192));
      const shorts = i16x8.narrow_i32x4_s(codes, codes);
      const clamped = i16x8.min_s(i16x8.max_s(shorts, v128.load(records, 208)), v128.load(records, 224));
      storeFourShorts(y, clamped, length - i);
      p += aStep * 4;
      q += bStep * 4;
      y += 8;
    }
    y -= <usize>(((length + 3) & ~3) - length) << 1;
    a += aRow;
    b += bRow;
  }
}
