/**
 * Products of two matrices in memory: a [rows, depth], b [depth, columns], dense. Two rows at a time; where their number is odd, the
 * last one is computed twice.
 */
import { interleaveHigh, interleaveLow, storeFloats, storeShorts } from './lanes';
import { roundEight } from './round';

export function matmul_f32_f32_f32(a: usize, b: usize, y: usize, rows: i32, depth: i32, columns: i32): void {
  const row = <usize>columns << 2;
  for (let i = 0; i < rows; i += 2) {
    const second = i + 1 < rows ? 1 : 0;
    const aStep = (<usize>depth << 2) * second;
    const yStep = row * second;
    for (let j = 0; j < columns; j += 4) {
      let p = a;
      let q = b + (<usize>j << 2);
      let first = f32x4.splat(0);
      let other = first;
      for (let k = 0; k < depth; k++) {
        const v = v128.load(q);
        first = f32x4.add(first, f32x4.mul(v128.load32_splat(p), v));
        other = f32x4.add(other, f32x4.mul(v128.load32_splat(p + aStep), v));
        p += 4;
        q += row;
      }
      const out = y + (<usize>j << 2);
      storeFloats(out, first, columns - j);
      storeFloats(out + yStep, other, columns - j);
    }
    a += <usize>depth << 3;
    y += row << 1;
  }
}

/** A pair of codes in every lane; without its second where the depth ends before it. */
// @ts-ignore: decorator
@inline
function pair(address: usize, whole: bool): v128 {
  return whole ? v128.load32_splat(address) : i32x4.splat(<i32>load<u16>(address));
}

/** Sums that fit 32 bits, rounded by `layer` and `block` of round.ts. */
export function matmul_i16_i16_i32(
  a: usize, b: usize, y: usize, rows: i32, depth: i32, columns: i32, layer: usize, block: usize,
): void {
  const row = <usize>columns << 1;
  for (let i = 0; i < rows; i += 2) {
    const second = i + 1 < rows ? 1 : 0;
    const aStep = (<usize>depth << 1) * second;
    const yStep = row * second;
    for (let j = 0; j < columns; j += 8) {
      let p = a;
      let q = b + (<usize>j << 1);
      let low = i32x4.splat(0);
      let high = low;
      let otherLow = low;
      let otherHigh = low;
      for (let k = 0; k < depth; k += 2) {
        const whole = k + 1 < depth;
        const u = v128.load(q);
        const v = whole ? v128.load(q + row) : u;
        const left = interleaveLow(u, v);
        const right = interleaveHigh(u, v);
        const factors = pair(p, whole);
        const others = pair(p + aStep, whole);
        low = i32x4.add(low, i32x4.dot_i16x8_s(left, factors));
        high = i32x4.add(high, i32x4.dot_i16x8_s(right, factors));
        otherLow = i32x4.add(otherLow, i32x4.dot_i16x8_s(left, others));
        otherHigh = i32x4.add(otherHigh, i32x4.dot_i16x8_s(right, others));
        p += 4;
        q += row << 1;
      }
      const out = y + (<usize>j << 1);
      storeShorts(out, roundEight(low, high, block, layer), columns - j);
      storeShorts(out + yStep, roundEight(otherLow, otherHigh, block, layer), columns - j);
    }
    a += <usize>depth << 2;
    y += row << 1;
  }
}

/** Sums (i64) of products of codes above their zero points. */
export function matmulSums_i16_i16_i64(
  a: usize, b: usize, y: usize, aZero: i32, bZero: i32, rows: i32, depth: i32, columns: i32,
): void {
  const row = <usize>columns << 1;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let p = a;
      let q = b + (<usize>j << 1);
      let sum: i64 = 0;
      for (let k = 0; k < depth; k++) {
        sum += <i64>(<i32>load<i16>(p) - aZero) * <i64>(<i32>load<i16>(q) - bZero);
        p += 2;
        q += row;
      }
      store<i64>(y, sum);
      y += 8;
    }
    a += <usize>depth << 1;
  }
}

/**
 * b above its zero point as accumulate.ts reads weights: [columns/8][product][8] (i32). `rows` holds each product's row of b (i32),
 * -1 where there is none; lanes without a column are 0.
 */
export function matmulWeights_i16_i32(
  b: usize, y: usize, rows: usize, products: i32, columns: i32, zero: i32,
): void {
  const row = <usize>columns << 1;
  for (let j = 0; j < columns; j += 8) {
    for (let k = 0; k < products; k++) {
      const at = load<i32>(rows + (<usize>k << 2));
      const from = b + <usize>at * row + (<usize>j << 1);
      for (let lane = 0; lane < 8; lane++) {
        const inside = at >= 0 && j + lane < columns;
        store<i32>(y, inside ? <i32>load<i16>(from + (<usize>lane << 1)) - zero : 0);
        y += 4;
      }
    }
  }
}
