/**
 * Exact sums of float32 values per channel. A partial sum in float64 is exact as long as every value is a multiple of one unit and the sum
 * stays below 2^53 units; values too small for that, and the partial sums in the end, are added to an integer of ten limbs of 32 bits
 * in units of 2^-149, each limb in an i64. (The idea of a superaccumulator: R. M. Neal, "Fast exact summation using small and
 * large superaccumulators", 2015.)
 */

const LIMBS = 10;
const LIMB_BYTES: usize = LIMBS * 8;
const MAGNITUDE: i32 = 0x7fffffff;

/**
 * Bits of the least magnitude that a partial sum of `rows` values takes, whose largest has the exponent bits `bound`: a sum below
 * 2^(bound + 1) * rows in units of the last place of that magnitude has 53 bits.
 */
export function exactFrom(bound: i32, rows: i32): i32 {
  const exponent = bound + 32 - clz(rows - 1) - 29;
  return exponent <= 0 ? 1 : min(exponent, 255) << 23;
}

/** Adds each channel's partial sum to its limbs and leaves 0. */
export function addPartials(partials: usize, limbs: usize, channels: i32): void {
  for (let channel = 0; channel < channels; channel++) {
    addExactly(limbs, load<f64>(partials));
    store<f64>(partials, 0);
    partials += 8;
    limbs += LIMB_BYTES;
  }
}

/** Moves what exceeds 32 bits to the next limb. Between two calls, a limb takes 2^29 additions. */
export function carryLimbs(limbs: usize, channels: i32): void {
  const end = limbs + <usize>channels * LIMB_BYTES;
  for (; limbs < end; limbs += LIMB_BYTES) {
    let carry: i64 = 0;
    for (let limb: usize = 0; limb < LIMB_BYTES - 8; limb += 8) {
      const sum = load<i64>(limbs + limb) + carry;
      carry = sum >> 32;
      store<i64>(limbs + limb, sum & 0xffffffff);
    }
    store<i64>(limbs, load<i64>(limbs, LIMB_BYTES - 8) + carry, LIMB_BYTES - 8);
  }
}

/** Makes float64 of limbs that have carried: all but the last of a channel lie in [0, 2^32). */
export function finishLimbs(limbs: usize, channels: i32): void {
  const end = limbs + <usize>channels * LIMB_BYTES;
  for (; limbs < end; limbs += 8) store<f64>(limbs, <f64>load<i64>(limbs));
}

/** Adds a multiple of 2^-149 below 2^160; nothing of what is not finite, which has ended the run. */
function addExactly(limbs: usize, value: f64): void {
  const bits = reinterpret<i64>(value);
  const exponent = <i32>(bits >> 52) & 0x7ff;
  if (exponent == 0 || exponent == 0x7ff) return;
  let mantissa = (bits & 0xfffffffffffff) | 0x10000000000000;
  let position = exponent - 1075 + 149;
  if (position < 0) {
    mantissa >>= -position;
    position = 0;
  }
  if (bits < 0) mantissa = -mantissa;
  const shift = <i64>(position & 31);
  const low = (mantissa & 0xffffffff) << shift;
  const high = (mantissa >> 32) << shift;
  const limb = limbs + (<usize>(position >> 5) << 3);
  store<i64>(limb, load<i64>(limb) + (low & 0xffffffff));
  store<i64>(limb, load<i64>(limb, 8) + (low >>> 32) + (high & 0xffffffff), 8);
  store<i64>(limb, load<i64>(limb, 16) + (high >> 32), 16);
}

/** Adds the values of magnitudes from 1 to `from` - 1, as bits, among `count` channels of one row. */
function addSmall(x: usize, limbs: usize, from: i32, count: i32): void {
  for (let channel = 0; channel < count; channel++) {
    if ((load<i32>(x) & MAGNITUDE) < from) addExactly(limbs, <f64>load<f32>(x));
    x += 4;
    limbs += LIMB_BYTES;
  }
}

/** Adds `rows` rows to the partial sums, values of a magnitude below `from` to the limbs. */
export function addRows(x: usize, partials: usize, limbs: usize, rows: i32, channels: i32, from: i32): void {
  const stride = <usize>channels * 4;
  for (let channel = 0; channel < channels; channel += 8) {
    const count = channels - channel;
    if (count >= 8) addEight(x, partials, limbs, rows, 8, stride, from);
    else addEight(x, partials, limbs, rows, count, stride, from);
    x += 32;
    partials += 64;
    limbs += 8 * LIMB_BYTES;
  }
}

/** The same for the first `count` of eight channels; what the partial sums of the others get has no meaning. */
// @ts-ignore: decorator
@inline
function addEight(x: usize, partials: usize, limbs: usize, rows: i32, count: i32, stride: usize, from: i32): void {
  const magnitude = i32x4.splat(MAGNITUDE);
  // Magnitudes count from the least integer, 0 behind the largest, so that one signed comparison finds the small ones.
  const limit = i32x4.splat((from - 1) ^ i32.MIN_VALUE);
  let c0 = v128.load(partials);
  let c1 = v128.load(partials, 16);
  let c2 = v128.load(partials, 32);
  let c3 = v128.load(partials, 48);
  for (let row = 0; row < rows; row++) {
    let u = v128.load(x);
    let v = v128.load(x, 16);
    const a = i32x4.add(v128.and(u, magnitude), magnitude);
    const b = i32x4.add(v128.and(v, magnitude), magnitude);
    if (i32x4.bitmask(i32x4.lt_s(i32x4.min_s(a, b), limit))) {
      addSmall(x, limbs, from, count);
      u = v128.andnot(u, i32x4.lt_s(a, limit));
      v = v128.andnot(v, i32x4.lt_s(b, limit));
    }
    c0 = f64x2.add(c0, f64x2.promote_low_f32x4(u));
    c1 = f64x2.add(c1, f64x2.promote_low_f32x4(v128.shuffle<i64>(u, u, 1, 1)));
    c2 = f64x2.add(c2, f64x2.promote_low_f32x4(v));
    c3 = f64x2.add(c3, f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 1)));
    x += stride;
  }
  v128.store(partials, c0);
  v128.store(partials, c1, 16);
  v128.store(partials, c2, 32);
  v128.store(partials, c3, 48);
}
