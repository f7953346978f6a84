/**
 * Elements at listed indices of an axis. `table` holds `count` byte offsets (i32); `run` bytes lie at each, `xOuter` bytes
 * from one index of the axes in front to the next, of which there are `outer`. y is dense.
 */
import { copy } from './move';

// @ts-ignore: decorator
@inline
function gather<T>(x: usize, y: usize, table: usize, outer: i32, count: i32, run: usize, xOuter: usize): void {
  const end = table + (<usize>count << 2);
  for (let i = 0; i < outer; i++) {
    if (run == sizeof<T>()) {
      for (let entry = table; entry < end; entry += 4) {
        store<T>(y, load<T>(x + load<u32>(entry)));
        y += sizeof<T>();
      }
    } else {
      for (let entry = table; entry < end; entry += 4) {
        copy(y, x + load<u32>(entry), run);
        y += run;
      }
    }
    x += xOuter;
  }
}

export function gather_i16_i16(
  x: usize, y: usize, table: usize, outer: i32, count: i32, run: usize, xOuter: usize,
): void {
  gather<u16>(x, y, table, outer, count, run, xOuter);
}

export function gather_f32_f32(
  x: usize, y: usize, table: usize, outer: i32, count: i32, run: usize, xOuter: usize,
): void {
  gather<u32>(x, y, table, outer, count, run, xOuter);
}
