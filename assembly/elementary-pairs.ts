/** exp64 and log64 of elementary.ts on two values at once, where none of them is special: the same operations in the same order. */
import { INVERSE_LN2, LN2_HIGH, LN2_LOW } from './elementary';

// @ts-ignore: decorator
@inline
function pair(value: f64): v128 {
  return f64x2.splat(value);
}

/** One step of Horner's rule. */
// @ts-ignore: decorator
@inline
function step(sum: v128, x: v128, coefficient: f64): v128 {
  return f64x2.add(f64x2.mul(sum, x), pair(coefficient));
}

/** e^x for x of -708 to 709. */
// @ts-ignore: decorator
@inline
export function expPair(x: v128): v128 {
  const k = f64x2.floor(f64x2.add(f64x2.mul(x, pair(INVERSE_LN2)), pair(0.5)));
  const high = f64x2.sub(x, f64x2.mul(k, pair(LN2_HIGH)));
  const r = f64x2.sub(high, f64x2.mul(k, pair(LN2_LOW)));
  let p = pair(1.0 / 479001600.0);
  p = step(p, r, 1.0 / 39916800.0);
  p = step(p, r, 1.0 / 3628800.0);
  p = step(p, r, 1.0 / 362880.0);
  p = step(p, r, 1.0 / 40320.0);
  p = step(p, r, 1.0 / 5040.0);
  p = step(p, r, 1.0 / 720.0);
  p = step(p, r, 1.0 / 120.0);
  p = step(p, r, 1.0 / 24.0);
  p = step(p, r, 1.0 / 6.0);
  p = step(p, r, 0.5);
  p = step(p, r, 1.0);
  p = step(p, r, 1.0);
  const exponent = i64x2.extend_low_i32x4_s(i32x4.trunc_sat_f64x2_s_zero(k));
  return f64x2.mul(p, i64x2.shl(i64x2.add(exponent, i64x2.splat(1023)), 52));
}

/** Natural logarithms of normal numbers above 0. */
// @ts-ignore: decorator
@inline
export function logPair(x: v128): v128 {
  const mantissa = v128.or(
    v128.and(x, i64x2.splat(0x000fffffffffffff)),
    i64x2.splat(0x3ff0000000000000),
  );
  const large = f64x2.gt(mantissa, pair(1.4142135623730951));
  const m = v128.bitselect(f64x2.mul(mantissa, pair(0.5)), mantissa, large);
  // A comparison that holds is -1.
  const exponent = i64x2.sub(i64x2.sub(i64x2.shr_u(x, 52), i64x2.splat(1023)), large);
  const e = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(exponent, exponent, 0, 2, 0, 2));
  const s = f64x2.div(f64x2.sub(m, pair(1)), f64x2.add(m, pair(1)));
  const z = f64x2.mul(s, s);
  let p = pair(1.0 / 19.0);
  p = step(p, z, 1.0 / 17.0);
  p = step(p, z, 1.0 / 15.0);
  p = step(p, z, 1.0 / 13.0);
  p = step(p, z, 1.0 / 11.0);
  p = step(p, z, 1.0 / 9.0);
  p = step(p, z, 1.0 / 7.0);
  p = step(p, z, 1.0 / 5.0);
  p = step(p, z, 1.0 / 3.0);
  p = step(p, z, 1.0);
  const small = f64x2.add(f64x2.mul(f64x2.add(s, s), p), f64x2.mul(e, pair(LN2_LOW)));
  return f64x2.add(f64x2.mul(e, pair(LN2_HIGH)), small);
}
