/** Sums and products of two broadcast operands by float32 scales, with the arguments of code-pairs.ts. */
import { convertHigh, loadWords, storeFourShorts } from './lanes';
import { roundToWhole } from './round';

/** Float64 rounded to float32. */
// @ts-ignore: decorator
@inline
function toSingle(x: v128): v128 {
  return f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(x));
}

/** Four results (f32) before they are rounded to codes. */
// @ts-ignore: decorator
@inline
function combined(u: v128, v: v128, product: i32, aScale: v128, bScale: v128, offset: v128): v128 {
  let low: v128, high: v128;
  if (product) {
    const both = i32x4.mul(u, v);
    low = f64x2.add(toSingle(f64x2.mul(f64x2.convert_low_i32x4_s(both), aScale)), offset);
    high = f64x2.add(toSingle(f64x2.mul(convertHigh(both), aScale)), offset);
  } else {
    const b0 = toSingle(f64x2.add(f64x2.mul(f64x2.convert_low_i32x4_s(v), bScale), offset));
    const b1 = toSingle(f64x2.add(f64x2.mul(convertHigh(v), bScale), offset));
    low = f64x2.add(f64x2.mul(f64x2.convert_low_i32x4_s(u), aScale), b0);
    high = f64x2.add(f64x2.mul(convertHigh(u), aScale), b1);
  }
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/** a * aScale + (b * bScale + offset), or, where `product`, a * b * aScale + offset of codes less their zero points. */
export function scaledPair_i16_i16_i16(
  a: usize, b: usize, y: usize, product: i32, aZero: i32, bZero: i32, aScale: f64, bScale: f64, offset: f64, low: f32, high: f32,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: usize, bStep: usize,
): void {
  const aZeros = i32x4.splat(aZero);
  const bZeros = i32x4.splat(bZero);
  const aScales = f64x2.splat(aScale);
  const bScales = f64x2.splat(bScale);
  const offsets = f64x2.splat(offset);
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  for (let row = 0; row < rows; row++) {
    let p = a;
    let q = b;
    for (let i = 0; i < length; i += 4) {
      const u = i32x4.sub(loadWords(p, aStep), aZeros);
      const v = i32x4.sub(loadWords(q, bStep), bZeros);
      const real = combined(u, v, product, aScales, bScales, offsets);
      const codes = roundToWhole(f32x4.pmin(f32x4.pmax(real, lows), highs));
      const shorts = i16x8.narrow_i32x4_s(codes, codes);
      storeFourShorts(y, shorts, length - i);
      p += aStep * 4;
      q += bStep * 4;
      y += 8;
    }
    y -= <usize>(((length + 3) & ~3) - length) << 1;
    a += aRow;
    b += bRow;
  }
}
