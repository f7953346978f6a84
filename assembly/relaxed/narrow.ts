/** Codes 0 to 127 as bytes. It reads and writes whole vectors: up to 30 bytes behind x, 15 behind y. */
export function narrow_i16_u8(x: usize, y: usize, length: i32): void {
  for (let i = 0; i < length; i += 16) {
    v128.store(y, i8x16.narrow_i16x8_u(v128.load(x), v128.load(x, 16)));
    x += 32;
    y += 16;
  }
}
