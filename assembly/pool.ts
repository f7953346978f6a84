/**
 * Pooling over the tables of convolution.ts: 4 offsets per block of 4 pixels and tap, negative for padding. `padding` is the
 * address of 32 bytes that do not change the result: the smallest code or -Infinity for the maximum, zeros for the average.
 * Averages take the taps of each pixel one by one, because the count differs at the border.
 */
import { addresses, storeEightLongs, storeFloats, storeShorts } from './lanes';
import { WIDE, roundWide } from './round';

export function maxPool_i16_i16(
  x: usize, y: usize, table: usize, padding: usize, pixels: i32, channels: i32, yStride: usize, taps: i32,
): void {
  for (let channel = 0; channel < channels; channel += 8) {
    const count = channels - channel;
    let t = table;
    let out = y;
    for (let pixel = 0; pixel < pixels; pixel += 4) {
      let c0 = v128.load(padding);
      let c1 = c0;
      let c2 = c0;
      let c3 = c0;
      for (let tap = 0; tap < taps; tap++) {
        const rows = addresses(t, x, padding);
        c0 = i16x8.max_s(c0, v128.load(<usize>i32x4.extract_lane(rows, 0)));
        c1 = i16x8.max_s(c1, v128.load(<usize>i32x4.extract_lane(rows, 1)));
        c2 = i16x8.max_s(c2, v128.load(<usize>i32x4.extract_lane(rows, 2)));
        c3 = i16x8.max_s(c3, v128.load(<usize>i32x4.extract_lane(rows, 3)));
        t += 16;
      }
      const rest = pixels - pixel;
      storeShorts(out, c0, count);
      if (rest > 1) storeShorts(out + yStride, c1, count);
      if (rest > 2) storeShorts(out + 2 * yStride, c2, count);
      if (rest > 3) storeShorts(out + 3 * yStride, c3, count);
      out += 4 * yStride;
    }
    x += 16;
    y += 16;
  }
}

export function maxPool_f32_f32(
  x: usize, y: usize, table: usize, padding: usize, pixels: i32, channels: i32, yStride: usize, taps: i32,
): void {
  for (let channel = 0; channel < channels; channel += 4) {
    const count = channels - channel;
    let t = table;
    let out = y;
    for (let pixel = 0; pixel < pixels; pixel += 4) {
      let c0 = v128.load(padding);
      let c1 = c0;
      let c2 = c0;
      let c3 = c0;
      for (let tap = 0; tap < taps; tap++) {
        const rows = addresses(t, x, padding);
        c0 = f32x4.pmax(c0, v128.load(<usize>i32x4.extract_lane(rows, 0)));
        c1 = f32x4.pmax(c1, v128.load(<usize>i32x4.extract_lane(rows, 1)));
        c2 = f32x4.pmax(c2, v128.load(<usize>i32x4.extract_lane(rows, 2)));
        c3 = f32x4.pmax(c3, v128.load(<usize>i32x4.extract_lane(rows, 3)));
        t += 16;
      }
      const rest = pixels - pixel;
      storeFloats(out, c0, count);
      if (rest > 1) storeFloats(out + yStride, c1, count);
      if (rest > 2) storeFloats(out + 2 * yStride, c2, count);
      if (rest > 3) storeFloats(out + 3 * yStride, c3, count);
      out += 4 * yStride;
    }
    x += 16;
    y += 16;
  }
}

// @ts-ignore: decorator
@inline
function tapAddress(table: usize, pixel: i32, tap: i32, taps: i32, x: usize, padding: usize): usize {
  const offset = load<i32>(table + (<usize>((pixel >> 2) * taps + tap) << 4) + (<usize>(pixel & 3) << 2));
  return offset < 0 ? padding : x + <usize>offset;
}

/**
 * 32-bit sums, multiplied and rounded in 64 bits. `selectors` holds, per pixel, the address of its record: that of round.ts
 * followed by the multiplier (i64).
 */
