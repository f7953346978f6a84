/** The larger (`largest` 1) or smaller of two broadcast operands, with the arguments of binary.ts. */
import { floats, shorts } from './binary';
import { storeFloats, storeShorts } from './lanes';

export function extremum_i16_i16_i16(
  a: usize, b: usize, y: usize, largest: i32,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  const aTurn = <usize>aStep * 8;
  const bTurn = <usize>bStep * 8;
  for (let row = 0; row < rows; row++) {
    let p = a;
    let q = b;
    for (let i = 0; i < length; i += 8) {
      const u = shorts(p, aStep);
      const v = shorts(q, bStep);
      storeShorts(y, largest ? i16x8.max_s(u, v) : i16x8.min_s(u, v), length - i);
      p += aTurn;
      q += bTurn;
      y += 16;
    }
    y -= <usize>(((length + 7) & ~7) - length) << 1;
    a += aRow;
    b += bRow;
  }
}

export function extremum_f32_f32_f32(
  a: usize, b: usize, y: usize, largest: i32,
  rows: i32, length: i32, aRow: usize, bRow: usize, aStep: i32, bStep: i32,
): void {
  const aTurn = <usize>aStep * 4;
  const bTurn = <usize>bStep * 4;
  for (let row = 0; row < rows; row++) {
    let p = a;
    let q = b;
    for (let i = 0; i < length; i += 4) {
      const u = floats(p, aStep);
      const v = floats(q, bStep);
      storeFloats(y, largest ? f32x4.pmax(u, v) : f32x4.pmin(u, v), length - i);
      p += aTurn;
      q += bTurn;
      y += 16;
    }
    y -= <usize>(((length + 3) & ~3) - length) << 2;
    a += aRow;
    b += bRow;
  }
}
