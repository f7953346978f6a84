/** Data movement by element size. i16 and f32 stand for any 2 and 4 bytes. */

export function fill_i16_i16(y: usize, value: i32, length: i32): void {
  const values = i16x8.splat(<i16>value);
  const vectors = length >> 3;
  for (let i = 0; i < vectors; i++) {
    v128.store(y, values);
    y += 16;
  }
  for (let i = vectors << 3; i < length; i++) {
    store<i16>(y, <i16>value);
    y += 2;
  }
}

export function fill_f32_f32(y: usize, value: f32, length: i32): void {
  for (let i = 0; i < length; i++) {
    store<f32>(y, value);
    y += 4;
  }
}

export function fill_i32_i32(y: usize, value: i32, length: i32): void {
  for (let i = 0; i < length; i++) {
    store<i32>(y, value);
    y += 4;
  }
}

// @ts-ignore: decorator
@inline
function move<T>(
  x: usize, y: usize, n0: i32, n1: i32, n2: i32, n3: i32,
  x0: i32, x1: i32, x2: i32, x3: i32, y0: i32, y1: i32, y2: i32, y3: i32,
): void {
  const run = x3 == <i32>sizeof<T>() && y3 == <i32>sizeof<T>();
  const bytes = <usize>n3 * sizeof<T>();
  for (let i = 0; i < n0; i++) {
    let p1 = x + <usize>(i * x0);
    let q1 = y + <usize>(i * y0);
    for (let j = 0; j < n1; j++) {
      let p2 = p1;
      let q2 = q1;
      for (let k = 0; k < n2; k++) {
        if (run) copy(q2, p2, bytes);
        else {
          let p = p2;
          let q = q2;
          for (let l = 0; l < n3; l++) {
            store<T>(q, load<T>(p));
            p += <usize>x3;
            q += <usize>y3;
          }
        }
        p2 += <usize>x2;
        q2 += <usize>y2;
      }
      p1 += <usize>x1;
      q1 += <usize>y1;
    }
  }
}

/** Short runs by vectors: V8 leaves the sandbox of compiled code for memory.copy. */
// @ts-ignore: decorator
@inline
export function copy(to: usize, from: usize, bytes: usize): void {
  if (bytes > 512) {
    memory.copy(to, from, bytes);
    return;
  }
  const end = to + bytes;
  const vectors = to + (bytes & ~15);
  while (to < vectors) {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  }
  while (to < end) {
    store<u16>(to, load<u16>(from));
    to += 2;
    from += 2;
  }
}

/** Copies n0 x n1 x n2 x n3 elements between two strided places; strides in bytes, of x possibly negative. */
export function move_i16_i16(
  x: usize, y: usize, n0: i32, n1: i32, n2: i32, n3: i32,
  x0: i32, x1: i32, x2: i32, x3: i32, y0: i32, y1: i32, y2: i32, y3: i32,
): void {
  move<u16>(x, y, n0, n1, n2, n3, x0, x1, x2, x3, y0, y1, y2, y3);
}

export function move_f32_f32(
  x: usize, y: usize, n0: i32, n1: i32, n2: i32, n3: i32,
  x0: i32, x1: i32, x2: i32, x3: i32, y0: i32, y1: i32, y2: i32, y3: i32,
): void {
  move<u32>(x, y, n0, n1, n2, n3, x0, x1, x2, x3, y0, y1, y2, y3);
}

/** Transposes a dense matrix of rows x columns in squares that stay in the cache. */
// @ts-ignore: decorator
@inline
function transpose<T>(x: usize, y: usize, rows: i32, columns: i32): void {
  const size = sizeof<T>();
  for (let column = 0; column < columns; column += 16) {
    const last = min(column + 16, columns);
    for (let row = 0; row < rows; row++) {
      let p = x + <usize>(row * columns + column) * size;
      let q = y + <usize>(column * rows + row) * size;
      for (let c = column; c < last; c++) {
        store<T>(q, load<T>(p));
        p += size;
        q += <usize>rows * size;
      }
    }
  }
}

export function transpose_i16_i16(x: usize, y: usize, rows: i32, columns: i32): void {
  transpose<u16>(x, y, rows, columns);
}

export function transpose_f32_f32(x: usize, y: usize, rows: i32, columns: i32): void {
  transpose<u32>(x, y, rows, columns);
}
