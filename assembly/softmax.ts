/**
 * softmax on codes, by tables of 32-bit integers. Lines of `length` elements at a distance of `inner` elements; outer * inner
 * lines.
 */

/** a * b / 2^31, rounded, ties up; a and b are not both -2^31. */
function high(a: i64, b: i64): i64 {
  const product = a * b;
  return (product + (product >= 0 ? 1 << 30 : 1 - (1 << 30))) / (<i64>1 << 31);
}

function saturate32(value: i64): i64 {
  return min(max(value, -(<i64>1 << 31)), (<i64>1 << 31) - 1);
}

/** 2^62 / s, for s from 2^31 to 2^32. */
function reciprocal(s: i64): i64 {
  const half = s >> 1;
  let x = 1515870810 + high(half, -1010580540);
  for (let i = 0; i < 3; i++) x += saturate32(4 * high(x, (1 << 29) - high(half, x)));
  return saturate32(2 * x);
}

function largestOf(x: usize, length: i32, step: usize): i32 {
  let largest: i32 = -32768;
  for (let i = 0; i < length; i++) {
    largest = max(largest, <i32>load<i16>(x));
    x += step;
  }
  return largest;
}

/** The entry of the table for an element. */
function contribution(exponentials: usize, largest: i32, x: usize): i64 {
  return <i64>load<i32>(exponentials + (<usize>(largest - <i32>load<i16>(x)) << 2));
}

export function softmaxNewton_i16_i16(
  x: usize, y: usize, outer: i32, length: i32, inner: i32, exponentials: usize, bits: i32, low: i32, high_: i32,
): void {
  const step = <usize>inner << 1;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const first = <usize>(o * length * inner + i) << 1;
      const largest = largestOf(x + first, length, step);
      let sum: i64 = 0;
      for (let k = 0; k < length; k++)
        sum += (contribution(exponentials, largest, x + first + <usize>k * step) + 2048) >> 12;
      const zeros = clz(<u32>sum);
      const r = reciprocal(sum << zeros);
      const shift = 43 - zeros - bits;
      const half: i64 = shift > 0 ? <i64>1 << (shift - 1) : 0;
      for (let k = 0; k < length; k++) {
        const place = first + <usize>k * step;
        const code = ((high(r, contribution(exponentials, largest, x + place)) + half) >> shift) + low;
        store<i16>(y + place, <i16>min(max(code, <i64>low), <i64>high_));
      }
    }
  }
}

export function softmaxTable_i16_i16(
  x: usize, y: usize, outer: i32, length: i32, inner: i32, exponentials: usize, reciprocals: usize, offset: i32, high_: i32,
): void {
  const step = <usize>inner << 1;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const first = <usize>(o * length * inner + i) << 1;
      const largest = largestOf(x + first, length, step);
      let sum: i64 = 0;
      for (let k = 0; k < length; k++)
        sum += contribution(exponentials, largest, x + first + <usize>k * step);
      const zeros = clz(<u32>sum);
      const position = <i32>(((sum << (zeros - 1)) + (1 << 13)) >> 14) - 98304;
      const r = <i64>interpolate(reciprocals, min(max(position, -32768), 32767));
      const shift = 31 - zeros;
      const half: i64 = <i64>1 << (shift - 1);
      for (let k = 0; k < length; k++) {
        const place = first + <usize>k * step;
        const code = (contribution(exponentials, largest, x + place) * r + half) >> shift;
        store<i16>(y + place, <i16>min(max(code, 0) - <i64>offset, <i64>high_));
      }
    }
  }
}

/** The table at a 16-bit position: 9 bits choose the entry, 7 interpolate. */
function interpolate(table: usize, position: i32): i32 {
  const entry = table + (<usize>(256 + (position >> 7)) << 2);
  const base = load<i32>(entry);
  return base + (((load<i32>(entry + 4) - base) * (position & 127) + 64) >> 7);
}
