// The yardstick of `dynafix bench`: multiply-adds on registers alone, in twelve independent chains, so that neither memory nor
// latency counts. Four steps of each chain per turn hide the loop.

// @ts-ignore: decorator
@inline
function step<T>(x: v128, b: v128, e: v128): v128 {
  if (isFloat<T>()) return f32x4.add(e, f32x4.mul(x, b));
  return i32x4.add(e, i32x4.dot_i16x8_s(x, b));
}

// @ts-ignore: decorator
@inline
function fourSteps<T>(x: v128, b: v128, e: v128): v128 {
  return step<T>(step<T>(step<T>(step<T>(x, b, e), b, e), b, e), b, e);
}

// @ts-ignore: decorator
@inline
function stream<T>(turns: i32, p: usize): void {
  const b = v128.load(p);
  const e = v128.load(p, 16);
  let x0 = v128.load(p, 32);
  let x1 = v128.load(p, 48);
  let x2 = v128.load(p, 64);
  let x3 = v128.load(p, 80);
  let x4 = v128.load(p, 96);
  let x5 = v128.load(p, 112);
  let x6 = v128.load(p, 128);
  let x7 = v128.load(p, 144);
  let x8 = v128.load(p, 160);
  let x9 = v128.load(p, 176);
  let x10 = v128.load(p, 192);
  let x11 = v128.load(p, 208);
  for (let turn = 0; turn < turns; turn++) {
    x0 = fourSteps<T>(x0, b, e);
    x1 = fourSteps<T>(x1, b, e);
    x2 = fourSteps<T>(x2, b, e);
    x3 = fourSteps<T>(x3, b, e);
    x4 = fourSteps<T>(x4, b, e);
    x5 = fourSteps<T>(x5, b, e);
    x6 = fourSteps<T>(x6, b, e);
    x7 = fourSteps<T>(x7, b, e);
    x8 = fourSteps<T>(x8, b, e);
    x9 = fourSteps<T>(x9, b, e);
    x10 = fourSteps<T>(x10, b, e);
    x11 = fourSteps<T>(x11, b, e);
  }
  v128.store(p, x0, 32);
  v128.store(p, x1, 48);
  v128.store(p, x2, 64);
  v128.store(p, x3, 80);
  v128.store(p, x4, 96);
  v128.store(p, x5, 112);
  v128.store(p, x6, 128);
  v128.store(p, x7, 144);
  v128.store(p, x8, 160);
  v128.store(p, x9, 176);
  v128.store(p, x10, 192);
  v128.store(p, x11, 208);
}

/** 48 x 8 products of 16-bit integers per turn. */
export function integers(turns: i32, p: usize): void {
  stream<i16>(turns, p);
}

/** 48 x 4 products of float32 per turn. */
export function floats(turns: i32, p: usize): void {
  stream<f32>(turns, p);
}
