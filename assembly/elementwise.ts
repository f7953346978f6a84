/** One operand, element by element; `length` elements, dense. */
import { clampFloats, storeFloats, storeShorts } from './lanes';
import { WIDE, roundEight, roundWide } from './round';

export function requantize_i16_i32(x: usize, y: usize, layer: usize, block: usize, length: i32): void {
  for (let i = 0; i < length; i += 8) {
    const v = v128.load(x);
    const codes = roundEight(i32x4.extend_low_i16x8_s(v), i32x4.extend_high_i16x8_s(v), block, layer);
    storeShorts(y, codes, length - i);
    x += 16;
    y += 16;
  }
}

/** One record per channel, `channels` of them in turn. */
export function requantize_i16_i64(x: usize, y: usize, records: usize, channels: i32, length: i32): void {
  let channel = 0;
  for (let i = 0; i < length; i++) {
    store<i16>(y, <i16>roundWide(load<i16>(x), records + <usize>channel * WIDE));
    if (++channel == channels) channel = 0;
    x += 2;
    y += 2;
  }
}

export function clamp_i16_i16(x: usize, y: usize, low: i32, high: i32, length: i32): void {
  const lows = i16x8.splat(<i16>low);
  const highs = i16x8.splat(<i16>high);
  for (let i = 0; i < length; i += 8) {
    storeShorts(y, i16x8.min_s(i16x8.max_s(v128.load(x), lows), highs), length - i);
    x += 16;
    y += 16;
  }
}

export function clamp_f32_f32(x: usize, y: usize, low: f32, high: f32, length: i32): void {
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  for (let i = 0; i < length; i += 4) {
    storeFloats(y, clampFloats(v128.load(x), lows, highs), length - i);
    x += 16;
    y += 16;
  }
}

/** `table` is the address of the entry for code 0, i16 each. */
export function lookup_i16_i16(x: usize, y: usize, table: usize, length: i32): void {
  for (let i = 0; i < length; i++) {
    store<i16>(y, load<i16>(table + (<isize>load<i16>(x) << 1)));
    x += 2;
    y += 2;
  }
}
