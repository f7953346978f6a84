/** Sums and products of two broadcast operands by float32 scales, with the arguments of code-pairs.ts. */

/** a * aScale + (b * bScale + offset), or, where `product`, a * b * aScale + offset of codes less their zero points. */
export function scaledPair_i16_i16_i16(
  a: usize, b: usize, y: usize, product: i32, aZero: i32, bZero: i32, aScale: f64, bScale: f64, offset: f64, low: f64, high: f64,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: usize, bStep: usize,
): void {
  for (let row = 0; row < rows; row++) {
    let p = a;
    let q = b;
    for (let i = 0; i < length; i++) {
      const u = <i32>load<i16>(p) - aZero;
      const v = <i32>load<i16>(q) - bZero;
      const sum = product
        ? <f32>(<f64>(<f32>(<f64>(u * v) * aScale)) + offset)
        : <f32>(<f64>u * aScale + <f64>(<f32>(<f64>v * bScale + offset)));
      const code = nearest(<f64>sum);
      store<i16>(y, <i16>(code < low ? low : code > high ? high : code));
      p += aStep;
      q += bStep;
      y += 2;
    }
    a += aRow;
    b += bRow;
  }
}