export function averagePool_i16_i64(
  x: usize, y: usize, table: usize, padding: usize, pixels: i32, channels: i32, yStride: usize, taps: i32, selectors: usize,
): void {
  for (let channel = 0; channel < channels; channel += 8) {
    const count = channels - channel;
    let out = y;
    for (let pixel = 0; pixel < pixels; pixel++) {
      let a = i32x4.splat(0);
      let b = a;
      for (let tap = 0; tap < taps; tap++) {
        const v = v128.load(tapAddress(table, pixel, tap, taps, x, padding));
        a = i32x4.add(a, i32x4.extend_low_i16x8_s(v));
        b = i32x4.add(b, i32x4.extend_high_i16x8_s(v));
      }
      const record = load<u32>(selectors + (<usize>pixel << 2));
      store<i16>(out, average(i32x4.extract_lane(a, 0), record));
      if (count > 1) store<i16>(out, average(i32x4.extract_lane(a, 1), record), 2);
      if (count > 2) store<i16>(out, average(i32x4.extract_lane(a, 2), record), 4);
      if (count > 3) store<i16>(out, average(i32x4.extract_lane(a, 3), record), 6);
      if (count > 4) store<i16>(out, average(i32x4.extract_lane(b, 0), record), 8);
      if (count > 5) store<i16>(out, average(i32x4.extract_lane(b, 1), record), 10);
      if (count > 6) store<i16>(out, average(i32x4.extract_lane(b, 2), record), 12);
      if (count > 7) store<i16>(out, average(i32x4.extract_lane(b, 3), record), 14);
      out += yStride;
    }
    x += 16;
    y += 16;
  }
}

// @ts-ignore: decorator
@inline
function average(sum: i32, record: usize): i16 {
  return <i16>roundWide(<i64>sum * load<i64>(record, WIDE), record);
}

/**
 * The sums alone (i64), less `zeros`; padding, too, is summed. Sums of 32768 taps at a time fit 32 bits.
 */
export function averagePoolSums_i16_i64(
  x: usize, y: usize, table: usize, padding: usize, pixels: i32, channels: i32, yStride: usize, taps: i32, zeros: i32,
): void {
  const start = i64x2.splat(-(<i64>zeros * <i64>taps));
  for (let channel = 0; channel < channels; channel += 8) {
    const count = channels - channel;
    let out = y;
    for (let pixel = 0; pixel < pixels; pixel++) {
      let s0 = start;
      let s1 = start;
      let s2 = start;
      let s3 = start;
      for (let first = 0; first < taps; first += 32768) {
        const last = min(first + 32768, taps);
        let a = i32x4.splat(0);
        let b = a;
        for (let tap = first; tap < last; tap++) {
          const v = v128.load(tapAddress(table, pixel, tap, taps, x, padding));
          a = i32x4.add(a, i32x4.extend_low_i16x8_s(v));
          b = i32x4.add(b, i32x4.extend_high_i16x8_s(v));
        }
        s0 = i64x2.add(s0, i64x2.extend_low_i32x4_s(a));
        s1 = i64x2.add(s1, i64x2.extend_high_i32x4_s(a));
        s2 = i64x2.add(s2, i64x2.extend_low_i32x4_s(b));
        s3 = i64x2.add(s3, i64x2.extend_high_i32x4_s(b));
      }
      storeEightLongs(out, s0, s1, s2, s3, count);
      out += yStride;
    }
    x += 16;
    y += 64;
  }
}

/** `selectors` holds, per pixel, fround(1 / count). */
export function averagePool_f32_f32(
  x: usize, y: usize, table: usize, padding: usize, pixels: i32, channels: i32, yStride: usize, taps: i32, selectors: usize,
): void {
  for (let channel = 0; channel < channels; channel += 4) {
    const count = channels - channel;
    let out = y;
    for (let pixel = 0; pixel < pixels; pixel++) {
      let sum = f32x4.splat(0);
      for (let tap = 0; tap < taps; tap++) {
        sum = f32x4.add(sum, v128.load(tapAddress(table, pixel, tap, taps, x, padding)));
      }
      storeFloats(out, f32x4.mul(sum, v128.load32_splat(selectors + (<usize>pixel << 2))), count);
      out += yStride;
    }
    x += 16;
    y += 16;
  }
}
