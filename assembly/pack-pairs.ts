/**
 * Weights in the order in which products read them. x: `outputs` rows of `depth` codes i8, an even number; y: [depth / 2][width][2], of
 * which the first `outputs` of each `width` are written.
 */

// @ts-ignore: decorator
@inline
function pack<T>(x: usize, y: usize, outputs: i32, first: i32, depth: i32, width: i32): void {
  const step = <usize>width * 2 * sizeof<T>();
  for (let output = 0; output < outputs; output++) {
    let from = x + <usize>(output * depth + first);
    const end = x + <usize>(output * depth + depth);
    let to = y + <usize>(first >> 1) * step + <usize>output * 2 * sizeof<T>();
    for (; from < end; from += 2, to += step) {
      store<T>(to, <T>load<i8>(from));
      store<T>(to, <T>load<i8>(from, 1), sizeof<T>());
    }
  }
}

/** Eight codes of each of four rows. */
// @ts-ignore: decorator
@inline
function packFour(x: usize, y: usize, row: usize, step: usize): void {
  const a = v128.load_ext<i8>(x);
  const b = v128.load_ext<i8>(x + row);
  const c = v128.load_ext<i8>(x + 2 * row);
  const d = v128.load_ext<i8>(x + 3 * row);
  const lowAb = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const highAb = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const lowCd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const highCd = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(y, v128.shuffle<i64>(lowAb, lowCd, 0, 2));
  v128.store(y + step, v128.shuffle<i64>(lowAb, lowCd, 1, 3));
  v128.store(y + 2 * step, v128.shuffle<i64>(highAb, highCd, 0, 2));
  v128.store(y + 3 * step, v128.shuffle<i64>(highAb, highCd, 1, 3));
}

export function packPairs_i8_i16(x: usize, y: usize, outputs: i32, depth: i32, width: i32): void {
  const step = <usize>width << 2;
  const fours = outputs & ~3;
  const eights = depth & ~7;
  for (let k = 0; k < eights; k += 8)
    for (let output = 0; output < fours; output += 4)
      packFour(
        x + <usize>(output * depth + k), y + <usize>(k >> 1) * step + (<usize>output << 2), <usize>depth, step,
      );
  pack<i16>(x, y, fours, eights, depth, width);
  pack<i16>(x + <usize>(fours * depth), y + (<usize>fours << 2), outputs - fours, 0, depth, width);
}

export function packPairs_i8_i8(x: usize, y: usize, outputs: i32, depth: i32, width: i32): void {
  pack<i8>(x, y, outputs, 0, depth, width);
}
